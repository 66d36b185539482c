// What has to hold before a MachineSet makes Machines.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "runtime/lifecycle/common/contract.h"

namespace capstan::lifecycle {

struct PreflightInput {
  const Json& machine_set;
  const Object* cluster = nullptr;          // null where it is gone
  const External* control_plane = nullptr;  // null where the Cluster has none or it is gone
  const Object* bootstrap_template = nullptr;
};

// The checks that fail, as sentences; empty where Machines may be made.
std::vector<std::string> preflight(const PreflightInput& input);

// A control plane that has no version yet is being provisioned; one that runs an older version than
// it should is being upgraded.
bool control_plane_provisioning(const External& control_plane);
bool control_plane_upgrading(const External& control_plane);

}  // namespace capstan::lifecycle
