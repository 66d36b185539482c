// Times as Kubernetes writes them.
#pragma once

#include <cstdint>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace capstan::kubeadm {

// A time of RFC 3339 in seconds since 1970, without its fraction: "2026-01-01T00:00:00Z",
// "2026-01-01T02:00:00.5+02:00"; nothing where the text is no such time.
inline std::optional<int64_t> unix_seconds(const std::string& text) {
  std::tm time{};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (rest == nullptr) return std::nullopt;
  if (*rest == '.') rest += 1 + std::strspn(rest + 1, "0123456789");
  const int64_t local = timegm(&time);
  const std::string_view zone = rest;
  if (zone == "Z" || zone == "z") return local;
  const auto digits = [&](size_t at) { return (zone[at] - '0') * 10 + (zone[at + 1] - '0'); };
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' ||
      zone.substr(1).find_first_not_of("0123456789:") != std::string_view::npos) {
    return std::nullopt;
  }
  const int64_t offset = digits(1) * 3600 + digits(4) * 60;
  return zone[0] == '+' ? local - offset : local + offset;
}

}  // namespace capstan::kubeadm
