#include "plugins/kubeadm/control_plane/etcd_members.h"

#include <algorithm>
#include <functional>

#include "plugins/kubeadm/control_plane/etcd.h"
#include "plugins/kubeadm/times.h"

namespace capstan::kubeadm {
namespace {

using sdk::Error;
using sdk::Expected;
using sdk::Status;
using sdk::string_at;

using Matches = std::function<bool(const EtcdMember&)>;

// How long a member may take to start and get its name, once its Node is there. kubeadm adds it
// before its pod runs, whose image may have to be fetched first, and itself waits four minutes for
// the pod: to take it out earlier would make a join fail that only is slow.
constexpr int64_t kStartSeconds = 300;

std::string text_of(const EtcdMember& member) {
  return member.name.empty() ? member.id + " (name not yet assigned)" : member.name;
}

std::string provider_id(const ControlPlaneMachine& machine) {
  return string_at(*machine.machine, "spec/providerID",
                   string_at(machine.infra, "spec/providerID"));
}

bool has_young_node(const ControlPlane& plane, const ControlPlaneMachine& machine) {
  const auto node = plane.nodes.find(machine.node());
  if (node == plane.nodes.end()) return false;
  const auto made = unix_seconds(string_at(node->second, "metadata/creationTimestamp"));
  const auto now = unix_seconds(plane.request.now());
  return made && now && *now - *made < kStartSeconds;
}

bool has_named_member(const ControlPlane& plane, const ControlPlaneMachine& machine) {
  return std::any_of(plane.etcd_members.begin(), plane.etcd_members.end(),
                     [&](const auto& member) { return member.name == machine.node(); });
}

// Whether a machine comes up whose member this can be.
bool may_be_coming_up(const ControlPlane& plane, const EtcdMember& member) {
  return std::any_of(plane.machines.begin(), plane.machines.end(), [&](const auto& machine) {
    if (machine.deleting()) return false;
    return machine.node().empty() || (member.name.empty() && has_young_node(plane, machine) &&
                                      !has_named_member(plane, machine));
  });
}

// The other machines whose etcd can be asked: those that stay before those that are to go and have
// not left yet, the healthiest first. The latter count, since where all machines are deleted a
// member that nobody takes out stands against the majority of those that go after it.
std::vector<const ControlPlaneMachine*> staying_members(const ControlPlane& plane,
                                                        const ControlPlaneMachine* leaving) {
  std::vector<const ControlPlaneMachine*> staying;
  for (const ControlPlaneMachine& machine : plane.machines) {
    if (&machine != leaving && !machine.has_left_etcd() && !machine.node().empty()) {
      staying.push_back(&machine);
    }
  }
  const auto rank = [](const ControlPlaneMachine* m) {
    const int health = m->health.etcd_member.status == "True" ? 0 : m->health.etcd_answers ? 1 : 2;
    return std::pair(m->deleting(), health);
  };
  std::stable_sort(staying.begin(), staying.end(),
                   [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
  return staying;
}

// Asked of the member on `node`, which stays.
Status take_out(ControlPlane& plane, Etcd& etcd, const Matches& leaves, const std::string& node) {
  const std::vector<EtcdMember> members = CAPSTAN_TRY(etcd.members(node));
  const auto member = std::find_if(members.begin(), members.end(), leaves);
  if (member == members.end()) return {};
  const auto heir = std::find_if(members.begin(), members.end(),
                                 [&](const EtcdMember& other) { return other.name == node; });
  // A leader that is removed costs the cluster an election in the middle of a write; one that
  // cannot be asked any more has to be removed all the same.
  if (heir != members.end() && !member->name.empty() &&
      CAPSTAN_TRY(etcd.status(node)).leader == member->id) {
    if (const Status moved = etcd.move_leader(member->name, heir->id); !moved.ok()) {
      plane.host.log().info("the etcd leader on " + member->name +
                            " is removed as it is: " + moved.error().summary);
    }
  }
  return etcd.remove_member(node, member->id);
}

// By the first of the machines that can; fails with the last one's error.
Status take_out(ControlPlane& plane, const std::vector<const ControlPlaneMachine*>& staying,
                const Matches& leaves) {
  Etcd etcd = CAPSTAN_TRY(Etcd::connect(plane));
  Status last;
  for (const ControlPlaneMachine* machine : staying) {
    last = take_out(plane, etcd, leaves, machine->node());
    if (last.ok()) return {};
  }
  return last;
}

}  // namespace

std::string member_name(const ControlPlane& plane, const ControlPlaneMachine& machine) {
  const std::string id = machine.node().empty() ? provider_id(machine) : "";
  if (id.empty()) return machine.node();
  std::string found;
  for (const auto& [name, node] : plane.nodes) {
    if (string_at(node, "spec/providerID") != id) continue;
    if (!found.empty()) return "";
    found = name;
  }
  return found;
}

std::vector<const EtcdMember*> stray_members(const ControlPlane& plane) {
  std::vector<const EtcdMember*> stray;
  for (const EtcdMember& member : plane.etcd_members) {
    const bool known =
        !member.name.empty() &&
        std::any_of(plane.machines.begin(), plane.machines.end(), [&](const auto& machine) {
          return member_name(plane, machine) == member.name;
        });
    if (!known) stray.push_back(&member);
  }
  std::stable_sort(stray.begin(), stray.end(),
                   [](const auto* a, const auto* b) { return a->name < b->name; });
  return stray;
}

std::string without_machine(const EtcdMember& member) {
  return "Etcd member " + text_of(member) + " does not have a corresponding Machine";
}

bool quorum_remains(const ControlPlane& plane, const std::string& leaving_member) {
  size_t members = 0;
  size_t healthy = 0;
  for (const EtcdMember& member : plane.etcd_members) {
    if (member.learner || member.name == leaving_member) continue;
    ++members;
    healthy += std::any_of(plane.machines.begin(), plane.machines.end(), [&](const auto& machine) {
      return machine.node() == member.name && machine.health.etcd_member.status == "True";
    });
  }
  return healthy >= members / 2 + 1;
}

Expected<bool> remove_stray_member(ControlPlane& plane) {
  const auto stray = stray_members(plane);
  const auto staying = staying_members(plane, nullptr);
  const bool wait = std::any_of(stray.begin(), stray.end(), [&](const EtcdMember* member) {
    return may_be_coming_up(plane, *member);
  });
  if (stray.empty() || staying.empty() || wait) return false;
  const EtcdMember& member = *stray.front();
  // One without a name has not started, so nothing is lost with it.
  if (!member.name.empty() && !quorum_remains(plane, member.name)) {
    return Error::failed_precondition(without_machine(member) +
                                      " and is not removed: without it there is no majority of "
                                      "healthy members");
  }
  const auto leaves = [&](const EtcdMember& other) { return other.id == member.id; };
  if (Status removed = take_out(plane, staying, leaves); !removed.ok()) {
    return std::move(removed).error().with_context("removing etcd member " + text_of(member));
  }
  plane.reply.event("EtcdMemberRemoved", "Removed etcd member " + text_of(member) +
                                             ", which has no corresponding Machine");
  return true;
}

Status leave_etcd(ControlPlane& plane, const ControlPlaneMachine& leaving) {
  if (!plane.stacked_etcd()) return {};
  const std::string name = member_name(plane, leaving);
  if (name.empty()) return {};  // if it has a member, that is a stray one once the machine is gone
  const auto staying = staying_members(plane, &leaving);
  if (staying.empty()) return {};  // the last one takes its etcd along
  return take_out(plane, staying, [&](const EtcdMember& member) { return member.name == name; });
}

}  // namespace capstan::kubeadm
