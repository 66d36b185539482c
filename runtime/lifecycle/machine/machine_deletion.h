// What a Machine that is being deleted has to go through, as decisions: may the Node be deleted,
// does a hook stop it, is a step over.
//
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/lifecycle/machine/machine_scope.h"

namespace capstan::lifecycle {

// Whether the Node is to be drained and deleted. Not where its whole cluster or control plane goes,
// where no control plane machine is left to ask, or where there is no Node.
bool node_deletion_allowed(const MachineScope& scope, const KindRegistry& kinds,
                           const WatchCache& objects);

// The annotations with this prefix; deletion waits until there is none.
std::vector<std::string> deletion_hooks(const Metadata& meta, std::string_view prefix);

// Whether pods are still to be evicted: not where it is excluded, has taken longer than it may, the
// phase after it has begun, or the infrastructure goes or is gone already.
bool drain_wanted(const MachineScope& scope, Instant now);
bool volume_wait_wanted(const MachineScope& scope, Instant now);

// Reasons of the conditions Deleting, and NodeHealthy of v1beta1, from a failure to delete the Node
// to the next try.
inline constexpr char kDeletingNode[] = "DeletingNode";
inline constexpr char kNodeDeletionFailed[] = "DeletionFailed";

// Whether a Node that still cannot be deleted stays: spec.deletion.nodeDeletionTimeoutSeconds of
// the whole deletion are over, and tries have failed for a while. That time can be over before the
// first of them, as draining and the infrastructure take theirs.
bool node_deletion_over(const Json& machine, Instant now);

// Whether more time than spec.deletion.<field> has passed since `start` (RFC 3339). No limit where
// the field is missing or 0.
bool timed_out(const Json& machine, std::string_view field, const std::string& start,
               int64_t fallback_seconds, Instant now);

}  // namespace capstan::lifecycle
