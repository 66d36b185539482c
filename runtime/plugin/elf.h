// Reads a shared library's file without loading it: its manifest section, and what it would do to
// the program that loads it. No code of the library runs.
//
// Works on any bytes: what does not fit is an error, never a crash. Only little-endian 64-bit ELF
// of this machine is accepted.
//
// Thread safety: pure functions. Source of the layout: System V ABI, ELF-64 object file format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace capstan {

struct ElfFile {
  std::string manifest;               // the bytes of .capstan.manifest; "" where there is none
  std::vector<std::string> exported;  // defined dynamic symbols, weak ones included
  std::vector<std::string> unique;    // of these, STB_GNU_UNIQUE: they prevent unloading
  std::vector<std::string> needed;    // libraries that the loader would load too
  bool executable_stack = false;
  bool text_relocations = false;
  std::string run_path;                        // DT_RUNPATH or DT_RPATH
  std::vector<std::string> required_versions;  // "GLIBC_2.34", "GLIBCXX_3.4.30"
  uint64_t initialisers = 0;                   // functions that loading runs, beside DT_INIT
};

// Errors: kInvalid with what is wrong and where.
Result<ElfFile> read_elf(std::string_view bytes);

// Reads at most `limit` bytes of the file. Errors: kNotFound, kPermissionDenied, kInvalid with the
// path (no regular file, too big).
Result<ElfFile> read_elf_file(const std::string& path, size_t limit = size_t{256} << 20);

}  // namespace capstan
