// The formats of strings and numbers that a schema can ask for. Formats that are not known are
// ignored, as in Kubernetes.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/json.h"

namespace capstan {

enum class Format : uint8_t {
  kNone,
  kInt32,
  kInt64,
  kFloat,
  kDouble,
  kDate,
  kDateTime,
  kDuration,
  kByte,
  kUuid,
  kUuid3,
  kUuid4,
  kUuid5,
  kIpv4,
  kIpv6,
  kCidr,
  kMac,
  kHostname,
  kEmail,
  kUri,
};

Format parse_format(std::string_view name);
std::string_view format_name(Format format);

// Whether the text has the format; formats of numbers accept every text.
bool string_has_format(Format format, std::string_view text);
// Whether the number fits; formats of strings accept every number.
bool number_has_format(Format format, const Json& number);

}  // namespace capstan
