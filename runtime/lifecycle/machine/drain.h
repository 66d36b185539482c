// Empties a Node through its cluster's API: marks it unschedulable and evicts its pods, as far as
// their disruption budgets allow. One call does what can be done now; it is called again until all
// pods are gone.
//
// Thread safety: all members from any thread.
#pragma once

#include <set>
#include <string>

#include "runtime/lifecycle/machine/drain_plan.h"
#include "runtime/workload/workload.h"

namespace capstan::lifecycle {

struct DrainRequest {
  ClusterName cluster;
  std::string node_name;
  const Json* node = nullptr;  // null where it is gone
  const std::vector<DrainRule>& rules;
};

struct DrainProgress {
  bool done = false;
  std::string message = {};  // which pods are waited for and why
};

class Drainer {
 public:
  Drainer(WorkloadClusters& workload, Clock& clock) : workload_(workload), clock_(clock) {}

  // Errors: those of WorkloadClusters::request(), and answers that are no success.
  Result<DrainProgress> drain(const DrainRequest& request);

  // Waits for the Node's volumes to be detached, but for those of pods that drain leaves alone.
  Result<DrainProgress> wait_for_volumes(const DrainRequest& request);

  // Errors: kUnavailable where the Node could not be deleted; a Node that is gone is no error.
  Result<void> delete_node(const ClusterName& cluster, const std::string& node_name);

 private:
  Result<void> cordon(const DrainRequest& request);
  Result<std::vector<Json>> pods_of(const DrainRequest& request);
  Result<std::map<std::string, Labels>> namespaces(const DrainRequest& request);
  Result<void> evict_all(const DrainRequest& request, const DrainPlan& plan, bool unreachable,
                         std::string& message);
  Result<std::string> evict(const DrainRequest& request, const Json& pod, bool unreachable);
  Result<void> exempt_volumes(const DrainRequest& request, std::set<std::string>& attached,
                              std::set<std::string>& persistent);

  WorkloadClusters& workload_;
  Clock& clock_;
};

// Whether the Node's Ready condition is Unknown: its kubelet does not report.
bool node_unreachable(const Json* node);

}  // namespace capstan::lifecycle
