#include "runtime/plugin/elf_lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace capstan {
namespace {

using testing::HasSubstr;

ElfFile good() {
  ElfFile elf;
  elf.exported = {"capstan_plugin_entry", "_init", "_fini"};
  elf.required_versions = {"GLIBC_2.2.5", "GLIBC_2.34", "GLIBCXX_3.4.30", "GLIBC_PRIVATE"};
  return elf;
}

TEST(ElfLintTest, a_library_that_exports_only_its_entry_has_no_findings) {
  EXPECT_TRUE(lint_elf(good(), "2.36").empty());
}

struct Case {
  const char* rule;
  LintSeverity severity;
  std::function<void(ElfFile&)> break_it;
  const char* words;
};

TEST(ElfLintTest, each_rule_finds_what_it_is_for_and_says_what_to_do) {
  const Case cases[] = {
      {"entry-symbol", LintSeverity::kError, [](ElfFile& e) { e.exported.clear(); },
       "does not export capstan_plugin_entry"},
      {"exported-symbols", LintSeverity::kError, [](ElfFile& e) { e.exported.push_back("helper"); },
       "exports 1 symbols besides capstan_plugin_entry (helper)"},
      {"executable-stack", LintSeverity::kError, [](ElfFile& e) { e.executable_stack = true; },
       "-z noexecstack"},
      {"text-relocations", LintSeverity::kError, [](ElfFile& e) { e.text_relocations = true; },
       "-fPIC"},
      {"glibc-version", LintSeverity::kError,
       [](ElfFile& e) { e.required_versions.push_back("GLIBC_2.38"); },
       "needs glibc 2.38, and this host has 2.36"},
      {"unique-symbols", LintSeverity::kWarning, [](ElfFile& e) { e.unique = {"_ZN1x1yE"}; },
       "unique symbols such as _ZN1x1yE"},
      {"run-path", LintSeverity::kWarning, [](ElfFile& e) { e.run_path = "$ORIGIN/lib"; },
       "$ORIGIN/lib"},
  };
  for (const Case& c : cases) {
    ElfFile elf = good();
    c.break_it(elf);
    const auto findings = lint_elf(elf, "2.36");
    ASSERT_EQ(findings.size(), 1u) << c.rule;
    EXPECT_EQ(findings[0].rule, c.rule);
    EXPECT_EQ(findings[0].severity, c.severity) << c.rule;
    EXPECT_THAT(findings[0].text(), HasSubstr(c.words));
  }
}

TEST(ElfLintTest, versions_of_the_c_library_are_compared_as_numbers) {
  ElfFile elf = good();
  elf.required_versions = {"GLIBC_2.9", "GLIBC_2.10"};
  EXPECT_EQ(needed_glibc(elf), "2.10");
  EXPECT_TRUE(lint_elf(elf, "2.36").empty());
  EXPECT_FALSE(lint_elf(elf, "2.9").empty());
}

}  // namespace
}  // namespace capstan
