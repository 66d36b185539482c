#include "runtime/api/request_metrics.h"

namespace capstan {
namespace {

constexpr double kDurationBounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                      0.1,    0.2,   0.4,    0.6,   0.8,  1,     1.5,
                                      2,      3,     5,      10,    20,   30,    60};

bool is_mutating(const std::string& method) {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

// Methods that a client makes up are one.
std::string known_method(const std::string& method) {
  for (const char* known : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    if (method == known) return method;
  }
  return "other";
}

// Counted while it is open; the rest is the body's.
class CountedSource final : public HttpBodySource {
 public:
  CountedSource(std::shared_ptr<HttpBodySource> body, Gauge* open)
      : body_(std::move(body)), open_(open) {
    open_->add(1);
  }
  ~CountedSource() override { open_->add(-1); }

  void open(std::function<void()> wake) override { body_->open(std::move(wake)); }
  State read(std::string& out) override { return body_->read(out); }
  std::optional<Duration> wait_limit() override { return body_->wait_limit(); }
  bool overflowed() const override { return body_->overflowed(); }
  void drain() override { body_->drain(); }
  void closed() override { body_->closed(); }

 private:
  const std::shared_ptr<HttpBodySource> body_;
  Gauge* const open_;
};

class CountedTunnel final : public HttpTunnel {
 public:
  CountedTunnel(std::shared_ptr<HttpTunnel> tunnel, Gauge* open)
      : tunnel_(std::move(tunnel)), open_(open) {
    open_->add(1);
  }
  ~CountedTunnel() override { open_->add(-1); }

  void open(std::function<void()> wake) override { tunnel_->open(std::move(wake)); }
  State read(std::string& out) override { return tunnel_->read(out); }
  std::optional<Duration> wait_limit() override { return tunnel_->wait_limit(); }
  bool overflowed() const override { return tunnel_->overflowed(); }
  void drain() override { tunnel_->drain(); }
  void closed() override { tunnel_->closed(); }
  void received(std::string_view bytes) override { tunnel_->received(bytes); }

 private:
  const std::shared_ptr<HttpTunnel> tunnel_;
  Gauge* const open_;
};

MetricLabels metric_labels(const RequestLabels& labels) {
  return {{"component", "apiserver"},          {"group", labels.group},
          {"resource", labels.resource},       {"scope", labels.scope},
          {"subresource", labels.subresource}, {"verb", labels.verb},
          {"version", labels.version}};
}

}  // namespace

RequestLabels labels_of(const ResourceRequest& request) {
  const std::string verb = verb_of(request.http().method, request.path, request.target);
  RequestLabels labels{known_method(request.http().method)};
  if (verb == "list" || verb == "watch" || verb == "deletecollection") {
    labels.verb = verb == "list" ? "LIST" : verb == "watch" ? "WATCH" : "DELETECOLLECTION";
  } else if (verb == "patch" &&
             request.http().header("content-type").starts_with("application/apply-patch")) {
    labels.verb = "APPLY";
  }
  labels.group = request.kind->id.group;
  labels.version = request.version->name;
  labels.resource = request.kind->plural;
  // A client writes what it likes there.
  const std::string& subresource = request.path.subresource;
  labels.subresource = subresource.empty() || subresource == "status" || subresource == "scale"
                           ? subresource
                           : "other";
  labels.scope = !request.path.name.empty() ? "resource"
                 : request.path.ns.empty()  ? "cluster"
                                            : "namespace";
  return labels;
}

MeasuredExchange::MeasuredExchange(RequestMetrics& metrics, HttpExchangePtr exchange)
    : metrics_(metrics),
      exchange_(std::move(exchange)),
      begin_(metrics.clock_.monotonic()),
      mutating_(is_mutating(exchange_->request().method)),
      labels_{known_method(exchange_->request().method)} {
  metrics_.inflight_[mutating_ ? 1 : 0]->add(1);
}

MeasuredExchange::~MeasuredExchange() {
  metrics_.inflight_[mutating_ ? 1 : 0]->add(-1);
}

void MeasuredExchange::respond(HttpResponse response) {
  metrics_.answered(labels_, response.status, metrics_.clock_.monotonic() - begin_);
  exchange_->respond(std::move(response));
}

void MeasuredExchange::stream(HttpResponse head, std::shared_ptr<HttpBodySource> body) {
  metrics_.answered(labels_, head.status, metrics_.clock_.monotonic() - begin_);
  exchange_->stream(std::move(head), std::make_shared<CountedSource>(
                                         std::move(body), metrics_.longrunning(labels_)));
}

void MeasuredExchange::upgrade(HttpResponse head, std::shared_ptr<HttpTunnel> tunnel) {
  labels_.verb = "CONNECT";
  metrics_.answered(labels_, 101, metrics_.clock_.monotonic() - begin_);
  exchange_->upgrade(std::move(head), std::make_shared<CountedTunnel>(
                                          std::move(tunnel), metrics_.longrunning(labels_)));
}

RequestMetrics::RequestMetrics(MetricsRegistry& registry, Clock& clock)
    : registry_(registry), clock_(clock) {
  const auto inflight = [&](const char* kind) {
    return registry
        .gauge("apiserver_current_inflight_requests",
               "Requests that are being answered, without those that run long.",
               {{"request_kind", kind}})
        .value();
  };
  inflight_[0] = inflight("readOnly");
  inflight_[1] = inflight("mutating");
}

RequestMetrics::Series& RequestMetrics::series(const RequestLabels& labels) {
  std::string key;
  key.reserve(96);
  for (const std::string* part : {&labels.verb, &labels.group, &labels.version, &labels.resource,
                                  &labels.subresource, &labels.scope}) {
    key.append(*part).append(1, '/');
  }
  const auto [found, added] = series_.try_emplace(std::move(key));
  Series& series = found->second;
  if (added) {
    series.labels = labels;
    series.duration =
        registry_
            .histogram("apiserver_request_duration_seconds",
                       "Time from a request to its answer; of a watch until it began.",
                       metric_labels(labels), kDurationBounds)
            .value_or(nullptr);
  }
  return series;
}

void RequestMetrics::answered(const RequestLabels& labels, int status, Duration taken) {
  const std::scoped_lock lock(mutex_);
  Series& found = series(labels);
  if (found.duration != nullptr) found.duration->observe(taken);
  const auto [total, added] = found.total.try_emplace(status, nullptr);
  if (added) {
    MetricLabels with_code = metric_labels(labels);
    with_code.emplace_back("code", std::to_string(status));
    total->second = registry_.counter("apiserver_request_total", "Requests by answer.", with_code)
                        .value_or(nullptr);
  }
  if (total->second != nullptr) total->second->add();
}

Gauge* RequestMetrics::longrunning(const RequestLabels& labels) {
  static Gauge uncounted;  // where there are too many series already
  const std::scoped_lock lock(mutex_);
  Series& found = series(labels);
  if (found.open == nullptr) {
    found.open = registry_
                     .gauge("apiserver_longrunning_requests", "Watches and tunnels that are open.",
                            metric_labels(labels))
                     .value_or(nullptr);
  }
  return found.open == nullptr ? &uncounted : found.open;
}

}  // namespace capstan
