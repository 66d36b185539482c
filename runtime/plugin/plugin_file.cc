#include "runtime/plugin/plugin_file.h"

#include <algorithm>

#include "runtime/base/text.h"
#include "runtime/plugin/plugin_folder.h"
#include "sdk/include/capstan/abi.h"

namespace capstan {
namespace {

std::string abi_text(uint32_t major, uint32_t low, uint32_t high) {
  const std::string first = std::to_string(major) + "." + std::to_string(low);
  return low == high ? first : first + " to " + std::to_string(major) + "." + std::to_string(high);
}

// The symbols that a linker or a sanitizer puts into every library.
bool is_toolchain_symbol(const std::string& name) {
  return name.empty() || name == "_init" || name == "_fini" || name == "__bss_start" ||
         name == "_edata" || name == "_end" || name.starts_with("__odr_asan") ||
         name.starts_with("__start_") || name.starts_with("__stop_");
}

Result<void> check_exports(const ElfFile& elf) {
  std::vector<std::string> extra;
  bool entry = false;
  for (const std::string& name : elf.exported) {
    if (name == CAPSTAN_ENTRY_SYMBOL) {
      entry = true;
    } else if (!is_toolchain_symbol(name)) {
      extra.push_back(name);
    }
  }
  if (!entry) {
    return Error::invalid("does not export " CAPSTAN_ENTRY_SYMBOL
                          "; a plugin written in C++ has CAPSTAN_PLUGIN(Class) in one source file");
  }
  if (extra.empty()) return {};
  const size_t shown = std::min<size_t>(extra.size(), 3);
  const std::string names = join({extra.begin(), extra.begin() + static_cast<long>(shown)}, ", ");
  return Error::invalid("exports " + std::to_string(extra.size()) + " symbols besides " +
                        CAPSTAN_ENTRY_SYMBOL + " (" + names +
                        (extra.size() > shown ? ", ..." : "") +
                        "), which could replace those of other libraries (convention 1); "
                        "build it with capstan_add_plugin or a version script");
}

Result<void> check_rules(const ElfFile& elf, std::vector<std::string>& warnings) {
  TRY(check_exports(elf));
  if (elf.executable_stack) {
    return Error::invalid("asks for an executable stack; link it with -z noexecstack");
  }
  if (!elf.unique.empty()) {
    warnings.push_back("cannot be unloaded: it has unique symbols such as " + elf.unique.front() +
                       "; compile it with -fno-gnu-unique");
  }
  if (elf.text_relocations) {
    warnings.emplace_back("has text relocations; compile it with -fPIC");
  }
  return {};
}

// Members that are missing or no numbers are left to the manifest's own checks.
Result<uint32_t> check_abi(const Json& manifest) {
  for (const char* name : {"major", "minMinor", "maxMinor"}) {
    if (get_int(manifest, {"abi", name}, -1) < 0) return 0u;
  }
  const auto number = [&](const char* name) {
    return static_cast<uint32_t>(get_int(manifest, {"abi", name}, -1));
  };
  return negotiate_abi(number("major"), number("minMinor"), number("maxMinor"));
}

}  // namespace

Result<uint32_t> negotiate_abi(uint32_t major, uint32_t min_minor, uint32_t max_minor) {
  const std::string host = abi_text(CAPSTAN_ABI_MAJOR, 0, CAPSTAN_ABI_MINOR);
  const std::string plugin = abi_text(major, min_minor, max_minor);
  if (major != CAPSTAN_ABI_MAJOR) {
    return Error::failed_precondition("is made for ABI " + plugin + ", and this host has ABI " +
                                      host + "; build it with an SDK of major version " +
                                      std::to_string(CAPSTAN_ABI_MAJOR));
  }
  if (min_minor > max_minor) {
    return Error::invalid("says that it works with ABI " + plugin + ", which is no range");
  }
  if (min_minor > CAPSTAN_ABI_MINOR) {
    return Error::failed_precondition("needs ABI " + plugin + ", and this host has only ABI " +
                                      host + "; use a newer Capstan or an older plugin");
  }
  return std::min(max_minor, CAPSTAN_ABI_MINOR);
}

Result<PluginFile> read_plugin_file(const std::string& path) {
  if (is_plugin_folder(path)) return read_plugin_folder(path);
  const auto named = [&](Error error) { return std::move(error).with_context(path); };
  ElfFile elf = TRY(read_elf_file(path));
  if (elf.manifest.empty()) {
    return Error::invalid(path + ": has no manifest (section " CAPSTAN_MANIFEST_SECTION
                                 "); is it a Capstan plugin, built with capstan_add_plugin?");
  }
  PluginFile file;
  file.path = path;
  const auto json = parse_json(elf.manifest);
  if (!json.ok()) return named(Error(json.error()).with_context("manifest"));
  // Before the rest: a manifest of another ABI may have members that are not known here.
  if (auto minor = check_abi(*json); !minor.ok()) return named(std::move(minor).error());
  auto manifest = manifest_from_json(*json);
  if (!manifest.ok()) return named(std::move(manifest).error());
  file.manifest = *std::move(manifest);
  if (auto rules = check_rules(elf, file.warnings); !rules.ok()) {
    return named(std::move(rules).error());
  }
  file.manifest_text = std::move(elf.manifest);
  file.library = path;
  file.library_manifest_text = file.manifest_text;
  return file;
}

}  // namespace capstan
