// Another text where a file, or anything in a folder, is another: names, sizes and times of change.
//
// Thread safety: a pure function of the file system.
#pragma once

#include <string>

namespace capstan::isolation {

std::string file_stamp(const std::string& path);

}  // namespace capstan::isolation
