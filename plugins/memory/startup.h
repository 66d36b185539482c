// How long what is pretended takes to start: one thing after the other, each with a part that is
// random, yet the same for the same machine.
//
// Thread safety: pure functions.
#pragma once

#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan::memory {

// When the parts of one machine are up. Workers have neither etcd nor an API server.
struct Startup {
  Instant vm;
  Instant node;
  Instant etcd;
  Instant api_server;
};

// `backend` is spec.backend.inMemory of the DevMachine; a part without a duration takes no time.
// The random part comes from `uid`.
// Errors: kInvalid with the field that is no duration or no fraction.
Result<Startup> plan_startup(const Json& backend, std::string_view uid, Instant begin);

}  // namespace capstan::memory
