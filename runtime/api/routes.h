// Routes beside those of resources: subresources with a behaviour of their own (eviction,
// port-forward), and whole prefixes.
//
// Thread safety: a RouteTable is immutable once it serves.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/api/authentication.h"
#include "runtime/api/http.h"
#include "runtime/api/request_target.h"

namespace capstan {

// What a route's handler is given: the parts of the path that the pattern names, and who asks.
struct RouteRequest {
  std::map<std::string, std::string, std::less<>> parts;
  RequestTarget target;
  ApiUser user;
};
// Called on the event loop; answers the exchange at once or from another thread.
using RouteHandler = std::function<void(HttpExchangePtr, const RouteRequest&)>;

struct ApiRoute {
  std::string method;  // "" takes any
  // "/api/v1/namespaces/{namespace}/pods/{name}/eviction"; "{rest...}" at the end takes all.
  std::string pattern;
  RouteHandler handler;
};

class RouteTable {
 public:
  RouteTable() = default;
  explicit RouteTable(std::vector<ApiRoute> routes);

  struct Match {
    const RouteHandler* handler;
    std::map<std::string, std::string, std::less<>> parts;
  };
  std::optional<Match> find(std::string_view method, std::string_view path) const;

 private:
  struct Compiled {
    ApiRoute route;
    std::vector<std::string> segments;
  };
  std::vector<Compiled> routes_;
};

}  // namespace capstan
