#include "runtime/lifecycle/common/contract.h"

#include <algorithm>

#include "runtime/lifecycle/common/version.h"
#include "runtime/object/condition_summary.h"

namespace capstan::lifecycle {
namespace {

// "v1beta1_v1beta2" names both.
bool names_version(const Kind& kind, const char* label, const std::string& version) {
  const auto found = kind.labels.find(label);
  if (found == kind.labels.end()) return false;
  const std::string list = "_" + found->second + "_";
  return list.find("_" + version + "_") != std::string::npos;
}

std::optional<int64_t> count_at(const Json& object, std::initializer_list<std::string_view> path) {
  const Json* value = find(object, path);
  if (value == nullptr || !value->is_number_integer()) return std::nullopt;
  return value->get<int64_t>();
}

}  // namespace

Result<Contract> contract_of(const Kind& kind) {
  const std::string& stored = kind.storage_version().name;
  const char* v1beta2 = "cluster.x-k8s.io/v1beta2";
  const char* v1beta1 = "cluster.x-k8s.io/v1beta1";
  if (names_version(kind, v1beta2, stored)) return Contract::kV1Beta2;
  if (names_version(kind, v1beta1, stored)) return Contract::kV1Beta1;
  if (kind.labels.contains(v1beta2)) return Contract::kV1Beta2;
  if (kind.labels.contains(v1beta1)) return Contract::kV1Beta1;
  return Error::failed_precondition(
      "CustomResourceDefinition " + kind.crd_name() +
      " has no label cluster.x-k8s.io/v1beta2 or cluster.x-k8s.io/v1beta1, so it cannot be told "
      "which contract it follows; set the label to the versions that follow it");
}

bool is_reference(const Json* ref) {
  return ref != nullptr && ref->is_object() && !get_string(*ref, {"kind"}).empty() &&
         !get_string(*ref, {"name"}).empty();
}

ObjectKey reference_key(const Json& ref, const std::string& ns) {
  std::string group = get_string(ref, {"apiGroup"});
  if (group.empty()) group = GroupVersion::parse(get_string(ref, {"apiVersion"})).group;
  return {{std::move(group), get_string(ref, {"kind"})}, ns, get_string(ref, {"name"})};
}

Result<External> resolve(const Json& ref, const std::string& ns, const KindRegistry& kinds,
                         const WatchCache& objects) {
  External external;
  external.key = reference_key(ref, ns);
  const KindPtr kind = kinds.find(external.key.kind);
  if (kind == nullptr) {
    return Error::failed_precondition("kind " + external.key.kind.text() +
                                      " is not installed; enable the provider that brings it");
  }
  external.contract = TRY(contract_of(*kind));
  external.object = objects.get(external.key);
  if (external.object != nullptr) external.tree = external.object->tree();
  return external;
}

bool provisioned(const External& infra) {
  if (infra.contract == Contract::kV1Beta1) return get_bool(*infra.tree, {"status", "ready"});
  return get_bool(*infra.tree, {"status", "initialization", "provisioned"});
}

std::optional<Json> control_plane_endpoint(const Json& object) {
  const Json* endpoint = find(object, {"spec", "controlPlaneEndpoint"});
  if (endpoint == nullptr) return std::nullopt;
  const std::string host = get_string(*endpoint, {"host"});
  const int64_t port = get_int(*endpoint, {"port"});
  if (host.empty() || port == 0) return std::nullopt;
  return Json{{"host", host}, {"port", port}};
}

Json failure_domains(const External& infra_cluster) {
  Json list = Json::array();
  const Json* domains = find(*infra_cluster.tree, {"status", "failureDomains"});
  if (domains == nullptr) return list;
  if (domains->is_array()) {
    list = *domains;
  } else if (domains->is_object()) {
    for (const auto& [name, domain] : domains->items()) {
      Json item = domain.is_object() ? domain : Json::object();
      item["name"] = name;
      list.push_back(std::move(item));
    }
  }
  std::sort(list.begin(), list.end(), [](const Json& a, const Json& b) {
    return get_string(a, {"name"}) < get_string(b, {"name"});
  });
  return list;
}

std::string provider_id(const External& infra_machine) {
  return get_string(*infra_machine.tree, {"spec", "providerID"});
}

std::string failure_domain(const External& infra_machine) {
  const char* half = infra_machine.contract == Contract::kV1Beta1 ? "spec" : "status";
  return get_string(*infra_machine.tree, {half, "failureDomain"});
}

const Json* addresses(const External& infra_machine) {
  const Json* list = find(*infra_machine.tree, {"status", "addresses"});
  return list != nullptr && list->is_array() && !list->empty() ? list : nullptr;
}

bool data_secret_created(const External& config) {
  if (config.contract == Contract::kV1Beta1) return get_bool(*config.tree, {"status", "ready"});
  return get_bool(*config.tree, {"status", "initialization", "dataSecretCreated"});
}

std::string data_secret_name(const External& config) {
  return get_string(*config.tree, {"status", "dataSecretName"});
}

bool control_plane_initialized(const External& control_plane) {
  if (control_plane.contract == Contract::kV1Beta1) {
    return get_bool(*control_plane.tree, {"status", "initialized"});
  }
  return get_bool(*control_plane.tree, {"status", "initialization", "controlPlaneInitialized"});
}

ReplicaCounts replica_counts(const External& control_plane) {
  const Json& tree = *control_plane.tree;
  ReplicaCounts counts;
  counts.desired = count_at(tree, {"spec", "replicas"});
  counts.replicas = count_at(tree, {"status", "replicas"});
  counts.ready = count_at(tree, {"status", "readyReplicas"});
  if (control_plane.contract == Contract::kV1Beta2) {
    counts.available = count_at(tree, {"status", "availableReplicas"});
    counts.up_to_date = count_at(tree, {"status", "upToDateReplicas"});
    return counts;
  }
  counts.up_to_date = count_at(tree, {"status", "updatedReplicas"});
  const auto unavailable = count_at(tree, {"status", "unavailableReplicas"});
  if (counts.replicas && unavailable) {
    counts.available = std::max<int64_t>(0, *counts.replicas - *unavailable);
  }
  return counts;
}

std::string running_version(const External& control_plane) {
  const Json* versions = find(*control_plane.tree, {"status", "versions"});
  std::string lowest;
  if (versions != nullptr && versions->is_array()) {
    for (const Json& item : *versions) {
      const std::string version = get_string(item, {"version"});
      if (version.empty()) continue;
      if (lowest.empty() || compare_versions(version, lowest) < 0) lowest = version;
    }
  }
  return lowest.empty() ? get_string(*control_plane.tree, {"status", "version"}) : lowest;
}

Condition mirror(const External& external, std::string_view source, std::string_view target,
                 Condition fallback) {
  const Json* tree = external.tree.get();
  // Objects of the older contract keep conditions of the newer form under status.v1beta2.
  Json nested;
  if (tree != nullptr && external.contract == Contract::kV1Beta1) {
    const Json* newer = find(*tree, {"status", "v1beta2"});
    if (newer != nullptr && newer->is_object()) {
      nested = {{"status", *newer}};
      if (find_condition(nested, source) != nullptr) tree = &nested;
    }
  }
  Condition condition = mirror_condition(tree, source, target, fallback);
  condition.type = target;
  condition.last_transition_time.clear();
  condition.observed_generation = 0;
  if (condition.reason.empty()) condition.reason = "NoReasonReported";
  return condition;
}

std::optional<OldCondition> old_ready(const External& external) {
  if (external.contract == Contract::kV1Beta2) return get_old_condition(*external.tree, "Ready");
  const Json* ready = find_condition(*external.tree, "Ready");
  if (ready == nullptr) return std::nullopt;
  return OldCondition{"Ready", get_string(*ready, {"status"}), get_string(*ready, {"severity"}),
                      get_string(*ready, {"reason"}), get_string(*ready, {"message"})};
}

}  // namespace capstan::lifecycle
