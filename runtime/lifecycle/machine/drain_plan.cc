#include "runtime/lifecycle/machine/drain_plan.h"

#include <algorithm>
#include <limits>

#include "runtime/lifecycle/common/names.h"

namespace capstan::lifecycle {
namespace {

struct Treatment {
  DrainBehavior behavior = DrainBehavior::kDrain;
  int64_t order = 0;
};

Labels labels_of(const Json& object) {
  Labels labels;
  const Json* map = find(object, {"metadata", "labels"});
  if (map == nullptr || !map->is_object()) return labels;
  for (const auto& [key, value] : map->items()) {
    if (value.is_string()) labels[key] = value.get<std::string>();
  }
  return labels;
}

// An absent selector matches everything.
Result<LabelSelector> selector_at(const Json& parent, const char* field) {
  const Json* selector = find(parent, {field});
  if (selector == nullptr) return LabelSelector();
  return LabelSelector::from_json(*selector);
}

Result<bool> applies(const Json& rule, const Labels& machine, const Labels& cluster) {
  const Json* machines = find(rule, {"spec", "machines"});
  if (machines == nullptr || !machines->is_array() || machines->empty()) return true;
  for (const Json& item : *machines) {
    const LabelSelector of_machine = TRY(selector_at(item, "selector"));
    const LabelSelector of_cluster = TRY(selector_at(item, "clusterSelector"));
    if (of_machine.matches(machine) && of_cluster.matches(cluster)) return true;
  }
  return false;
}

Result<DrainRule> parse_rule(const Json& json) {
  DrainRule rule;
  const std::string behavior = get_string(json, {"spec", "drain", "behavior"});
  if (behavior == "Skip") rule.behavior = DrainBehavior::kSkip;
  if (behavior == "WaitCompleted") rule.behavior = DrainBehavior::kWaitCompleted;
  rule.order = get_int(json, {"spec", "drain", "order"});
  const Json* pods = find(json, {"spec", "pods"});
  if (pods == nullptr || !pods->is_array()) return rule;
  for (const Json& item : *pods) {
    DrainRule::PodSelector selector;
    selector.pods = TRY(selector_at(item, "selector"));
    selector.namespaces = TRY(selector_at(item, "namespaceSelector"));
    rule.pods.push_back(std::move(selector));
  }
  return rule;
}

bool controlled_by_daemon_set(const Json& pod) {
  const Json* owners = find(pod, {"metadata", "ownerReferences"});
  if (owners == nullptr || !owners->is_array()) return false;
  return std::any_of(owners->begin(), owners->end(), [](const Json& owner) {
    return get_bool(owner, {"controller"}) && get_string(owner, {"kind"}) == "DaemonSet";
  });
}

bool mirror_pod(const Json& pod) {
  return find(pod, {"metadata", "annotations", "kubernetes.io/config.mirror"}) != nullptr;
}

Treatment treatment(const Json& pod, const DrainCircumstances& c) {
  const Labels labels = labels_of(pod);
  const auto label = labels.find(kDrainLabel);
  if (label != labels.end() && label->second == "skip") return {DrainBehavior::kSkip, 0};
  if (label != labels.end() && label->second == "wait-completed") {
    return {DrainBehavior::kWaitCompleted, 0};
  }
  static const Labels kNone;
  const auto found = c.namespaces.find(get_string(pod, {"metadata", "namespace"}));
  const Labels& ns = found == c.namespaces.end() ? kNone : found->second;
  for (const DrainRule& rule : c.rules) {
    const bool matches =
        rule.pods.empty() || std::any_of(rule.pods.begin(), rule.pods.end(), [&](const auto& s) {
          return s.pods.matches(labels) && s.namespaces.matches(ns);
        });
    if (matches) return {rule.behavior, rule.order};
  }
  return {};
}

// A pod on a Node that is not reached will never be seen to end, so a second is all it is given.
bool counts_as_gone(const Json& pod, const DrainCircumstances& c) {
  const std::string deleted = get_string(pod, {"metadata", "deletionTimestamp"});
  if (deleted.empty() || !c.node_unreachable) return false;
  const auto since = parse_time(deleted);
  return since.ok() && c.now - *since > std::chrono::seconds(1);
}

bool ended(const Json& pod) {
  const std::string phase = get_string(pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}

}  // namespace

bool DrainRule::needs_namespaces() const {
  return std::any_of(pods.begin(), pods.end(),
                     [](const auto& s) { return !s.namespaces.matches_everything(); });
}

Result<std::vector<DrainRule>> drain_rules(const Objects& rules, const Labels& machine,
                                           const Labels& cluster) {
  std::vector<DrainRule> parsed;
  for (const ObjectPtr& object : rules) {
    const JsonPtr tree = object->tree();
    auto wanted = applies(*tree, machine, cluster);
    if (!wanted.ok()) return std::move(wanted).error().with_context(object->key().text());
    if (!*wanted) continue;
    auto rule = parse_rule(*tree);
    if (!rule.ok()) return std::move(rule).error().with_context(object->key().text());
    parsed.push_back(*std::move(rule));
  }
  return parsed;
}

bool drain_skips(const Json& pod, const DrainCircumstances& circumstances) {
  return controlled_by_daemon_set(pod) || mirror_pod(pod) ||
         treatment(pod, circumstances).behavior == DrainBehavior::kSkip;
}

DrainPlan plan_drain(const std::vector<Json>& pods, const DrainCircumstances& circumstances) {
  DrainPlan plan;
  std::vector<std::pair<int64_t, const Json*>> to_go;
  int64_t lowest = std::numeric_limits<int64_t>::max();
  for (const Json& pod : pods) {
    if (controlled_by_daemon_set(pod) || mirror_pod(pod) || counts_as_gone(pod, circumstances)) {
      continue;
    }
    const Treatment how = treatment(pod, circumstances);
    if (how.behavior == DrainBehavior::kSkip) continue;
    if (how.behavior == DrainBehavior::kWaitCompleted) {
      if (ended(pod)) continue;
      plan.completing.push_back(&pod);
    } else {
      to_go.emplace_back(how.order, &pod);
    }
    lowest = std::min(lowest, how.order);
  }
  for (const auto& [order, pod] : to_go) {
    if (!get_string(*pod, {"metadata", "deletionTimestamp"}).empty()) {
      plan.terminating.push_back(pod);
    } else {
      (order > lowest ? plan.later : plan.evict).push_back(pod);
    }
  }
  return plan;
}

}  // namespace capstan::lifecycle
