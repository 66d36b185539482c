// Cases that try what nobody thought of: requests and settings changed at random, from a seed that
// makes every run repeatable.
#include <algorithm>

#include "runtime/base/random.h"
#include "sdk/conformance/bench.h"
#include "sdk/conformance/case.h"
#include "sdk/conformance/mutate.h"

namespace capstan::conformance {
namespace {

constexpr int kRuns = 300;

std::string again(const CaseInput& input, int run) {
  return " (run " + std::to_string(run) + " of --seed " + std::to_string(input.subject.seed) + ")";
}

// What the answer to a changed text broke, or "".
std::string broken_rule(const ProviderReply& reply, const Subject& subject) {
  const std::string broken = misbehaviour(reply, subject);
  if (!broken.empty() || reply.text.empty()) return broken;
  return parse_json(reply.text).ok() ? "" : "wrote what is no JSON";
}

Finding requests(const CaseInput& input) {
  return with_object(input, [&](Bench& bench, const ObjectKey& key) {
    SeededRandom random(input.subject.seed);
    for (int run = 0; run < kRuns; ++run) {
      if (run == kRuns / 3) (void)bench.call(key);
      if (run == 2 * kRuns / 3) (void)bench.ask_deletion(key);
      std::string text = bench.request(key);
      if (text.empty()) break;
      text = mutated(text, random);
      ProviderCall call;
      call.deadline = SystemClock().monotonic() + std::chrono::seconds(5);
      call.key = "uid-fuzz";
      const std::string reconciled =
          broken_rule(bench.provider().reconcile(call, text), input.subject);
      if (!reconciled.empty()) return failed("reconcile " + reconciled + again(input, run));
      const std::string admitted =
          broken_rule(bench.provider().admit(call, text, ""), input.subject);
      if (!admitted.empty()) return failed("admit " + admitted + again(input, run));
    }
    return passed();
  });
}

Finding settings(const CaseInput& input) {
  const Manifest& manifest = input.subject.manifest();
  if (manifest.reconciles.empty()) return skipped("it reconciles nothing");
  const CaseInput first{input.subject, &manifest.reconciles.front()};
  BenchOptions options;
  options.activate = false;
  const auto body = [&](Bench& bench) {
    SeededRandom random(input.subject.seed);
    const std::string good =
        dump_json(in_world(input.subject.config.settings, input.subject.world));
    for (int run = 0; run < 30; ++run) {
      const auto changed = parse_json(mutated(good, random));
      if (!changed.ok() || !changed->is_object()) continue;
      if (bench.provider().activate(*changed).ok()) bench.provider().deactivate();
    }
    return passed();
  };
  return with_bench(first, body, std::move(options));
}

}  // namespace

std::vector<Case> fuzz_cases() {
  return {
      {"fuzz-settings", 7, Scope::kPlugin, "survives settings changed at random", "convention 8",
       settings},
      {"fuzz-requests", 7, Scope::kKind, "survives requests changed at random", "convention 8",
       requests},
  };
}

}  // namespace capstan::conformance
