// How many replicas each MachineSet of a MachineDeployment should have now: the arithmetic of
// rolling updates, replacement on delete and scaling while paused.
//
// Thread safety: pure functions.
//
// Example: desired 3, maxSurge 1, maxUnavailable 0, an old set of 3 and no new one gives the new
// set 1 replica and leaves the old one alone until the new one is available.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace capstan::lifecycle {

// One MachineSet as the arithmetic sees it. Old ones are ordered oldest first.
struct SetState {
  std::string name;
  int64_t spec = 0;       // spec.replicas
  int64_t actual = 0;     // status.replicas: Machines that exist
  int64_t available = 0;  // status.availableReplicas
  int64_t alive = 0;      // Machines that are not being deleted
};

struct RolloutInput {
  int64_t desired = 1;
  int64_t max_surge = 1;        // resolved; rounded up
  int64_t max_unavailable = 0;  // resolved; rounded down
  SetState current;             // the set of the present template, all 0 where it is yet to be made
  std::vector<SetState> old;
};

struct RolloutPlan {
  int64_t current = 0;
  std::vector<int64_t> old;  // in the order of the input

  bool operator==(const RolloutPlan&) const = default;
};

RolloutPlan plan_rolling_update(const RolloutInput& input);
// Machines are replaced as users delete them: old sets only shrink.
RolloutPlan plan_on_delete(const RolloutInput& input);
// No rollout; a change of the number is shared out in proportion.
RolloutPlan plan_paused(const RolloutInput& input);

// Whether nothing is left to do but to delete the old, empty sets.
bool rollout_complete(const RolloutInput& input);

// maxSurge and maxUnavailable may not both be 0, or nothing would ever move.
void resolve_fenceposts(int64_t& max_surge, int64_t& max_unavailable);

}  // namespace capstan::lifecycle
