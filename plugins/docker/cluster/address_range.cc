#include "plugins/docker/cluster/address_range.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace capstan::docker {

std::optional<AddressRange> AddressRange::parse(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const std::string address = text.substr(0, slash);
  AddressRange range;
  if (::inet_pton(AF_INET, address.c_str(), range.address_.data()) == 1) {
    range.size_ = 4;
  } else if (::inet_pton(AF_INET6, address.c_str(), range.address_.data()) == 1) {
    range.size_ = 16;
  } else {
    return std::nullopt;
  }
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + slash + 1, end, range.prefix_);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  if (range.prefix_ < 0 || range.prefix_ > range.size_ * 8) return std::nullopt;
  return range;
}

bool AddressRange::overlaps(const AddressRange& other) const {
  if (size_ != other.size_) return false;
  // Of two ranges that meet one holds the other: they agree in the shorter prefix.
  int bits = std::min(prefix_, other.prefix_);
  for (size_t i = 0; bits > 0; ++i, bits -= 8) {
    const int mask = bits >= 8 ? 0xff : (0xff << (8 - bits)) & 0xff;
    if (((address_[i] ^ other.address_[i]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace capstan::docker
