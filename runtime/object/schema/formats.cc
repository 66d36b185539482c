#include "runtime/object/schema/formats.h"

#include <arpa/inet.h>

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/base/text.h"
#include "runtime/object/duration_text.h"

namespace capstan {
namespace {

constexpr std::array<std::pair<std::string_view, Format>, 21> kFormats = {{
    {"int32", Format::kInt32},
    {"int64", Format::kInt64},
    {"float", Format::kFloat},
    {"double", Format::kDouble},
    {"date", Format::kDate},
    {"date-time", Format::kDateTime},
    {"datetime", Format::kDateTime},
    {"duration", Format::kDuration},
    {"byte", Format::kByte},
    {"uuid", Format::kUuid},
    {"uuid3", Format::kUuid3},
    {"uuid4", Format::kUuid4},
    {"uuid5", Format::kUuid5},
    {"ipv4", Format::kIpv4},
    {"ipv6", Format::kIpv6},
    {"cidr", Format::kCidr},
    {"mac", Format::kMac},
    {"hostname", Format::kHostname},
    {"email", Format::kEmail},
    {"uri", Format::kUri},
    {"", Format::kNone},
}};

bool is_hex(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_alnum(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// 32 hexadecimal digits, the groups' dashes optional; `version` is 0 for any.
bool is_uuid(std::string_view text, char version) {
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '-') {
      const size_t n = digits.size();
      if (i == 0 || text[i - 1] == '-' || (n != 8 && n != 12 && n != 16 && n != 20)) return false;
      continue;
    }
    if (!is_hex(text[i])) return false;
    digits += text[i];
  }
  if (digits.size() != 32) return false;
  if (version == 0) return true;
  if (digits[12] != version) return false;
  return version == '3' || std::string_view("89abAB").find(digits[16]) != std::string_view::npos;
}

bool is_address(int family, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return false;
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(family, std::string(text).c_str(), bytes.data()) == 1;
}

bool is_cidr(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view address = text.substr(0, slash);
  const std::string_view length = text.substr(slash + 1);
  int bits = -1;
  const auto parsed = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (parsed.ec != std::errc() || parsed.ptr != length.data() + length.size() || bits < 0) {
    return false;
  }
  if (is_address(AF_INET, address)) return bits <= 32;
  return is_address(AF_INET6, address) && bits <= 128;
}

bool is_mac(std::string_view text) {
  if (text.size() != 17) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool separator = i % 3 == 2;
    if (separator ? text[i] != text[2] || (text[i] != ':' && text[i] != '-') : !is_hex(text[i])) {
      return false;
    }
  }
  return true;
}

bool is_hostname(std::string_view text) {
  if (text.empty() || text.size() > 255) return false;
  if (text.back() == '.') text.remove_suffix(1);
  for (const std::string& label : split(text, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') {
      return false;
    }
    for (const char c : label) {
      if (!is_alnum(c) && c != '-' && c != '_') return false;
    }
  }
  return true;
}

bool is_email(std::string_view text) {
  const size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64) return false;
  for (const char c : text.substr(0, at)) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0 || c == '@' || c == '<') return false;
  }
  return is_hostname(text.substr(at + 1));
}

// An absolute path or "scheme:rest", without control characters and spaces.
bool is_uri(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f') return false;
  }
  if (text.front() == '/') return true;
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || std::isalpha(static_cast<unsigned char>(text[0])) == 0) {
    return false;
  }
  for (const char c : text.substr(0, colon)) {
    if (!is_alnum(c) && c != '+' && c != '-' && c != '.') return false;
  }
  return true;
}

bool is_date(std::string_view text) {
  return text.size() == 10 && parse_time(std::string(text) + "T00:00:00Z").ok();
}

// The groups must be whole: unlike elsewhere, padding may not be missing.
bool is_base64(std::string_view text) {
  size_t length = 0;
  for (const char c : text) length += c != '\n' && c != '\r' ? 1 : 0;
  return length % 4 == 0 && base64_decode(text).ok();
}

}  // namespace

Format parse_format(std::string_view name) {
  for (const auto& [known, format] : kFormats) {
    if (known == name) return format;
  }
  return Format::kNone;
}

std::string_view format_name(Format format) {
  for (const auto& [name, known] : kFormats) {
    if (known == format) return name;
  }
  return "";
}

bool string_has_format(Format format, std::string_view text) {
  switch (format) {
    case Format::kDate:
      return is_date(text);
    case Format::kDateTime:
      return parse_time(text).ok();
    case Format::kDuration:
      return parse_duration(text).ok();
    case Format::kByte:
      return is_base64(text);
    case Format::kUuid:
      return is_uuid(text, 0);
    case Format::kUuid3:
      return is_uuid(text, '3');
    case Format::kUuid4:
      return is_uuid(text, '4');
    case Format::kUuid5:
      return is_uuid(text, '5');
    case Format::kIpv4:
      return is_address(AF_INET, text);
    case Format::kIpv6:
      return is_address(AF_INET6, text);
    case Format::kCidr:
      return is_cidr(text);
    case Format::kMac:
      return is_mac(text);
    case Format::kHostname:
      return is_hostname(text);
    case Format::kEmail:
      return is_email(text);
    case Format::kUri:
      return is_uri(text);
    default:
      return true;
  }
}

bool number_has_format(Format format, const Json& number) {
  const double value = number.get<double>();
  switch (format) {
    case Format::kInt32:
      return value >= std::numeric_limits<int32_t>::min() &&
             value <= std::numeric_limits<int32_t>::max();
    case Format::kInt64:
      return !number.is_number_unsigned() ||
             number.get<uint64_t>() <= std::numeric_limits<int64_t>::max();
    case Format::kFloat:
      return std::abs(value) <= std::numeric_limits<float>::max();
    default:
      return true;
  }
}

}  // namespace capstan
