// What the commands need of a Capstan (or any Kubernetes) API server.
//
// Thread safety: none; a command uses one from one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan::cli {

// A reference to an object whose version the server knows: {apiGroup, kind, name}.
struct KindName {
  std::string group;
  std::string kind;
};

class ApiClient {
 public:
  virtual ~ApiClient() = default;

  // One request; `body` is sent as `content_type`. Errors: kUnavailable (not reached, with the
  // address and what to do), and those of the server's Status answer with its message.
  virtual Result<Json> call(const std::string& method, const std::string& path,
                            const std::string& body = "",
                            const std::string& content_type = "application/json") = 0;

  // The body of a GET as it is. Errors: as above.
  virtual Result<std::string> text(const std::string& path) = 0;

  // "/apis/GROUP/VERSION/namespaces/NS/PLURAL" for a kind, by discovery (asked once).
  // Errors: kNotFound where the server has no such kind.
  virtual Result<std::string> collection_path(const KindName& kind, const std::string& ns) = 0;

  Result<Json> get(const std::string& path) { return call("GET", path); }
  // Null where the kind or the object is absent.
  Result<Json> find(const KindName& kind, const std::string& ns, const std::string& name);
  // The items of a list, each with apiVersion and kind.
  Result<std::vector<Json>> list(const KindName& kind, const std::string& ns,
                                 const std::string& label_selector = "");
};

struct ApiClientOptions {
  std::string kubeconfig;  // a path; "": $KUBECONFIG, then ~/.kube/config
  std::string context;     // "": the current one
  Duration timeout = std::chrono::seconds(30);
};

// Errors: no kubeconfig (names the places that were looked at), no such context.
Result<std::unique_ptr<ApiClient>> make_api_client(const ApiClientOptions& options);

// The namespace of the context, "default" where it names none.
Result<std::string> context_namespace(const ApiClientOptions& options);

}  // namespace capstan::cli
