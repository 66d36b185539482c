// The host that a plugin under test sees: the runtime's own services over the bench's objects, with
// every call counted, what the plugin publishes kept, and a hook that can answer otherwise or end
// the process.
//
// Thread safety: the handler from any thread; set the hook before the plugin is activated.
// Lifetime: cache and clock outlive it.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/plugin/host_calls/host_call.h"
#include "runtime/plugin/host_calls/table_caller.h"
#include "runtime/store/watch_cache.h"
#include "runtime/workload/workload.h"
#include "sdk/conformance/subject.h"

namespace capstan::conformance {

// No workload cluster answers: the kit makes none.
class NoWorkloadClusters final : public WorkloadClusters {
 public:
  Result<WorkloadResponse> request(const ClusterName& cluster, const WorkloadRequest&) override {
    return absent(cluster);
  }
  Result<WorkloadResponse> pod_request(const ClusterName& cluster, const PodRequest&) override {
    return absent(cluster);
  }
  Result<std::vector<std::shared_ptr<const Json>>> nodes(const ClusterName& cluster) override {
    return absent(cluster);
  }
  void on_change(std::function<void(const ClusterName&)>) override {}
  void forget(const ClusterName&) override {}

 private:
  static Error absent(const ClusterName& cluster) {
    return Error::failed_precondition("Cluster " + cluster.ns + "/" + cluster.name +
                                      " has no kubeconfig yet");
  }
};

class KitMetrics final : public PluginMetrics {
 public:
  uint32_t define(MetricType, const std::string&, const std::string&,
                  const std::map<std::string, std::string>&) override {
    return ++last_;
  }
  void record(uint32_t, double) override {}

 private:
  std::atomic<uint32_t> last_{0};
};

class KitHost final : public HostCallHandler {
 public:
  // The number of the call (from 1) and the call; an answer replaces the host's own.
  using Hook = std::function<std::optional<HostAnswer>(size_t, const HostCall&)>;

  KitHost(const Subject& subject, const WatchCache& objects, Clock& clock);

  void set_hook(Hook hook) { hook_ = std::move(hook); }
  // Services that this host does not have.
  void set_absent(std::set<std::string> services) { absent_ = std::move(services); }

  bool offers(std::string_view service) override {
    return !absent_.contains(std::string(service)) && inner_.offers(service);
  }
  HostAnswer call(const HostCall& call) override;

  size_t calls() const { return calls_; }
  // Texts that the plugin gave to logs, events and metrics.
  std::vector<std::string> published() const;

  // What the plugin gets for a secret that the config does not name: easy to find again.
  static std::string canary(const std::string& name);

 private:
  void keep(const HostCall& call);

  NoWorkloadClusters workload_;
  KitMetrics metrics_;
  TableCaller inner_;
  Hook hook_;
  std::set<std::string> absent_;
  std::atomic<size_t> calls_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> published_;
};

}  // namespace capstan::conformance
