#include "plugins/kubeadm/control_plane/health.h"

#include <algorithm>
#include <map>

#include "plugins/kubeadm/control_plane/etcd_health.h"
#include "plugins/kubeadm/control_plane/etcd_members.h"
#include "plugins/kubeadm/names.h"

namespace capstan::kubeadm {
namespace {

using sdk::Condition;
using sdk::Expected;
using sdk::find_at;
using sdk::string_at;

constexpr const char* kControlPlaneTaint = "node-role.kubernetes.io/control-plane";

struct WorkloadView {
  std::map<std::string, Json> pods;   // static pods of the control plane by name
  std::map<std::string, Json> nodes;  // by name
  EtcdView etcd;
};

Expected<WorkloadView> look(const ControlPlane& plane) {
  WorkloadView view;
  for (Json& node : CAPSTAN_TRY(plane.host.workload().nodes(plane.ns, plane.cluster_name))) {
    const std::string name = string_at(node, "metadata/name");
    view.nodes[name] = std::move(node);
  }
  const sdk::HttpAnswer answer = CAPSTAN_TRY(plane.host.workload().request(
      plane.ns, plane.cluster_name,
      {{"method", "GET"},
       {"path", "/api/v1/namespaces/kube-system/pods?labelSelector=tier%3Dcontrol-plane"}}));
  if (answer.status != 200) {
    return sdk::Error::unavailable("listing control plane pods: HTTP " +
                                   std::to_string(answer.status));
  }
  const Json list = CAPSTAN_TRY(sdk::parse_json(answer.body));
  if (const Json* items = find_at(list, "items")) {
    for (const Json& pod : *items) view.pods[string_at(pod, "metadata/name")] = pod;
  }
  return view;
}

Condition pod_condition(const WorkloadView& view, const std::string& type,
                        const std::string& component, const std::string& node) {
  const std::string name = component + "-" + node;
  const auto pod = view.pods.find(name);
  if (pod == view.pods.end())
    return {type, "False", "PodDoesNotExist", "Pod " + name + " does not exist"};
  const Json* conditions = find_at(pod->second, "status/conditions");
  if (conditions != nullptr && conditions->is_array()) {
    for (const Json& condition : *conditions) {
      if (string_at(condition, "type") == "Ready" && string_at(condition, "status") == "True") {
        return {type, "True", "PodRunning", ""};
      }
    }
  }
  const std::string phase = string_at(pod->second, "status/phase", "Unknown");
  const bool starting = phase == "Pending" || phase == "Running";
  return {type, "False", starting ? "Provisioning" : "PodFailed",
          "Pod " + name + " is " + phase + " and not ready"};
}

Condition labels_condition(const ControlPlane& plane, const WorkloadView& view,
                           const std::string& node_name) {
  const std::string type = "NodeKubeadmLabelsAndTaintsSet";
  const auto node = view.nodes.find(node_name);
  if (node == view.nodes.end()) {
    return {type, "False", "NodeDoesNotExist", "Node " + node_name + " does not exist"};
  }
  if (!sdk::has_label(node->second, kControlPlaneTaint)) {
    return {type, "False", "NotSet", "Label node-role.kubernetes.io/control-plane is not set"};
  }
  // A spec that lists its own taints decides about them.
  const Json* spec = plane.config_spec();
  if (spec != nullptr && (find_at(*spec, "joinConfiguration/nodeRegistration/taints") != nullptr ||
                          find_at(*spec, "initConfiguration/nodeRegistration/taints") != nullptr)) {
    return {type, "True", "Set", ""};
  }
  const Json* taints = find_at(node->second, "spec/taints");
  const bool tainted = taints != nullptr && taints->is_array() &&
                       std::any_of(taints->begin(), taints->end(), [](const Json& taint) {
                         return string_at(taint, "key") == kControlPlaneTaint;
                       });
  if (!tainted) {
    return {type, "False", "NotSet", "Taint node-role.kubernetes.io/control-plane is not set"};
  }
  return {type, "True", "Set", ""};
}

MachineHealth health_of(const ControlPlane& plane, const WorkloadView& view,
                        const std::string& node) {
  MachineHealth health;
  health.known = true;
  health.api_server = pod_condition(view, "APIServerPodHealthy", "kube-apiserver", node);
  health.controller_manager =
      pod_condition(view, "ControllerManagerPodHealthy", "kube-controller-manager", node);
  health.scheduler = pod_condition(view, "SchedulerPodHealthy", "kube-scheduler", node);
  health.labels = labels_condition(plane, view, node);
  if (plane.stacked_etcd()) {
    health.etcd_pod = pod_condition(view, "EtcdPodHealthy", "etcd", node);
    health.etcd_member = member_condition(view.etcd, health.etcd_pod, node);
    health.etcd_answers = view.etcd.answers(node);
  }
  return health;
}

MachineHealth unknown_health(const ControlPlane& plane, const std::string& reason,
                             const std::string& message) {
  MachineHealth health;
  const auto unknown = [&](const char* type) {
    return Condition{type, "Unknown", reason, message};
  };
  health.api_server = unknown("APIServerPodHealthy");
  health.controller_manager = unknown("ControllerManagerPodHealthy");
  health.scheduler = unknown("SchedulerPodHealthy");
  health.labels = unknown("NodeKubeadmLabelsAndTaintsSet");
  if (plane.stacked_etcd()) {
    health.etcd_pod = unknown("EtcdPodHealthy");
    health.etcd_member = unknown("EtcdMemberHealthy");
  }
  return health;
}

bool differs(const Json& machine, const Condition& wanted) {
  const Json* current = sdk::condition_of(machine, wanted.type);
  return current == nullptr || string_at(*current, "status") != wanted.status ||
         string_at(*current, "reason") != wanted.reason ||
         string_at(*current, "message") != wanted.message;
}

// One write a machine, and none where nothing changed.
void write_conditions(ControlPlane& plane, const ControlPlaneMachine& machine) {
  const MachineHealth& health = machine.health;
  std::vector<Condition> wanted = {health.api_server, health.controller_manager, health.scheduler,
                                   health.labels};
  if (plane.stacked_etcd()) {
    wanted.push_back(health.etcd_pod);
    wanted.push_back(health.etcd_member);
  }
  wanted.push_back(machine.up_to_date ? Condition{"UpToDate", "True", "UpToDate", ""}
                                      : Condition{"UpToDate", "False", "NotUpToDate",
                                                  "* " + machine.outdated_because});
  std::erase_if(wanted, [&](const Condition& c) { return !differs(*machine.machine, c); });
  if (wanted.empty()) return;
  plane.reply.conditions_of({kCoreApi, "Machine", plane.ns, machine.name(), machine.uid()}, wanted);
}

}  // namespace

bool is_initialized(ControlPlane& plane) {
  const Expected<sdk::HttpAnswer> answer = plane.host.workload().request(
      plane.ns, plane.cluster_name,
      {{"method", "GET"},
       {"path", "/api/v1/namespaces/kube-system/configmaps/kubeadm-config"},
       {"timeoutMs", 3000}});
  plane.interrupted |= answer.code() == sdk::Code::kCancelled;
  return answer.ok() && answer->status == 200;
}

void check_health(ControlPlane& plane) {
  Expected<WorkloadView> view = plane.initialized
                                    ? look(plane)
                                    : Expected<WorkloadView>(sdk::Error::unavailable(
                                          "Waiting for the control plane to be initialized"));
  if (view.ok()) {
    view->etcd = ask_etcd(plane);
    plane.etcd_members = view->etcd.members;
  }
  plane.interrupted |= view.code() == sdk::Code::kCancelled;
  if (plane.given_up()) return;
  for (ControlPlaneMachine& machine : plane.machines) {
    if (!view.ok()) {
      machine.health = unknown_health(plane, "InspectionFailed", view.error().summary);
    } else if (machine.node().empty()) {
      machine.health = unknown_health(plane, "InspectionFailed",
                                      "Waiting for a Node with the Machine's providerID");
    } else {
      machine.health = health_of(plane, *view, machine.node());
    }
    if (!machine.deleting()) write_conditions(plane, machine);
  }
  if (view.ok()) plane.nodes = std::move(view->nodes);
}

bool components_run(const ControlPlane& plane, const ControlPlaneMachine& machine) {
  const MachineHealth& health = machine.health;
  return health.api_server.status == "True" && health.controller_manager.status == "True" &&
         health.scheduler.status == "True" &&
         (!plane.stacked_etcd() || health.etcd_pod.status == "True");
}

std::string why_not_stable(const ControlPlane& plane, const ControlPlaneMachine* except) {
  for (const ControlPlaneMachine& machine : plane.machines) {
    if (machine.deleting()) return "Machine " + machine.name() + " is being deleted";
  }
  for (const ControlPlaneMachine& machine : plane.machines) {
    if (&machine == except) continue;
    if (machine.node().empty()) return "Machine " + machine.name() + " has no Node yet";
    const MachineHealth& health = machine.health;
    std::vector<const Condition*> gates = {&health.api_server, &health.controller_manager,
                                           &health.scheduler};
    if (plane.stacked_etcd()) {
      gates.push_back(&health.etcd_pod);
      gates.push_back(&health.etcd_member);
    }
    for (const Condition* gate : gates) {
      if (gate->status == "True") continue;
      return "Machine " + machine.name() + " reports " + gate->type + " condition is " +
             gate->status + (gate->message.empty() ? "" : ": " + gate->message);
    }
  }
  const auto stray = stray_members(plane);
  return stray.empty() ? "" : without_machine(*stray.front());
}

}  // namespace capstan::kubeadm
