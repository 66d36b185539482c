// What the reconciles of Machines, MachineSets and MachineDeployments do alike.
//
// Thread safety: pure functions.
#pragma once

#include <functional>
#include <string>

#include "runtime/lifecycle/common/draft.h"
#include "runtime/lifecycle/common/linked.h"

namespace capstan::lifecycle {

// The steps of one reconcile; each may be empty.
struct FrameSteps {
  std::function<void(Outcome&)> normal;  // not called while there is no Cluster
  std::function<void(Outcome&)> remove;
  std::function<void()> status;
};

// Of an object that belongs to a Cluster (null where that does not exist): nothing but its Paused
// condition while it is paused; otherwise it goes or goes on, and its status is written last.
Outcome reconcile_in_frame(Draft& draft, const Object* cluster, Instant now,
                           const FrameSteps& steps);

// Makes the Cluster an owner of a template, so that it goes with it.
void own_template(const Linked& linked, const Object& cluster, Outcome& outcome);

// status.selector, the selector as text; not where it matches everything.
void write_selector(Draft& draft);

void report(const Draft& draft, const char* reason, const std::string& message, Outcome& outcome,
            const char* type = "Normal");

}  // namespace capstan::lifecycle
