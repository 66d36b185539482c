#include "plugins/docker/client/call_scope.h"

#include <utility>

namespace capstan::docker {
namespace {

thread_local const GivenUp* innermost = nullptr;

}  // namespace

CallScope::CallScope(GivenUp given_up)
    : given_up_(std::move(given_up)), outer_(std::exchange(innermost, &given_up_)) {}

CallScope::~CallScope() {
  innermost = outer_;
}

const GivenUp* CallScope::current() {
  return innermost;
}

GivenUp given_up_with(const sdk::Call& call, sdk::Clock clock) {
  return [&call, clock]() -> std::optional<sdk::Error> {
    if (call.cancelled()) return sdk::Error::cancelled("the call was given up");
    if (call.deadline_ns() == 0 || clock.monotonic_nanos() < call.deadline_ns()) return {};
    return sdk::Error::make(sdk::Code::kUnavailable,
                            "Docker Engine gave no answer within the time of the call")
        .with_reason("EngineUnavailable");
  };
}

}  // namespace capstan::docker
