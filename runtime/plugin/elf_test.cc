#include "runtime/plugin/elf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>

namespace capstan {
namespace {

using testing::HasSubstr;

// A library that every system has.
std::string libstdcxx() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const size_t path = line.find('/');
    if (path != std::string::npos && line.find("libstdc++.so") != std::string::npos) {
      return line.substr(path);
    }
  }
  return "";
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(ElfTest, exported_symbols_and_needed_libraries_of_a_real_library_are_read) {
  const auto elf = read_elf_file(libstdcxx());
  ASSERT_TRUE(elf.ok()) << elf.error().message;
  EXPECT_GT(elf->exported.size(), 1000u);
  EXPECT_FALSE(elf->unique.empty());
  EXPECT_THAT(elf->needed, testing::Contains(HasSubstr("libc.so")));
  EXPECT_FALSE(elf->executable_stack);
  EXPECT_TRUE(elf->manifest.empty());
  EXPECT_THAT(elf->required_versions, testing::Contains(testing::StartsWith("GLIBC_2.")));
  EXPECT_GT(elf->initialisers, 0u);
}

TEST(ElfTest, what_is_no_library_is_refused_by_name) {
  EXPECT_THAT(read_elf("").error().message, HasSubstr("no ELF file"));
  EXPECT_THAT(read_elf("#!/bin/sh\n").error().message, HasSubstr("no ELF file"));
  EXPECT_EQ(read_elf_file("/no/such/file.so").code(), Code::kNotFound);
  EXPECT_THAT(read_elf_file("/proc").error().message, HasSubstr("/proc is no regular file"));
}

TEST(ElfTest, a_library_that_is_cut_off_anywhere_gives_an_error_or_less) {
  const std::string whole = content(libstdcxx());
  ASSERT_GT(whole.size(), 4096u);
  for (size_t size = 0; size < whole.size(); size += 1 + whole.size() / 500) {
    (void)read_elf(std::string_view(whole).substr(0, size));
  }
}

TEST(ElfTest, damaged_headers_never_crash_the_reader) {
  const std::string whole = content(libstdcxx());
  std::mt19937 random(7);  // NOLINT: the same damage each time
  const size_t sections = whole.size() - 64 * 40;
  for (int round = 0; round < 300; ++round) {
    std::string damaged = whole;
    for (int i = 0; i < 8; ++i) {
      damaged[16 + random() % 48] = static_cast<char>(random());
      damaged[sections + random() % (damaged.size() - sections)] = static_cast<char>(random());
    }
    (void)read_elf(damaged);
  }
}

}  // namespace
}  // namespace capstan
