#include "runtime/lifecycle/machine_health_check/machine_health_check_reconciler.h"

#include <algorithm>

#include "runtime/lifecycle/common/changes.h"
#include "runtime/lifecycle/common/clone.h"
#include "runtime/lifecycle/common/frame.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/lifecycle/common/wake.h"
#include "runtime/object/old_conditions.h"
#include "runtime/object/selector.h"

namespace capstan::lifecycle {
namespace {

constexpr Duration kConnectAgain = std::chrono::seconds(5);

const Json& part(const Json& tree, std::initializer_list<std::string_view> path) {
  static const Json kEmpty = Json::object();
  const Json* found = find(tree, path);
  return found != nullptr && found->is_object() ? *found : kEmpty;
}

bool is_checked(const Object& machine, const LabelSelector& selector) {
  const Metadata& meta = machine.meta();
  return selector.matches(meta.labels) && !meta.annotations.contains(kPausedAnnotation) &&
         !meta.annotations.contains(kSkipRemediation);
}

const Json* node_named(const std::vector<std::shared_ptr<const Json>>& nodes,
                       const std::string& name) {
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const auto& node) {
    return get_string(*node, {"metadata", "name"}) == name;
  });
  return found == nodes.end() ? nullptr : found->get();
}

// What spec.remediation.templateRef makes for a Machine has the Machine's name.
ObjectKey request_key(const Json& reference, const Object& machine) {
  return {{GroupVersion::parse(get_string(reference, {"apiVersion"})).group,
           cloned_kind(get_string(reference, {"kind"}))},
          machine.meta().ns,
          machine.meta().name};
}

Condition remediated_by_request(const Json& reference, const Object& machine,
                                const WatchCache& objects, Outcome& outcome) {
  ObjectKey key = request_key(reference, machine);
  key.kind.kind = get_string(reference, {"kind"});
  key.name = get_string(reference, {"name"});
  const ObjectPtr from = objects.get(key);
  const auto failed = [&](const char* reason, std::string message) {
    return condition("ExternallyRemediated", kFalse, reason, std::move(message));
  };
  if (from == nullptr) {
    return failed("RemediationTemplateNotFound", "Error retrieving remediation template " +
                                                     key.kind.kind + " " + key.ns + "/" + key.name);
  }
  CloneOptions options{.name = machine.meta().name,
                       .cluster_name = get_string(*machine.tree(), {"spec", "clusterName"})};
  options.owners = {owner_reference(machine, false)};
  auto request = clone_template(*from, options);
  if (!request.ok()) return failed("RemediationRequestCreationFailed", request.error().message);
  outcome.changes.push_back(creation(*std::move(request)));
  return failed("WaitingForRemediation", "");
}

// A remediation that is under way belongs to whoever does it.
bool may_ask_owner(const Json& view) {
  const auto present = get_condition(view, "OwnerRemediated");
  return !present || present->status == kTrue;
}

void ask_for_remediation(const Json& spec, const ObjectPtr& machine, Draft& draft,
                         const ReconcileContext& context, Outcome& outcome) {
  const Instant now = context.clock.now();
  const Json* reference = find(spec, {"remediation", "templateRef"});
  if (reference != nullptr && reference->is_object() && !reference->empty()) {
    if (context.objects.get(request_key(*reference, *machine)) != nullptr) return;
    set_condition(draft.view(),
                  remediated_by_request(*reference, *machine, context.objects, outcome), now);
  } else if (!machine->meta().deleting() && may_ask_owner(draft.view())) {
    set_condition(
        draft.view(),
        condition("OwnerRemediated", kFalse, "WaitingForRemediation", "Waiting for remediation"),
        now);
  }
}

// A Machine that has recovered needs no repair any more.
void withdraw_request(const Json& spec, const Object& machine, const WatchCache& objects,
                      Outcome& outcome) {
  const Json* reference = find(spec, {"remediation", "templateRef"});
  if (reference == nullptr || !reference->is_object() || reference->empty()) return;
  const ObjectPtr request = objects.get(request_key(*reference, machine));
  if (request != nullptr && !request->meta().deleting()) {
    outcome.changes.push_back(removal(*request));
  }
}

