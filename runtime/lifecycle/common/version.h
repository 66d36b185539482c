// Kubernetes versions: "v1.33.2", "v1.33.2+build.1".
//
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace capstan::lifecycle {

struct Version {
  int major = 0;
  int minor = 0;
  int patch = 0;
  std::string prerelease;
  std::string build;
};

// With or without the leading "v"; none where it is no semantic version.
std::optional<Version> parse_version(std::string_view text);
// Negative, 0 or positive. Build tags count, as for an upgrade of one Kubernetes version to a newer
// image of it; a text that is no version is older than all versions.
int compare_versions(std::string_view a, std::string_view b);

}  // namespace capstan::lifecycle
