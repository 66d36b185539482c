// Bodies compressed for clients that take it.
//
// Thread safety: pure function.
#pragma once

#include <string>
#include <string_view>

namespace capstan {

// Quick rather than small: level 1.
std::string gzip_compress(std::string_view data);

}  // namespace capstan
