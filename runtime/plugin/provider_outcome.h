// The reply of a reconcile call, checked and turned into changes: the patch split into main and
// status, the conditions merged, other objects only where the manifest allows them.
//
// Whatever a plugin writes gives changes or a clear error, never a crash.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/controller/reconciler.h"
#include "runtime/object/kind.h"
#include "runtime/object/object.h"
#include "runtime/plugin/provider_port.h"

namespace capstan {

struct OutcomeContext {
  const Object& object;
  const Manifest& manifest;
  const KindRegistry& kinds;
  Instant now;
  // The host gave the call up and broke off requests that it had under way, so neither its failure
  // nor what it saw says anything of the object.
  bool given_up = false;
};

// A failure of the call becomes Outcome::error, a Ready=False condition (unless the reply sets
// Ready itself) and an event; a terminal one is not retried. Of a call that was given up it is the
// error alone, and of the reply counts what the call made or asks for, but no status, no
// conditions of any object and no warnings: whoever comes next looks again. A reply that cannot be
// read, or that touches what the manifest does not allow, is an error and nothing of it is
// committed.
Outcome provider_outcome(const ProviderReply& reply, const OutcomeContext& context);

// An outcome that only sets conditions of the object; empty where they are set already.
struct ConditionUpdate {
  std::string type;
  std::string status;
  std::string reason;
  std::string message;
};
Outcome condition_outcome(const Object& object, const std::vector<ConditionUpdate>& conditions,
                          Instant now);

}  // namespace capstan
