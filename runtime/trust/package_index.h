// The list of a package's files with their digests, `index.json` in the package's folder and the
// first member of its archive. A package is signed by signing this one file.
//
//   {"format": "capstan.package/1", "name": "acme", "version": "1.2.0", "library": "acme.so",
//    "files": {"acme.so": {"sha256": "9f86...", "size": 812345}, "manifest.json": {...}}}
//
// Thread safety: values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace capstan {

inline constexpr const char* kIndexFile = "index.json";
inline constexpr const char* kSignatureSuffix = ".sig";

struct PackageIndex {
  struct File {
    std::string sha256;
    uint64_t size = 0;
  };
  std::string name;
  std::string version;
  std::string library;  // the file to load; "" for a plugin in Python, whose folder is loaded
  std::map<std::string, File> files;

  // Errors: kInvalid; file names are checked as is_package_path() says.
  static Result<PackageIndex> parse(std::string_view text);
  std::string text() const;
};

// A name of a file inside a package: relative, of plain steps ("python/k3s/provider.py"), so that
// it can only lead below the package's folder on every file system. No '..', no hidden step, no
// backslash, no control characters, at most 200 bytes and 12 steps.
bool is_package_path(std::string_view path);

// "1.2.3", "1.2.3-rc.1+build.5": three numbers and what semantic versioning allows behind them.
bool is_semantic_version(std::string_view version);
// Negative, zero or positive, by semantic versioning's precedence. Precondition: both are versions.
int compare_semantic_versions(std::string_view a, std::string_view b);

}  // namespace capstan
