// What Cluster API asks of providers' objects, read by the contract that the kind's CRD is labelled
// with: v1beta2 where it says so, v1beta1 otherwise.
//
// Objects are read as they are stored, so a kind's contract is the newest one whose label names the
// storage version. (Source: Cluster API's provider contracts.)
//
// Thread safety: pure functions.
//
// Example:
//   const auto external = resolve(ref, ns, kinds, objects);   // Result<External>
//   if (external->object && provisioned(*external)) ...
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/object/conditions.h"
#include "runtime/object/kind.h"
#include "runtime/object/object.h"
#include "runtime/object/old_conditions.h"
#include "runtime/store/watch_cache.h"

namespace capstan::lifecycle {

enum class Contract { kV1Beta1, kV1Beta2 };

// Errors: kFailedPrecondition where the CRD has no contract label.
Result<Contract> contract_of(const Kind& kind);

// What an external reference {apiGroup, kind, name} stands for.
struct External {
  ObjectKey key;
  Contract contract = Contract::kV1Beta2;
  ObjectPtr object;  // null where it does not exist
  JsonPtr tree;      // the object's; null with it

  bool exists() const { return object != nullptr; }
  bool deleting() const { return object != nullptr && object->meta().deleting(); }
};

// The key that a reference names; "" names where the reference is incomplete.
ObjectKey reference_key(const Json& ref, const std::string& ns);
bool is_reference(const Json* ref);

// Errors: kFailedPrecondition where the kind is not installed or has no contract label.
Result<External> resolve(const Json& ref, const std::string& ns, const KindRegistry& kinds,
                         const WatchCache& objects);

// InfraCluster and InfraMachine. Precondition of all readers: exists().
bool provisioned(const External& infra);
// {host, port} where both are set.
std::optional<Json> control_plane_endpoint(const Json& object);
// In v1beta2's form: a list of {name, controlPlane, attributes}, sorted by name.
Json failure_domains(const External& infra_cluster);
std::string provider_id(const External& infra_machine);
std::string failure_domain(const External& infra_machine);
const Json* addresses(const External& infra_machine);  // null where there are none

// BootstrapConfig.
bool data_secret_created(const External& config);
std::string data_secret_name(const External& config);

// ControlPlane.
bool control_plane_initialized(const External& control_plane);
struct ReplicaCounts {
  std::optional<int64_t> desired;
  std::optional<int64_t> replicas;
  std::optional<int64_t> ready;
  std::optional<int64_t> available;
  std::optional<int64_t> up_to_date;
};
ReplicaCounts replica_counts(const External& control_plane);
// The lowest version that runs; "" while there is none.
std::string running_version(const External& control_plane);

// The object's own condition, mirrored under another name. Where the provider has none, `fallback`
// decides; a condition without a reason gets NoReasonReported.
Condition mirror(const External& external, std::string_view source, std::string_view target,
                 Condition fallback);

// The object's Ready as v1beta1 has it; nothing where its provider does not tell.
std::optional<OldCondition> old_ready(const External& external);

}  // namespace capstan::lifecycle
