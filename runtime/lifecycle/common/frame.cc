#include "runtime/lifecycle/common/frame.h"

#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/lifecycle/common/pause.h"
#include "runtime/object/selector.h"

namespace capstan::lifecycle {

Outcome reconcile_in_frame(Draft& draft, const Object* cluster, Instant now,
                           const FrameSteps& steps) {
  Outcome outcome;
  if (set_paused_condition(draft, cluster, now)) {
    draft.finish(outcome);
    return outcome;
  }
  if (draft.meta().deleting()) {
    if (steps.remove) steps.remove(outcome);
  } else {
    // By its label a Cluster that comes later finds it.
    draft.set_label(kClusterNameLabel, get_string(draft.tree(), {"spec", "clusterName"}));
    if (cluster != nullptr && steps.normal) steps.normal(outcome);
  }
  if (steps.status) steps.status();
  draft.finish(outcome);
  return outcome;
}

void own_template(const Linked& linked, const Object& cluster, Outcome& outcome) {
  if (!linked.exists()) return;
  Draft draft(linked.external->object);
  draft.ensure_owner(owner_reference(cluster, false));
  draft.finish(outcome);
}

void write_selector(Draft& draft) {
  const Json* selector = find(draft.tree(), {"spec", "selector"});
  if (selector == nullptr) return;
  const auto parsed = LabelSelector::from_json(*selector);
  if (parsed.ok() && !parsed->matches_everything()) draft.status()["selector"] = parsed->text();
}

void report(const Draft& draft, const char* reason, const std::string& message, Outcome& outcome,
            const char* type) {
  outcome.events.push_back({draft.object().key(), draft.meta().uid, type, reason, message});
}

}  // namespace capstan::lifecycle
