#include "runtime/object/conditions.h"

#include <algorithm>
#include <array>

namespace capstan {
namespace {

// Kinds' own conditions in the order that Cluster API shows them; what is not listed stands where
// the empty name does.
constexpr std::array<std::string_view, 36> kOrder = {
    "Available",
    "Ready",
    "UpToDate",
    "RemoteConnectionProbe",
    "BootstrapConfigReady",
    "InfrastructureReady",
    "ControlPlaneInitialized",
    "ControlPlaneAvailable",
    "WorkersAvailable",
    "CertificatesAvailable",
    "Initialized",
    "EtcdClusterHealthy",
    "ControlPlaneComponentsHealthy",
    "NodeHealthy",
    "NodeReady",
    "NodeKubeadmLabelsAndTaintsSet",
    "EtcdPodHealthy",
    "EtcdMemberHealthy",
    "APIServerPodHealthy",
    "ControllerManagerPodHealthy",
    "SchedulerPodHealthy",
    "HealthCheckSucceeded",
    "OwnerRemediated",
    "TopologyReconciled",
    "Updating",
    "RollingOut",
    "Remediating",
    "ScalingDown",
    "ScalingUp",
    "MachinesReady",
    "ControlPlaneMachinesReady",
    "WorkerMachinesReady",
    "MachinesUpToDate",
    "ControlPlaneMachinesUpToDate",
    "WorkerMachinesUpToDate",
    "",
};

size_t rank(std::string_view type) {
  if (type == "Paused") return kOrder.size();
  if (type == "Deleting") return kOrder.size() + 1;
  const auto at = std::find(kOrder.begin(), kOrder.end(), type);
  return static_cast<size_t>(at - kOrder.begin()) - (at == kOrder.end() ? 1 : 0);
}

bool has_status(const Json& object, std::string_view type, std::string_view status) {
  const Json* condition = find_condition(object, type);
  return condition != nullptr && get_string(*condition, {"status"}) == status;
}

// Whether the stored condition already says this, but for its time.
bool says_the_same(const Condition& old, const Condition& condition) {
  return old.status == condition.status && old.reason == condition.reason &&
         old.message == condition.message &&
         old.observed_generation == condition.observed_generation;
}

}  // namespace

Condition Condition::from_json(const Json& json) {
  return {get_string(json, {"type"}),
          get_string(json, {"status"}),
          get_string(json, {"reason"}),
          get_string(json, {"message"}),
          get_string(json, {"lastTransitionTime"}),
          get_int(json, {"observedGeneration"})};
}

Json Condition::to_json() const {
  Json json = {{"type", type},
               {"status", status},
               {"reason", reason},
               {"message", message},
               {"lastTransitionTime", last_transition_time}};
  if (observed_generation != 0) json["observedGeneration"] = observed_generation;
  return json;
}

const Json* find_condition(const Json& object, std::string_view type) {
  const Json* list = find(object, {"status", "conditions"});
  if (list == nullptr || !list->is_array()) return nullptr;
  for (const Json& condition : *list) {
    const Json* found = find(condition, {"type"});
    if (found != nullptr && *found == type) return &condition;
  }
  return nullptr;
}

std::optional<Condition> get_condition(const Json& object, std::string_view type) {
  const Json* found = find_condition(object, type);
  if (found == nullptr) return std::nullopt;
  return Condition::from_json(*found);
}

bool is_condition_true(const Json& object, std::string_view type) {
  return has_status(object, type, kTrue);
}

bool is_condition_false(const Json& object, std::string_view type) {
  return has_status(object, type, kFalse);
}

bool is_condition_unknown(const Json& object, std::string_view type) {
  return find_condition(object, type) == nullptr || has_status(object, type, kUnknown);
}

std::string condition_reason(const Json& object, std::string_view type) {
  const Json* found = find_condition(object, type);
  return found == nullptr ? "" : get_string(*found, {"reason"});
}

bool set_condition(Json& object, Condition condition, Instant now) {
  if (condition.observed_generation == 0) {
    condition.observed_generation = get_int(object, {"metadata", "generation"});
  }
  const std::optional<Condition> old = get_condition(object, condition.type);
  if (old && says_the_same(*old, condition)) return false;
  if (old && old->status == condition.status) {
    condition.last_transition_time = old->last_transition_time;
  } else if (condition.last_transition_time.empty()) {
    condition.last_transition_time = format_time(now);
  }

  remove_condition(object, condition.type);
  Json& list = make(object, {"status", "conditions"});
  if (!list.is_array()) list = Json::array();
  list.push_back(condition.to_json());
  std::stable_sort(list.begin(), list.end(), [](const Json& a, const Json& b) {
    return condition_less(get_string(a, {"type"}), get_string(b, {"type"}));
  });
  return true;
}

bool remove_condition(Json& object, std::string_view type) {
  if (find_condition(object, type) == nullptr) return false;
  Json& list = object["status"]["conditions"];
  for (size_t i = list.size(); i-- > 0;) {
    if (get_string(list[i], {"type"}) == type) list.erase(i);
  }
  return true;
}

bool condition_less(std::string_view a, std::string_view b) {
  const size_t rank_a = rank(a);
  const size_t rank_b = rank(b);
  return rank_a < rank_b || (rank_a == rank_b && a < b);
}

}  // namespace capstan
