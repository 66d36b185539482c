// What the API server tells of its requests, under Kubernetes' names:
//   apiserver_request_total                   by verb, resource and status
//   apiserver_request_duration_seconds        by verb and resource; of a watch: until it began
//   apiserver_longrunning_requests            watches and tunnels that are open
//   apiserver_current_inflight_requests       others, by request_kind
//
// Labels are taken from what was looked up, never from what was sent: a client cannot make series.
//
// Thread safety: any thread. Lifetime: the registry and the clock outlive it, it outlives the
// exchanges that it measures.
//
// Example:
//   auto measured = metrics.measure(std::move(exchange));
//   measured->describe({.verb = "LIST", .version = "v1", .resource = "pods"});
//   answer(measured);
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "runtime/api/http.h"
#include "runtime/api/resource_request.h"
#include "runtime/base/clock.h"
#include "runtime/telemetry/metrics_registry.h"

namespace capstan {

// Empty where the request is for no resource.
struct RequestLabels {
  std::string verb;  // GET, LIST, WATCH, POST, PUT, PATCH, APPLY, DELETE, DELETECOLLECTION, CONNECT
  std::string group = {};
  std::string version = {};
  std::string resource = {};
  std::string subresource = {};
  std::string scope = {};  // cluster, namespace, resource
};

RequestLabels labels_of(const ResourceRequest& request);

class RequestMetrics;

// An exchange that is counted when it is answered.
class MeasuredExchange final : public HttpExchange {
 public:
  MeasuredExchange(RequestMetrics& metrics, HttpExchangePtr exchange);
  ~MeasuredExchange() override;

  // Before it is answered, where more is known than the method.
  void describe(RequestLabels labels) { labels_ = std::move(labels); }

  const HttpRequest& request() const override { return exchange_->request(); }
  HttpRequest& mutable_request() override { return exchange_->mutable_request(); }
  void respond(HttpResponse response) override;
  void stream(HttpResponse head, std::shared_ptr<HttpBodySource> body) override;
  void upgrade(HttpResponse head, std::shared_ptr<HttpTunnel> tunnel) override;

 private:
  RequestMetrics& metrics_;
  const HttpExchangePtr exchange_;
  const MonotonicTime begin_;
  const bool mutating_;
  RequestLabels labels_;
};

class RequestMetrics {
 public:
  RequestMetrics(MetricsRegistry& registry, Clock& clock);

  std::shared_ptr<MeasuredExchange> measure(HttpExchangePtr exchange) {
    return std::make_shared<MeasuredExchange>(*this, std::move(exchange));
  }

 private:
  friend class MeasuredExchange;
  // The metrics of one combination of labels.
  struct Series {
    RequestLabels labels;
    Histogram* duration = nullptr;
    std::unordered_map<int, Counter*> total = {};  // by status
    Gauge* open = nullptr;                         // once there was one
  };
  Series& series(const RequestLabels& labels);
  void answered(const RequestLabels& labels, int status, Duration taken);
  Gauge* longrunning(const RequestLabels& labels);

  MetricsRegistry& registry_;
  Clock& clock_;
  Gauge* inflight_[2];  // reading, mutating
  std::mutex mutex_;
  std::unordered_map<std::string, Series> series_;
};

}  // namespace capstan
