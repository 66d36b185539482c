// Counts over Machines that the status of every owner has.
//
// Thread safety: pure functions.
#pragma once

#include "runtime/lifecycle/common/rollup.h"

namespace capstan::lifecycle {

struct MachineCounts {
  int64_t replicas = 0;
  int64_t ready = 0;
  int64_t available = 0;
  int64_t up_to_date = 0;
  int64_t nodes_ready = 0;  // what v1beta1 counts as ready
  Json versions;            // [{version, replicas}], oldest first; null where there is none

  void write_to(Json& status) const;
};

MachineCounts count_machines(const Objects& machines);

// MachinesReady, MachinesUpToDate and Remediating.
std::vector<Condition> machine_rollups(const Objects& machines);
// ScalingUp and ScalingDown; `blocked`: why no Machines are made.
Condition scaling_up(int64_t desired, int64_t actual, bool deleting,
                     const std::vector<std::string>& blocked);
Condition scaling_down(int64_t desired, int64_t actual, bool deleting);
// `left`: what is waited for.
Condition deleting_condition(bool deleting, const Objects& left, const char* what);

}  // namespace capstan::lifecycle
