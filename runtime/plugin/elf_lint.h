// What is wrong with a plugin's library as a library, found before any of its code runs. Each rule
// has an id, so that reports can be compared and searched for.
//
// | rule | severity | why |
// |---|---|---|
// | entry-symbol | error | without it nothing can be called |
// | exported-symbols | error | others could replace those of the host or of other plugins |
// | executable-stack | error | makes the stack of the whole process executable |
// | text-relocations | error | make code writable while it is loaded |
// | glibc-version | error | the dynamic linker would refuse it |
// | unique-symbols | warning | the library is never unmapped |
// | run-path | warning | libraries from there are loaded and verified by nobody |
//
// Thread safety: pure functions.
//
// Example:
//   for (const LintFinding& finding : lint_elf(TRY(read_elf_file(path)))) print(finding.text());
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/plugin/elf.h"

namespace capstan {

enum class LintSeverity { kWarning, kError };

struct LintFinding {
  std::string rule;
  LintSeverity severity = LintSeverity::kError;
  std::string message;  // what is wrong and what to do

  std::string text() const { return message + " [" + rule + "]"; }
};

// "2.36", of the C library that this program runs with.
std::string running_glibc();

// Errors first. `glibc` is the version to load it with.
std::vector<LintFinding> lint_elf(const ElfFile& elf, std::string_view glibc = running_glibc());

// The highest version of the C library that the file needs, "2.34"; "" where it needs none.
std::string needed_glibc(const ElfFile& elf);

}  // namespace capstan
