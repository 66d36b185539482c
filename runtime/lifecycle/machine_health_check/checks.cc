#include "runtime/lifecycle/machine_health_check/checks.h"

#include <algorithm>

#include "runtime/lifecycle/common/draft.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/object/conditions.h"

namespace capstan::lifecycle {
namespace {

using std::chrono::seconds;

// "10m0s"
std::string text_of(seconds duration) {
  const auto count = duration.count();
  std::string text;
  if (count >= 3600) text += std::to_string(count / 3600) + "h";
  if (count >= 60) text += std::to_string(count / 60 % 60) + "m";
  return text + std::to_string(count % 60) + "s";
}

bool control_plane_initialized(const Json& cluster) {
  return is_condition_true(cluster, "ControlPlaneInitialized");
}

// The later of `time` and the moment since when the condition has been true.
Instant later(Instant time, const Json& object, std::string_view type) {
  const auto condition = get_condition(object, type);
  if (!condition || condition->status != kTrue) return time;
  const auto since = parse_time(condition->last_transition_time);
  return since.ok() ? std::max(time, *since) : time;
}

// A condition of the list that has had its status for too long is a cause.
void check_conditions(const Json* list, const Json& object, const char* what, Instant now,
                      Verdict& verdict) {
  if (list == nullptr || !list->is_array()) return;
  for (const Json& wanted : *list) {
    const auto condition = get_condition(object, get_string(wanted, {"type"}));
    if (!condition || condition->status != get_string(wanted, {"status"})) continue;
    const auto since = parse_time(condition->last_transition_time);
    const seconds timeout(get_int(wanted, {"timeoutSeconds"}));
    const Duration left = (since.ok() ? *since : now) + timeout - now;
    if (left >= Duration::zero()) {
      requeue_within(verdict.again, left + seconds(1));
      continue;
    }
    verdict.causes.push_back("Condition " + condition->type + " on " + what +
                             " is reporting status " + condition->status + " with reason " +
                             condition->reason + " for more than " + text_of(timeout));
  }
}

// The clock starts when nothing but the machine itself is waited for.
void check_startup(const CheckInput& input, Verdict& verdict) {
  const seconds timeout(
      get_int(input.checks, {"nodeStartupTimeoutSeconds"}, kDefaultNodeStartupTimeout));
  if (timeout.count() == 0) return;
  const auto created = parse_time(get_string(input.machine, {"metadata", "creationTimestamp"}));
  Instant since = created.ok() ? *created : input.now;
  since = later(since, input.cluster, "ControlPlaneInitialized");
  since = later(since, input.cluster, "InfrastructureReady");
  since = later(since, input.machine, "InfrastructureReady");
  const Duration left = since + timeout - input.now;
  if (left >= Duration::zero()) {
    requeue_within(verdict.again, left + seconds(1));
    return;
  }
  verdict.reason = "NodeStartupTimeout";
  verdict.causes.push_back("Node failed to report startup in " + text_of(timeout));
}

void check_node(const CheckInput& input, Verdict& verdict) {
  if (input.node_missing) {
    verdict.reason = "NodeDeleted";
    verdict.causes.push_back("Node " + get_string(input.machine, {"status", "nodeRef", "name"}) +
                             " has been deleted");
    return;
  }
  if (input.node == nullptr) return check_startup(input, verdict);
  const size_t before = verdict.causes.size();
  check_conditions(find(input.checks, {"unhealthyNodeConditions"}), *input.node, "Node", input.now,
                   verdict);
  if (verdict.causes.size() > before) verdict.reason = "UnhealthyNode";
}

}  // namespace

std::string Verdict::message() const {
  std::string text = "Health check failed:";
  for (const std::string& cause : causes) text += "\n  * " + cause;
  return text;
}

Verdict check_machine(const CheckInput& input) {
  Verdict verdict;
  if (find(input.machine, {"metadata", "annotations", kRemediateMachine}) != nullptr) {
    verdict.judged = true;
    verdict.reason = "HasRemediateAnnotation";
    verdict.causes = {"marked for remediation via " + std::string(kRemediateMachine) +
                      " annotation"};
    return verdict;
  }
  // Only the first control plane machines can be at fault for a control plane that does not come.
  const bool control_plane =
      find(input.machine, {"metadata", "labels", kControlPlaneLabel}) != nullptr;
  if (!control_plane_initialized(input.cluster) && !control_plane) return verdict;
  if (!is_condition_true(input.cluster, "InfrastructureReady")) return verdict;
  verdict.judged = true;
  check_conditions(find(input.checks, {"unhealthyMachineConditions"}), input.machine, "Machine",
                   input.now, verdict);
  const bool machine_at_fault = !verdict.causes.empty();
  check_node(input, verdict);
  if (machine_at_fault) verdict.reason = "UnhealthyMachine";
  if (verdict.unhealthy()) verdict.again.reset();
  return verdict;
}

}  // namespace capstan::lifecycle
