// Takes every request of an API server: authenticates, authorises, and hands it to what answers it.
// Independent of sockets.
//
// Thread safety: from any thread. Lifetime: the loop and the service outlive it. Its destructor
// waits for what it has running on the loop's workers, so it must not run on one of them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "runtime/api/discovery.h"
#include "runtime/api/event_loop.h"
#include "runtime/api/openapi.h"
#include "runtime/api/request_metrics.h"
#include "runtime/api/resource_handler.h"
#include "runtime/api/routes.h"

namespace capstan {

struct ApiHandlerOptions {
  Authenticator authenticator;
  std::vector<ApiRoute> routes;  // for members of system:masters
  // What /readyz says besides that the server runs; empty: ready.
  std::function<Result<void>()> ready;
  // What /metrics shows, and where requests are counted; null: there are no metrics. Both outlive
  // the loop.
  const MetricsRegistry* metrics = nullptr;
  RequestMetrics* requests = nullptr;
  std::string git_version = "v1.34.2+capstan";
  WatchLimits watch;
  std::string nonce;  // differs between starts
};

class ApiHandler final : public HttpHandler {
 public:
  ApiHandler(EventLoop& loop, ResourceService& service, ApiHandlerOptions options);
  ~ApiHandler() override;

  void handle(HttpExchangePtr exchange) override;
  // Not of somebody unknown, so that strangers cannot fill the memory.
  bool wants_body(const HttpRequest& head) override;

 private:
  bool answer_open_path(const HttpExchangePtr& exchange, const RequestTarget& target);
  // `measured` is the exchange where it is counted; null otherwise.
  void answer_user(HttpExchangePtr exchange, RequestTarget target, ApiUser user,
                   MeasuredExchange* measured);
  bool answer_document(const HttpExchangePtr& exchange, const RequestTarget& target);
  void answer_metrics(const HttpExchangePtr& exchange);
  void answer_discovery(const HttpExchangePtr& exchange, const std::string& path);
  void answer_openapi(const HttpExchangePtr& exchange, const std::string& path);
  void answer_openapi_v2(const HttpExchangePtr& exchange);
  void answer_review(const HttpExchangePtr& exchange, const std::string& kind, const ApiUser& user);
  void answer_resource(ResourceRequest request);
  // Runs on a worker; the client is told to come back where too many wait.
  void run_blocking(const HttpExchangePtr& exchange, std::function<void()> work);
  void end_blocking();

  EventLoop& loop_;
  ResourceService& service_;
  const ApiHandlerOptions options_;
  const RouteTable routes_;
  Discovery discovery_;
  OpenApi openapi_;
  ResourceHandler resources_;

  std::mutex mutex_;
  std::condition_variable none_runs_;
  size_t running_ = 0;  // on workers, or waiting for one
};

}  // namespace capstan
