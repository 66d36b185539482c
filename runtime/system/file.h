// Whole files, read and written at once.
//
// Thread safety: free functions; two writers of one path leave one of the two contents.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace capstan {

// Errors: kNotFound, kPermissionDenied, kUnavailable; each names the path.
Result<std::string> read_file(const std::string& path);

// Writes to a temporary file beside `path`, syncs it and renames it, so that a crash leaves the old
// content or the new one. `mode` is the file's, whatever the umask: 0600 for secrets.
Result<void> write_file(const std::string& path, std::string_view content, unsigned mode = 0644);

// Makes the folder and its parents where they are absent.
Result<void> make_folder(const std::string& path, unsigned mode = 0755);

bool file_exists(const std::string& path);

}  // namespace capstan
