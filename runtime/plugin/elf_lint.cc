#include "runtime/plugin/elf_lint.h"

#include <gnu/libc-version.h>

#include <algorithm>
#include <charconv>

#include "runtime/base/text.h"
#include "sdk/include/capstan/abi.h"

namespace capstan {
namespace {

// The symbols that a linker or a sanitizer puts into every library.
bool is_toolchain_symbol(const std::string& name) {
  return name.empty() || name == "_init" || name == "_fini" || name == "__bss_start" ||
         name == "_edata" || name == "_end" || name.starts_with("__odr_asan") ||
         name.starts_with("__start_") || name.starts_with("__stop_");
}

// "2.36" -> {2, 36}; empty where a part is no number.
std::vector<int> numbers(std::string_view version) {
  std::vector<int> out;
  for (const std::string& part : split(version, '.')) {
    int number = 0;
    const auto end = part.data() + part.size();
    const auto parsed = std::from_chars(part.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end) return {};
    out.push_back(number);
  }
  return out;
}

class Linter {
 public:
  Linter(const ElfFile& elf, std::string_view glibc) : elf_(elf), glibc_(glibc) {}

  std::vector<LintFinding> run() {
    check_exports();
    if (elf_.executable_stack) {
      error("executable-stack", "asks for an executable stack; link it with -z noexecstack");
    }
    if (elf_.text_relocations) {
      error("text-relocations", "has text relocations; compile all of it with -fPIC");
    }
    check_glibc();
    if (!elf_.unique.empty()) {
      warning("unique-symbols", "cannot be unloaded: it has unique symbols such as " +
                                    elf_.unique.front() + "; compile it with -fno-gnu-unique");
    }
    if (!elf_.run_path.empty()) {
      warning("run-path", "looks for libraries in " + elf_.run_path +
                              ", and what it finds there is verified by nobody; link them "
                              "statically, or without -rpath");
    }
    return std::move(findings_);
  }

 private:
  void error(std::string rule, std::string message) {
    findings_.push_back({std::move(rule), LintSeverity::kError, std::move(message)});
  }
  void warning(std::string rule, std::string message) {
    findings_.push_back({std::move(rule), LintSeverity::kWarning, std::move(message)});
  }

  void check_exports() {
    std::vector<std::string> extra;
    bool entry = false;
    for (const std::string& name : elf_.exported) {
      if (name == CAPSTAN_ENTRY_SYMBOL) {
        entry = true;
      } else if (!is_toolchain_symbol(name)) {
        extra.push_back(name);
      }
    }
    if (!entry) {
      error("entry-symbol", "does not export " CAPSTAN_ENTRY_SYMBOL
                            "; a plugin written in C++ has CAPSTAN_PLUGIN(Class) in one source "
                            "file");
    }
    if (extra.empty()) return;
    const size_t shown = std::min<size_t>(extra.size(), 3);
    const std::string names = join({extra.begin(), extra.begin() + static_cast<long>(shown)}, ", ");
    error("exported-symbols", "exports " + std::to_string(extra.size()) +
                                  " symbols besides " CAPSTAN_ENTRY_SYMBOL " (" + names +
                                  (extra.size() > shown ? ", ..." : "") +
                                  "), which could replace those of other libraries (convention "
                                  "1); build it with capstan_add_plugin or a version script");
  }

  void check_glibc() {
    const std::string needed = needed_glibc(elf_);
    if (numbers(needed) <= numbers(glibc_)) return;
    error("glibc-version", "needs glibc " + needed + ", and this host has " + std::string(glibc_) +
                               "; build it on a system as old as the oldest that it is to run on");
  }

  const ElfFile& elf_;
  std::string_view glibc_;
  std::vector<LintFinding> findings_;
};

}  // namespace

std::string running_glibc() {
  return ::gnu_get_libc_version();
}

std::string needed_glibc(const ElfFile& elf) {
  static constexpr std::string_view kPrefix = "GLIBC_";
  std::string highest;
  for (const std::string& version : elf.required_versions) {
    if (!version.starts_with(kPrefix)) continue;
    const std::string number = version.substr(kPrefix.size());  // or a word, as in GLIBC_PRIVATE
    if (numbers(number) > numbers(highest)) highest = number;
  }
  return highest;
}

std::vector<LintFinding> lint_elf(const ElfFile& elf, std::string_view glibc) {
  return Linter(elf, glibc).run();
}

}  // namespace capstan
