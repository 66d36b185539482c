// Another text where a file is another, or is written, moved, or changes its owner or mode.
//
// Thread safety: a pure function of the file system.
#pragma once

#include <string>

namespace capstan {

// "" of what is no file, such as a folder, or cannot be looked at.
std::string file_identity(const std::string& path);

}  // namespace capstan
