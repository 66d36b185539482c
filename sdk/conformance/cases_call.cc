// Cases about one call: it returns when it is told to, from many threads at a time.
#include <atomic>
#include <chrono>
#include <thread>

#include "sdk/conformance/bench.h"
#include "sdk/conformance/case.h"
#include "sdk/conformance/shape.h"

namespace capstan::conformance {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long a call may go on after it was told to give up.
constexpr auto kGrace = milliseconds(2000);

// Every call of a whole life with that deadline or flag; the first that took too long or broke a
// rule.
template <typename Prepare>
Finding hurried(const CaseInput& input, const char* what, Prepare&& prepare) {
  return with_object(input, [&](Bench& bench, const ObjectKey& key) {
    for (int i = 0; i < 12; ++i) {
      ProviderCall call;
      prepare(call);
      const auto begin = steady_clock::now();
      const Step step = bench.call(key, call);
      const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
      if (step.gone) break;
      if (took > kGrace) {
        return failed(std::string(what) + ", a call still took " + std::to_string(took.count()) +
                      " ms");
      }
      const auto complaints = complaints_of(step, bench);
      if (!complaints.empty()) return failed(std::string(what) + ": " + complaints.front());
      if (i == 8 && !bench.ask_deletion(key).ok()) break;
    }
    return passed();
  });
}

Finding cancelled(const CaseInput& input) {
  static const std::atomic<bool> kCancelled{true};
  return hurried(input, "told to give up",
                 [](ProviderCall& call) { call.cancelled = &kCancelled; });
}

Finding past_deadline(const CaseInput& input) {
  return hurried(input, "past its deadline", [](ProviderCall& call) {
    call.deadline = SystemClock().monotonic() - std::chrono::seconds(1);
  });
}

Finding many_attempts(const CaseInput& input) {
  return hurried(input, "at its 4,000,000,000th attempt",
                 [](ProviderCall& call) { call.attempt = 4'000'000'000U; });
}

constexpr int kObjects = 16;
constexpr int kThreads = 4;

// The shapes of many objects, settled by so many threads.
Result<Json> settle_many(const CaseInput& input, int threads) {
  auto bench = TRY(Bench::make(input.subject, *input.entry));
  std::vector<ObjectKey> keys;
  for (int i = 0; i < kObjects; ++i) keys.push_back(TRY(bench->add("n" + std::to_string(i))));
  std::atomic<int> next{0};
  {
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&] {
        for (int i; (i = next++) < kObjects;) (void)bench->settle(keys[static_cast<size_t>(i)]);
      });
    }
  }
  Json shapes = Json::object();
  for (const ObjectKey& key : keys) {
    const ObjectPtr object = bench->get(key);
    shapes[key.name] = object == nullptr ? Json() : shape_of(*object->tree());
    (void)bench->ask_deletion(key);
  }
  for (const ObjectKey& key : keys) {
    (void)bench->settle(key);
    if (bench->get(key) != nullptr) shapes[key.name + " after deletion"] = "still there";
  }
  return shapes;
}

Finding many_at_once(const CaseInput& input) {
  const auto serial = settle_many(input, 1);
  if (!serial.ok()) return skipped(serial.error().message);
  const auto side_by_side = settle_many(input, kThreads);
  if (!side_by_side.ok()) return failed(side_by_side.error().message);
  const std::string difference = first_difference(*serial, *side_by_side);
  return difference.empty()
             ? passed(*serial)
             : failed("side by side another end than one after the other: " + difference);
}

}  // namespace

std::vector<Case> call_cases() {
  return {
      {"call-attempt", 2, Scope::kKind, "takes any attempt number", "abi.h: capstan_call",
       many_attempts},
      {"call-cancel", 6, Scope::kKind, "returns within two seconds when it is told to give up",
       "abi.h: is_cancelled", cancelled},
      {"call-deadline", 6, Scope::kKind, "returns within two seconds after its deadline",
       "convention 10", past_deadline},
  };
}

std::vector<Case> concurrency_cases() {
  return {
      {"concurrency-many-objects", 5, Scope::kKind,
       "brings many objects to the same end side by side as one after the other", "convention 9",
       many_at_once},
  };
}

}  // namespace capstan::conformance
