// Which pods of a Node are to be evicted now, and which are waited for.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/lifecycle/common/rollup.h"
#include "runtime/object/selector.h"

namespace capstan::lifecycle {

enum class DrainBehavior { kDrain, kSkip, kWaitCompleted };

// A MachineDrainRule that applies to the Machine, as far as it is about pods.
struct DrainRule {
  struct PodSelector {
    LabelSelector pods;
    LabelSelector namespaces;
  };
  DrainBehavior behavior = DrainBehavior::kDrain;
  int64_t order = 0;
  std::vector<PodSelector> pods;  // any matches; none: all pods
  bool needs_namespaces() const;
};

// The rules (sorted by name) that apply to a Machine of a Cluster. Errors: kInvalid with the rule.
Result<std::vector<DrainRule>> drain_rules(const Objects& rules, const Labels& machine,
                                           const Labels& cluster);

struct DrainPlan {
  std::vector<const Json*> evict;
  std::vector<const Json*> terminating;  // being deleted already
  std::vector<const Json*> completing;   // are left to end by themselves
  std::vector<const Json*> later;        // after those of a lower order
  bool done() const {
    return evict.empty() && terminating.empty() && completing.empty() && later.empty();
  }
};

struct DrainCircumstances {
  const std::vector<DrainRule>& rules;
  const std::map<std::string, Labels>& namespaces;  // labels of namespaces, where rules need them
  bool node_unreachable = false;
  Instant now;
};

// Lifetime of the plan: that of `pods`.
DrainPlan plan_drain(const std::vector<Json>& pods, const DrainCircumstances& circumstances);

// DaemonSet's pods, static pods and those that a label or rule exempts: drain leaves them alone,
// and their volumes are not waited for.
bool drain_skips(const Json& pod, const DrainCircumstances& circumstances);

}  // namespace capstan::lifecycle
