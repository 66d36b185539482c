#include "runtime/api/routes.h"

#include "runtime/base/text.h"

namespace capstan {
namespace {

using Parts = std::map<std::string, std::string, std::less<>>;

bool is_variable(const std::string& segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

std::optional<Parts> match(const std::vector<std::string>& pattern,
                           const std::vector<std::string>& path) {
  Parts parts;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const std::string& segment = pattern[i];
    if (is_variable(segment) && segment.ends_with("...}")) {
      parts[segment.substr(1, segment.size() - 5)] = join(
          {path.begin() + static_cast<std::ptrdiff_t>(std::min(i, path.size())), path.end()}, "/");
      return parts;
    }
    if (i >= path.size()) return std::nullopt;
    if (is_variable(segment)) {
      parts[segment.substr(1, segment.size() - 2)] = path[i];
    } else if (segment != path[i]) {
      return std::nullopt;
    }
  }
  if (pattern.size() != path.size()) return std::nullopt;
  return parts;
}

}  // namespace

RouteTable::RouteTable(std::vector<ApiRoute> routes) {
  for (ApiRoute& route : routes) {
    std::vector<std::string> segments = split(route.pattern, '/');
    routes_.push_back({std::move(route), std::move(segments)});
  }
}

std::optional<RouteTable::Match> RouteTable::find(std::string_view method,
                                                  std::string_view path) const {
  if (routes_.empty()) return std::nullopt;
  const std::vector<std::string> segments = split(path, '/');
  for (const Compiled& compiled : routes_) {
    if (!compiled.route.method.empty() && compiled.route.method != method) continue;
    if (auto parts = match(compiled.segments, segments)) {
      return Match{&compiled.route.handler, std::move(*parts)};
    }
  }
  return std::nullopt;
}

}  // namespace capstan