// Of a Machine only what checks look at.
bool machine_matters(const StoreEvent& event) {
  if (event.previous == nullptr || event.type != EventType::kModified) return true;
  const Metadata& before = event.previous->meta();
  const Metadata& after = event.object->meta();
  if (before.labels != after.labels || before.annotations != after.annotations ||
      before.deleting() != after.deleting()) {
    return true;
  }
  const JsonPtr old_tree = event.previous->tree();
  const JsonPtr tree = event.object->tree();
  const auto differs = [&](std::initializer_list<std::string_view> path) {
    const Json* x = find(*old_tree, path);
    const Json* y = find(*tree, path);
    return x != nullptr && y != nullptr ? *x != *y : x != y;
  };
  return differs({"status", "nodeRef"}) || differs({"status", "conditions"});
}

Keys checks_of_machine(const StoreEvent& event, const WatchCache& objects) {
  if (objects.count(kMachineHealthCheck) == 0 || !machine_matters(event)) return {};
  const Metadata& meta = event.object->meta();
  return keys_of_cluster(kMachineHealthCheck, meta.ns, meta.label(kClusterNameLabel), objects);
}

Keys checks_of_cluster(const StoreEvent& event, const WatchCache& objects) {
  if (objects.count(kMachineHealthCheck) == 0) return {};
  const auto same = [&](std::string_view type) {
    if (event.previous == nullptr) return false;
    return is_condition_true(*event.previous->tree(), type) ==
           is_condition_true(*event.object->tree(), type);
  };
  if (!wake_matters(event) && same("InfrastructureReady") && same("ControlPlaneInitialized")) {
    return {};
  }
  const Metadata& meta = event.object->meta();
  return keys_of_cluster(kMachineHealthCheck, meta.ns, meta.name, objects);
}

}  // namespace

Result<Outcome> MachineHealthCheckReconciler::reconcile(const ObjectKey& key,
                                                        const ReconcileContext& context) {
  ObjectPtr object = context.objects.get(key);
  if (object == nullptr) return Outcome{};
  Draft draft(std::move(object));
  const ObjectPtr cluster =
      context.objects.get({kCluster, key.ns, get_string(draft.tree(), {"spec", "clusterName"})});
  return reconcile_in_frame(
      draft, cluster.get(), context.clock.now(),
      {.normal = [&](Outcome& outcome) { check(draft, *cluster, context, outcome); },
       .remove = {},
       .status = {}});
}

Result<std::vector<MachineHealthCheckReconciler::Target>>
MachineHealthCheckReconciler::look_at_targets(const Draft& check, const Object& cluster,
                                              const ReconcileContext& context) {
  const Json& checks = part(check.tree(), {"spec", "checks"});
  const auto selector = TRY(LabelSelector::from_json(part(check.tree(), {"spec", "selector"})));
  const JsonPtr cluster_tree = cluster.tree();
  const ClusterName name{cluster.meta().ns, cluster.meta().name};
  std::vector<std::shared_ptr<const Json>> nodes;
  const bool reachable = is_condition_true(*cluster_tree, "ControlPlaneInitialized");
  if (reachable) nodes = TRY(deps_.workload.nodes(name));
  std::vector<Target> targets;
  const ListOptions of_cluster{name.ns, {{kClusterNameLabel, name.name}}};
  for (const ObjectPtr& machine : context.objects.list(kMachine, of_cluster).items) {
    if (!is_checked(*machine, selector)) continue;
    const JsonPtr tree = machine->tree();
    const std::string node_name = get_string(*tree, {"status", "nodeRef", "name"});
    const Json* node = node_name.empty() ? nullptr : node_named(nodes, node_name);
    const bool missing = reachable && !node_name.empty() && node == nullptr;
    targets.push_back(
        {machine, check_machine({checks, *cluster_tree, *tree, node, missing, context.clock.now()}),
         node != nullptr});
  }
  std::sort(targets.begin(), targets.end(), [](const Target& a, const Target& b) {
    return a.machine->meta().name < b.machine->meta().name;
  });
  return targets;
}

