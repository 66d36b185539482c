#include "plugins/kubeadm/control_plane/remediation.h"

#include <algorithm>
#include <array>

#include "plugins/kubeadm/control_plane/etcd_members.h"
#include "plugins/kubeadm/control_plane/health.h"
#include "plugins/kubeadm/names.h"
#include "plugins/kubeadm/times.h"

namespace capstan::kubeadm {
namespace {

using sdk::Condition;
using sdk::Expected;
using sdk::string_at;

constexpr const char* kRemediateMachine = "cluster.x-k8s.io/remediate-machine";
constexpr int64_t kDefaultMinHealthySeconds = 3600;

// What the annotations hold.
struct Remediation {
  std::string machine;
  std::string timestamp;
  int64_t retries = 0;

  static std::optional<Remediation> parse(const std::string& text) {
    if (text.empty()) return std::nullopt;
    const Expected<Json> json = sdk::parse_json(text);
    if (!json.ok() || !json->is_object()) return std::nullopt;
    return Remediation{string_at(*json, "machine"), string_at(*json, "timestamp"),
                       sdk::int_at(*json, "retryCount")};
  }
  std::string text() const {
    return sdk::dump_json(
        {{"machine", machine}, {"timestamp", timestamp}, {"retryCount", retries}});
  }
};

bool condition_false(const Json& machine, std::string_view type) {
  const Json* condition = sdk::condition_of(machine, type);
  return condition != nullptr && string_at(*condition, "status") == "False";
}

// Tells on the machine; nothing is written where it says so already.
void tell(ControlPlane& plane, const ControlPlaneMachine& machine, const Condition& condition) {
  const Json* present = sdk::condition_of(*machine.machine, condition.type);
  if (present != nullptr && string_at(*present, "status") == condition.status &&
      string_at(*present, "reason") == condition.reason &&
      string_at(*present, "message") == condition.message) {
    return;
  }
  plane.reply.conditions_of({kCoreApi, "Machine", plane.ns, machine.name(), machine.uid()},
                            {condition});
}

// A machine that has become healthy again before it was replaced is kept.
void forget_recovered(ControlPlane& plane) {
  for (const ControlPlaneMachine& machine : plane.machines) {
    if (machine.deleting() || !machine.condition_true("HealthCheckSucceeded") ||
        !condition_false(*machine.machine, "OwnerRemediated")) {
      continue;
    }
    tell(plane, machine, {"OwnerRemediated", "True", "Recovered", ""});
  }
}

std::optional<Remediation> in_progress(const ControlPlane& plane) {
  return Remediation::parse(sdk::annotation_of(plane.object, kRemediationInProgress));
}

// Left over where the replacement was made and the annotation not taken back.
bool is_stale(const ControlPlane& plane, const Remediation& remediation) {
  return std::any_of(plane.machines.begin(), plane.machines.end(), [&](const auto& machine) {
    return string_at(*machine.machine, "metadata/creationTimestamp") > remediation.timestamp;
  });
}

// The most broken one goes first: with it gone the others have the best chance.
const ControlPlaneMachine* pick(const ControlPlane& plane) {
  const auto badness = [&](const ControlPlaneMachine& m) {
    const MachineHealth& health = m.health;
    const bool etcd = plane.stacked_etcd();
    return std::array<bool, 9>{!sdk::has_annotation(*m.machine, kRemediateMachine),
                               !m.node().empty(),
                               etcd && health.etcd_answers,
                               etcd && health.etcd_member.status == "True",
                               etcd && health.etcd_pod.status == "True",
                               health.api_server.status == "True",
                               health.controller_manager.status == "True",
                               health.scheduler.status == "True",
                               health.labels.status == "True"};
  };
  const ControlPlaneMachine* worst = nullptr;
  for (const ControlPlaneMachine& machine : plane.machines) {  // oldest first
    if (!waits_for_remediation(machine)) continue;
    if (worst == nullptr || badness(machine) < badness(*worst)) worst = &machine;
  }
  return worst;
}

// Why an initialized control plane cannot do without the machine now.
std::optional<Condition> why_not_safe(const ControlPlane& plane,
                                      const ControlPlaneMachine& leaving) {
  const auto no = [](const char* reason, const char* message) {
    return Condition{"OwnerRemediated", "False", reason, message};
  };
  if (plane.machines.size() <= 1) {
    return no("CannotBeRemediated",
              "KubeadmControlPlane can't remediate if current replicas are less or equal to 1");
  }
  bool others_serve = false;
  for (const ControlPlaneMachine& machine : plane.machines) {
    if (machine.deleting()) {
      return no("RemediationDeferred",
                "KubeadmControlPlane waiting for control plane Machine deletion to complete before "
                "triggering remediation");
    }
    if (machine.node().empty() && !waits_for_remediation(machine)) {
      return no("RemediationDeferred",
                "KubeadmControlPlane waiting for control plane Machine provisioning to complete "
                "before triggering remediation");
    }
    if (&machine != &leaving && components_run(plane, machine)) others_serve = true;
  }
  if (plane.stacked_etcd() && plane.etcd_members.empty()) {
    return no("RemediationDeferred", "Failed to check etcd cluster health before remediation");
  }
  // Of a machine whose node is not known it cannot be known either whether it has a member.
  const std::string member = member_name(plane, leaving);
  const bool etcd_stays = !plane.stacked_etcd() || member.empty() || quorum_remains(plane, member);
  if (others_serve && etcd_stays) return std::nullopt;
  return no("CannotBeRemediated",
            "KubeadmControlPlane can't remediate this Machine because this could result in losing "
            "Kubernetes control plane components or in etcd quorum loss");
}

// The next try, or why there is none yet. A machine that fails within the healthy period after it
// replaced another counts as another try for that one.
std::optional<Condition> count_try(ControlPlane& plane, const ControlPlaneMachine& machine,
                                   Remediation& next) {
  next = {machine.name(), plane.request.now(), 0};
  const auto last = Remediation::parse(sdk::annotation_of(*machine.machine, kRemediationFor));
  const auto now = unix_seconds(plane.request.now());
  const auto then = last ? unix_seconds(last->timestamp) : std::nullopt;
  const auto setting = [&](const char* name, int64_t otherwise) {
    return sdk::int_at(plane.object, std::string("spec/remediation/") + name, otherwise);
  };
  if (!now || !then ||
      *then + setting("minHealthyPeriodSeconds", kDefaultMinHealthySeconds) <= *now) {
    return std::nullopt;
  }
  const int64_t left = *then + setting("retryPeriodSeconds", 0) - *now;
  if (left > 0) {
    plane.reply.requeue_after(std::chrono::seconds(left));
    return Condition{"OwnerRemediated", "False", "RemediationDeferred",
                     "KubeadmControlPlane can't remediate this machine because the operation "
                     "already failed in the latest " +
                         std::to_string(setting("retryPeriodSeconds", 0)) +
                         "s (RetryPeriodSeconds)"};
  }
  const int64_t most = setting("maxRetry", -1);
  if (most >= 0 && last->retries >= most) {
    return Condition{"OwnerRemediated", "False", "CannotBeRemediated",
                     "KubeadmControlPlane can't remediate this machine because the operation "
                     "already failed " +
                         std::to_string(most) + " times (MaxRetry)"};
  }
  next.retries = last->retries + 1;
  return std::nullopt;
}

}  // namespace

bool waits_for_remediation(const ControlPlaneMachine& machine) {
  return condition_false(*machine.machine, "HealthCheckSucceeded") &&
         condition_false(*machine.machine, "OwnerRemediated");
}

Expected<bool> remediate(ControlPlane& plane) {
  forget_recovered(plane);
  const auto running = in_progress(plane);
  const bool stale = running && is_stale(plane, *running);
  if (stale) plane.reply.erase_annotation(kRemediationInProgress);
  const ControlPlaneMachine* machine = pick(plane);
  if (machine == nullptr || machine->deleting() || (running && !stale)) return false;
  Remediation next;
  std::optional<Condition> refusal = count_try(plane, *machine, next);
  if (!refusal && plane.initialized) refusal = why_not_safe(plane, *machine);
  if (refusal) {
    tell(plane, *machine, *refusal);
    return false;
  }
  tell(plane, *machine, {"OwnerRemediated", "False", "MachineDeleting", "Machine is deleting"});
  plane.reply.remove({kCoreApi, "Machine", plane.ns, machine->name(), machine->uid()});
  plane.reply.annotation(kRemediationInProgress, next.text());
  plane.reply.event("MachineRemediation",
                    "Deleting control plane Machine " + machine->name() + ", which is unhealthy");
  return true;
}

std::string take_remediation(ControlPlane& plane) {
  const auto running = in_progress(plane);
  if (!running || is_stale(plane, *running)) return "";
  plane.reply.erase_annotation(kRemediationInProgress);
  return running->text();
}

Json last_remediation(const ControlPlane& plane) {
  std::optional<Remediation> last = in_progress(plane);
  for (const ControlPlaneMachine& machine : plane.machines) {
    auto past = Remediation::parse(sdk::annotation_of(*machine.machine, kRemediationFor));
    if (past && (!last || past->timestamp > last->timestamp)) last = std::move(past);
  }
  if (!last) return nullptr;
  return {{"machine", last->machine}, {"time", last->timestamp}, {"retryCount", last->retries}};
}

}  // namespace capstan::kubeadm
