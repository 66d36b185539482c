#include "plugins/kubeadm/control_plane/control_plane.h"

#include <algorithm>

#include "plugins/kubeadm/names.h"

namespace capstan::kubeadm {
namespace {

using sdk::find_at;
using sdk::string_at;

bool owned_by(const Json& object, const std::string& uid) {
  const Json* owners = find_at(object, "metadata/ownerReferences");
  if (owners == nullptr || !owners->is_array()) return false;
  return std::any_of(owners->begin(), owners->end(), [&](const Json& owner) {
    return sdk::bool_at(owner, "controller") && string_at(owner, "uid") == uid;
  });
}

bool has_controller(const Json& object) {
  const Json* owners = find_at(object, "metadata/ownerReferences");
  return owners != nullptr && owners->is_array() &&
         std::any_of(owners->begin(), owners->end(),
                     [](const Json& owner) { return sdk::bool_at(owner, "controller"); });
}

bool older(const ControlPlaneMachine& a, const ControlPlaneMachine& b) {
  const std::string at_a = string_at(*a.machine, "metadata/creationTimestamp");
  const std::string at_b = string_at(*b.machine, "metadata/creationTimestamp");
  return at_a != at_b ? at_a < at_b : a.name() < b.name();
}

Json infra_of(const sdk::Host& host, const Json& machine, const std::string& ns) {
  const Json* ref = find_at(machine, "spec/infrastructureRef");
  if (ref == nullptr) return nullptr;
  sdk::Expected<Json> found = host.objects().get(
      string_at(*ref, "apiGroup") + "/", string_at(*ref, "kind"), ns, string_at(*ref, "name"));
  return found.ok() ? *std::move(found) : Json();
}

}  // namespace

std::string ControlPlaneMachine::failure_domain() const {
  return string_at(*machine, "spec/failureDomain", string_at(*machine, "status/failureDomain"));
}

bool ControlPlaneMachine::has_left_etcd() const {
  return deleting() && !sdk::has_annotation(*machine, kCleanupHook);
}

ControlPlane::ControlPlane(const sdk::Host& host, const sdk::Request& request, sdk::Reply& reply,
                           const sdk::Call& call)
    : host(host),
      request(request),
      reply(reply),
      call(call),
      object(request.object()),
      cluster(*request.cluster()),
      ns(request.ns()),
      cluster_name(string_at(cluster, "metadata/name")),
      initialized(sdk::bool_at(object, "status/initialization/controlPlaneInitialized")) {
  for (const Json& machine : request.related("machines")) {
    if (!is_control_plane_machine(machine)) {
      ++worker_machines;
      continue;
    }
    if (!owned_by(machine, request.uid())) {
      if (has_controller(machine)) {
        ++foreign_machines;
      } else {
        adoptable.push_back(&machine);
      }
      continue;
    }
    ControlPlaneMachine entry;
    entry.machine = &machine;
    const std::string config = string_at(machine, "spec/bootstrap/configRef/name");
    for (const Json& candidate : request.related("configs")) {
      if (string_at(candidate, "metadata/name") == config) entry.config = &candidate;
    }
    entry.infra = infra_of(host, machine, ns);
    machines.push_back(std::move(entry));
  }
  std::sort(machines.begin(), machines.end(), older);
}

bool ControlPlane::stacked_etcd() const {
  return find_at(object, "spec/kubeadmConfigSpec/clusterConfiguration/etcd/external") == nullptr;
}

size_t ControlPlane::deleting_machines() const {
  return static_cast<size_t>(std::count_if(machines.begin(), machines.end(),
                                           [](const auto& machine) { return machine.deleting(); }));
}

std::vector<const ControlPlaneMachine*> ControlPlane::outdated() const {
  std::vector<const ControlPlaneMachine*> out;
  for (const ControlPlaneMachine& machine : machines) {
    if (!machine.up_to_date) out.push_back(&machine);
  }
  return out;
}

}  // namespace capstan::kubeadm
