// Small conversions of text and bytes that several components need.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace capstan {

std::string base64_encode(std::string_view bytes);
// Standard alphabet; white space is skipped, padding may be missing.
Result<std::string> base64_decode(std::string_view text);

std::string hex_encode(std::string_view bytes);
std::string sha256(std::string_view bytes);  // 32 bytes, not text
uint64_t fnv1a(std::string_view bytes);

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);

}  // namespace capstan
