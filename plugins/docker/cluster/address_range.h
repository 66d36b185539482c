// Ranges of IP addresses as "172.18.0.0/16" and "fd00::/64" write them.
//
// Thread safety: values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace capstan::docker {

class AddressRange {
 public:
  // Nothing where the text is no range.
  static std::optional<AddressRange> parse(const std::string& text);

  // Whether some address is in both. Never for IPv4 and IPv6.
  bool overlaps(const AddressRange& other) const;

 private:
  std::array<uint8_t, 16> address_{};
  int size_ = 0;    // bytes of an address: 4 or 16
  int prefix_ = 0;  // bits
};

}  // namespace capstan::docker
