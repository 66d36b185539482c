#include "plugins/kubeadm/control_plane/etcd_health.h"

#include <algorithm>

namespace capstan::kubeadm {
namespace {

using sdk::Condition;
using sdk::Expected;

constexpr const char* kType = "EtcdMemberHealthy";

// Those that answered last time first.
std::vector<const ControlPlaneMachine*> machines_to_ask(const ControlPlane& plane) {
  std::vector<const ControlPlaneMachine*> machines;
  for (const ControlPlaneMachine& machine : plane.machines) {
    if (machine.node().empty() || machine.has_left_etcd()) continue;
    machines.push_back(&machine);
  }
  std::stable_partition(machines.begin(), machines.end(),
                        [](const auto* machine) { return machine->condition_true(kType); });
  return machines;
}

// Both go through consensus: a member without a majority behind it cannot tell.
sdk::Status ask_for_all(Etcd& etcd, const std::string& node, EtcdView& view) {
  std::vector<EtcdMember> members = CAPSTAN_TRY(etcd.members(node));
  for (const EtcdAlarm& alarm : CAPSTAN_TRY(etcd.alarms(node))) {
    std::string& text = view.alarms[alarm.member];
    text += (text.empty() ? "" : ", ") + alarm.alarm;
  }
  view.members = std::move(members);
  return {};
}

}  // namespace

EtcdView ask_etcd(ControlPlane& plane) {
  EtcdView view;
  // Before a second machine joins: what an earlier one has left would keep it from that.
  const bool grows = plane.desired_replicas() > 1 || !plane.outdated().empty();
  const size_t machines = plane.machines.size();
  if (!plane.stacked_etcd() || machines == 0 || (machines == 1 && !grows)) return view;
  view.asked = true;
  Expected<Etcd> etcd = Etcd::connect(plane);
  if (!etcd.ok()) {
    view.error = etcd.error().summary;
    return view;
  }
  view.error = "No etcd member answers";
  for (const ControlPlaneMachine* machine : machines_to_ask(plane)) {
    const std::string node = machine->node();
    const Expected<EtcdStatus> status = etcd->status(node);
    if (!status.ok()) {
      plane.interrupted |= status.code() == sdk::Code::kCancelled;
      view.silent[node] = status.error().summary;
      continue;
    }
    view.faults[node] = status->leader.empty() ? "The etcd member sees no leader" : "";
    if (!view.error.empty() && !status->leader.empty()) {
      const sdk::Status told = ask_for_all(*etcd, node, view);
      plane.interrupted |= told.code() == sdk::Code::kCancelled;
      view.error = told.ok() ? "" : told.error().summary;
    }
  }
  return view;
}

Condition member_condition(const EtcdView& view, const Condition& pod, const std::string& node) {
  if (!view.asked) {
    return {kType, pod.status, pod.status == "True" ? "Healthy" : "NotHealthy", pod.message};
  }
  const auto bad = [](std::string message) {
    return Condition{kType, "False", "NotHealthy", std::move(message)};
  };
  const auto fault = view.faults.find(node);
  if (fault == view.faults.end()) {
    const auto silent = view.silent.find(node);
    return {kType, "Unknown", "InspectionFailed",
            silent == view.silent.end() ? view.error : silent->second};
  }
  if (!fault->second.empty()) return bad(fault->second);
  if (!view.error.empty()) return {kType, "Unknown", "InspectionFailed", view.error};
  const auto member = std::find_if(view.members.begin(), view.members.end(),
                                   [&](const EtcdMember& m) { return m.name == node; });
  if (member == view.members.end()) return bad("Etcd has no member for Node " + node);
  if (member->learner) return bad("The etcd member is a learner still");
  if (const auto alarm = view.alarms.find(member->id); alarm != view.alarms.end()) {
    return bad("Etcd reports alarms: " + alarm->second);
  }
  return {kType, "True", "Healthy", ""};
}

}  // namespace capstan::kubeadm
