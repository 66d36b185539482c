// The SDK's tool that makes a manifest of a plugin's folder, run as a program.
//
// Thread safety: any thread. Blocks until the tool has ended, at most 30 seconds.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace capstan {

// The manifest of the folder, JSON. Errors: the tool's own words; kFailedPrecondition where it is
// not installed.
Result<std::string> run_manifest_tool(const std::string& folder);

// PREFIX/`relative` for each prefix that the running program may be installed under, where that
// exists; "lib/..." also by the other names that distributions have for lib.
std::vector<std::string> installed_folders(const std::string& relative);

}  // namespace capstan
