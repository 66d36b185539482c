// Cases about the library's file, before and while it is loaded.
#include <algorithm>
#include <chrono>
#include <fstream>

#include "runtime/base/text.h"
#include "runtime/plugin/elf.h"
#include "sdk/conformance/case.h"
#include "sdk/conformance/process_state.h"
#include "sdk/conformance/raw_plugin.h"

namespace capstan::conformance {
namespace {

constexpr auto kQuick = std::chrono::milliseconds(100);

Finding rules(const CaseInput& input) {
  const auto file = read_plugin_file(input.subject.file.path);
  return file.ok() ? passed() : failed(file.error().message);
}

Finding unloadable(const CaseInput& input) {
  const auto elf = read_elf_file(input.subject.file.library);
  if (!elf.ok()) return failed(elf.error().message);
  if (elf->unique.empty()) return passed();
  return failed("has " + std::to_string(elf->unique.size()) + " unique symbols such as " +
                elf->unique.front() + "; compile it with -fno-gnu-unique");
}

Finding position_independent(const CaseInput& input) {
  const auto elf = read_elf_file(input.subject.file.library);
  if (!elf.ok()) return failed(elf.error().message);
  return elf->text_relocations ? failed("has text relocations; compile it with -fPIC") : passed();
}

Finding no_run_path(const CaseInput& input) {
  const auto elf = read_elf_file(input.subject.file.library);
  if (!elf.ok()) return failed(elf.error().message);
  if (elf->run_path.empty() || elf->run_path.starts_with("$ORIGIN")) return passed();
  return failed("looks for libraries in " + elf->run_path +
                ", where somebody else may put some; link without a run path");
}

const Json* storage_version(const Json& crd) {
  const Json* versions = find(crd, {"spec", "versions"});
  if (versions == nullptr || !versions->is_array()) return nullptr;
  for (const Json& version : *versions) {
    if (get_bool(version, {"storage"})) return &version;
  }
  return nullptr;
}

// Without it whoever may write the spec may write the status, and each write of status looks like
// one of the spec.
Finding status_apart(const CaseInput& input) {
  for (const Json& crd : input.subject.manifest().kinds) {
    const Json* version = storage_version(crd);
    const std::string name = get_string(crd, {"metadata", "name"});
    if (version == nullptr) return failed(name + " has no storage version");
    const bool status =
        find(*version, {"schema", "openAPIV3Schema", "properties", "status"}) != nullptr;
    if (status && find(*version, {"subresources", "status"}) == nullptr) {
      return failed(name +
                    " has a status and no status subresource; say `status: true` of the kind");
    }
  }
  return passed();
}

// How long this thread has waited for a processor that others had.
std::chrono::nanoseconds waited() {
  std::ifstream file("/proc/thread-self/schedstat");
  int64_t ran = 0, delayed = 0;
  file >> ran >> delayed;
  return std::chrono::nanoseconds(delayed);
}

// The best of five, without what the thread waited: a busy machine is no fault of the plugin's.
template <typename Body>
Finding within(std::chrono::milliseconds limit, const char* what, Body&& body) {
  auto best = std::chrono::nanoseconds::max();
  for (int i = 0; i < 5; ++i) {
    const auto delayed = waited();
    const auto begin = std::chrono::steady_clock::now();
    body();
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took - (waited() - delayed));
  }
  if (best <= limit) return passed();
  return failed(std::string(what) + " took " + std::to_string(best / std::chrono::milliseconds(1)) +
                " ms; at most " + std::to_string(limit.count()) + " ms");
}

Finding quick_scan(const CaseInput& input) {
  return within(kQuick, "reading the file",
                [&] { (void)read_plugin_file(input.subject.file.path); });
}

Finding loads(const CaseInput& input) {
  const auto plugin = RawPlugin::open(input.subject.file);
  return plugin.ok() ? passed() : failed(plugin.error().message);
}

Finding describes_quickly(const CaseInput& input) {
  const auto plugin = RawPlugin::open(input.subject.file);
  if (!plugin.ok()) return failed(plugin.error().message);
  const capstan_descriptor* first = plugin->entry().describe();
  Finding finding = within(kQuick, "describe", [&] { (void)plugin->entry().describe(); });
  if (finding.verdict != Verdict::kPassed) return finding;
  return plugin->entry().describe() == first ? passed()
                                             : failed("describe gives another table each time");
}

Finding other_majors(const CaseInput& input) {
  auto plugin = RawPlugin::open(input.subject.file);
  if (!plugin.ok()) return failed(plugin.error().message);
  using EntryFunction = const capstan_entry* (*)(uint32_t);
  const auto entry =
      reinterpret_cast<EntryFunction>(plugin->library().symbol(CAPSTAN_ENTRY_SYMBOL));
  for (const uint32_t major : {0u, 2u, 1000u, UINT32_MAX}) {
    if (entry(major) == nullptr) continue;
    return failed("serves ABI major " + std::to_string(major) +
                  ", which its manifest does not name");
  }
  return entry(CAPSTAN_ABI_MAJOR) == &plugin->entry()
             ? passed()
             : failed("its entry gives another table when it is asked again");
}

// Convention 11.
Finding quiet_load(const CaseInput& input) {
  const ProcessState before = ProcessState::now();
  const auto plugin = RawPlugin::open(input.subject.file);
  if (!plugin.ok()) return failed(plugin.error().message);
  const std::string left = left_behind(before, ProcessState::now());
  return left.empty() ? passed() : failed("loading it left " + left);
}

}  // namespace

std::vector<Case> file_cases() {
  return {
      {"file-rules", 1, Scope::kFile,
       "has a manifest, an ABI range of this host's, one export and no executable stack",
       "convention 1; The manifest", rules},
      {"file-loads", 1, Scope::kFile,
       "loads with RTLD_NOW and RTLD_LOCAL, and its descriptor is the manifest in its file",
       "From a file to a running plugin, 3", loads},
      {"file-other-majors", 2, Scope::kFile, "refuses ABI majors that it does not serve",
       "abi.h: capstan_plugin_entry", other_majors},
      {"file-describe", 2, Scope::kFile, "describes itself in 100 ms, always the same",
       "abi.h: describe", describes_quickly},
      {"file-scan", 3, Scope::kFile, "can be judged without loading it in 100 ms",
       "From a file to a running plugin, 1", quick_scan},
      {"file-position-independent", 3, Scope::kFile, "has no text relocations",
       "From a file to a running plugin, 1", position_independent},
      {"file-status-subresource", 3, Scope::kFile, "has a status subresource for each status",
       "docs/kinds.md: status", status_apart},
      {"file-quiet-load", 4, Scope::kFile, "opens nothing and starts no thread when it is loaded",
       "convention 11", quiet_load},
      {"file-unloadable", 5, Scope::kFile, "has no symbol that pins the library",
       "From a file to a running plugin, 1", unloadable},
      {"file-run-path", 5, Scope::kFile, "looks for libraries only where the system does",
       "From a file to a running plugin, 1", no_run_path},
  };
}

}  // namespace capstan::conformance
