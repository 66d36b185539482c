// What a request asks for: its path and query, and where the path names a resource, which.
//
// Thread safety: values and pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"

namespace capstan {

struct RequestTarget {
  std::string path;  // decoded, without the query
  std::vector<std::pair<std::string, std::string>> query;

  // The first value of the parameter; null where it is absent.
  const std::string* find(std::string_view name) const;
  std::string get(std::string_view name) const;  // "" where absent
  std::vector<std::string> all(std::string_view name) const;
  // As Kubernetes reads booleans: absent, "false", "0" are false; anything else is true.
  bool flag(std::string_view name) const;
};

// Errors: kInvalid (a bad escape, more than 8 KiB).
Result<RequestTarget> parse_request_target(std::string_view target);

// "/apis/G/V/namespaces/N/R/NAME/SUB" taken apart. Empty parts are absent ones.
struct ResourcePath {
  std::string group;
  std::string version;
  std::string ns;
  std::string resource;
  std::string name;
  std::string subresource;  // with what follows: "proxy/metrics"
};

// Nothing where the path is no resource's: too short, too long, another prefix.
std::optional<ResourcePath> parse_resource_path(std::string_view path);

}  // namespace capstan