void MachineHealthCheckReconciler::check(Draft& check, const Object& cluster,
                                         const ReconcileContext& context, Outcome& outcome) {
  const Instant now = context.clock.now();
  check.ensure_owner(owner_reference(cluster, false));
  auto targets = look_at_targets(check, cluster, context);
  if (!targets.ok()) {
    // Nobody is judged by what cannot be seen.
    if (targets.code() == Code::kUnavailable || targets.code() == Code::kFailedPrecondition) {
      requeue_within(outcome.requeue_after, kConnectAgain);
    } else {
      outcome.error = std::move(targets).error();
    }
    return;
  }
  const Json& spec = part(check.tree(), {"spec"});
  const auto total = static_cast<int64_t>(targets->size());
  const int64_t healthy = std::count_if(targets->begin(), targets->end(),
                                        [](const Target& target) { return target.healthy(); });
  const auto trigger = remediation_trigger(spec, total, total - healthy);
  if (!trigger.ok()) {
    outcome.error = trigger.error();
    return;
  }
  for (const Target& target : *targets) {
    if (target.verdict.again) requeue_within(outcome.requeue_after, *target.verdict.again);
    mark(check, target, trigger->allowed, context, outcome);
  }
  write_status(check, *targets, healthy, *trigger, now);
  const bool any_unhealthy = std::any_of(targets->begin(), targets->end(),
                                         [](const Target& t) { return t.verdict.unhealthy(); });
  if (!trigger->allowed && any_unhealthy) {
    report(check, "RemediationRestricted", trigger->message, outcome, "Warning");
  }
}

void MachineHealthCheckReconciler::mark(const Draft& check, const Target& target, bool allowed,
                                        const ReconcileContext& context, Outcome& outcome) {
  const Instant now = context.clock.now();
  const Json& spec = part(check.tree(), {"spec"});
  Draft draft(target.machine);
  if (target.healthy()) {
    set_condition(draft.view(), condition("HealthCheckSucceeded", kTrue, "HealthCheckSucceeded"),
                  now);
    withdraw_request(spec, *target.machine, context.objects, outcome);
  } else if (target.verdict.unhealthy()) {
    set_condition(
        draft.view(),
        condition("HealthCheckSucceeded", kFalse, target.verdict.reason, target.verdict.message()),
        now);
    if (allowed) {
      ask_for_remediation(spec, target.machine, draft, context, outcome);
      if (!is_condition_false(draft.tree(), "HealthCheckSucceeded")) {
        report(draft, "MachineMarkedUnhealthy",
               "Machine " + target.machine->meta().name + " has been marked as unhealthy by " +
                   check.meta().ns + "/" + check.meta().name,
               outcome);
      }
    }
  }
  draft.finish(outcome);
}

void MachineHealthCheckReconciler::write_status(Draft& check, const std::vector<Target>& targets,
                                                int64_t healthy, const Trigger& trigger,
                                                Instant now) {
  Json names = Json::array();
  for (const Target& target : targets) names.push_back(target.machine->meta().name);
  Json& status = check.status();
  status["expectedMachines"] = targets.size();
  status["currentHealthy"] = healthy;
  status["remediationsAllowed"] = trigger.allowed ? trigger.left : 0;
  status["targets"] = std::move(names);
  status["observedGeneration"] = check.meta().generation;
  set_condition(check.view(),
                trigger.allowed
                    ? condition("RemediationAllowed", kTrue, "RemediationAllowed")
                    : condition("RemediationAllowed", kFalse, "TooManyUnhealthy", trigger.message),
                now);
  mirror_old_condition(check.view(), {"RemediationAllowed", "RemediationAllowed", "Warning"}, now);
}

std::vector<WatchRule> machine_health_check_watches() {
  return {{kMachineHealthCheck, {}}, {kMachine, checks_of_machine}, {kCluster, checks_of_cluster}};
}

}  // namespace capstan::lifecycle
