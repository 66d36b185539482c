// Times as Kubernetes writes them.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

namespace capstan::kubeadm {

// "2026-01-01T00:00:00Z" in seconds since 1970; nothing where the text is no such time.
inline std::optional<int64_t> unix_seconds(const std::string& text) {
  std::tm time{};
  if (strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &time) == nullptr) return std::nullopt;
  return timegm(&time);
}

}  // namespace capstan::kubeadm
