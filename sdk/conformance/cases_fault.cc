// Cases about a host whose services fail: one call of many, then all is well again.
#include <optional>

#include "sdk/conformance/bench.h"
#include "sdk/conformance/case.h"
#include "sdk/conformance/shape.h"
#include "sdk/include/capstan/ext/services.h"

namespace capstan::conformance {
namespace {

// Calls of the host in one life that are made to fail, one a run.
constexpr size_t kMaxFaults = 40;
// Of one that does not come to rest: it has no end that could be another.
constexpr size_t kFewFaults = 8;

bool can_fail(const HostCall& call) {
  return call.service == CAPSTAN_EXT_SECRETS || call.service == CAPSTAN_EXT_OBJECTS ||
         call.service == CAPSTAN_EXT_WORKLOAD || call.service == CAPSTAN_EXT_PKI;
}

struct Life {
  Json shape;
  size_t failable = 0;  // calls that could have failed
  bool failed = false;  // the k-th was made to
  bool terminal = false;
  std::string trouble;  // could not be started: an activation that failed is one
  Settled settled;
};

// One life in which the k-th call that can fail is answered with `fault`; k = 0 for none.
Life live(const CaseInput& input, size_t k, const HostAnswer& fault) {
  Life life;
  BenchOptions options;
  options.hook = [&](size_t, const HostCall& call) -> std::optional<HostAnswer> {
    if (!can_fail(call) || ++life.failable != k) return std::nullopt;
    life.failed = true;
    return fault;
  };
  auto bench = Bench::make(input.subject, *input.entry, std::move(options));
  if (!bench.ok()) {
    life.trouble = bench.error().message;
    return life;
  }
  const auto key = (*bench)->add("one");
  if (!key.ok()) {
    life.trouble = key.error().message;
    return life;
  }
  life.settled = (*bench)->settle(*key, [&](const Step& step) {
    life.terminal = life.terminal || (step.reply.status != Code::kOk && step.reply.terminal());
    return true;
  });
  life.shape = shape_of_all((*bench)->dump());
  (void)(*bench)->ask_deletion(*key);
  (void)(*bench)->settle(*key);
  return life;
}

Finding each_call_fails(const CaseInput& input, const HostAnswer& fault, bool recovers) {
  const Life undisturbed = live(input, 0, fault);
  if (!undisturbed.trouble.empty()) return skipped(undisturbed.trouble);
  if (undisturbed.failable == 0)
    return skipped("the plugin asks the host for nothing that can fail");
  const size_t most = undisturbed.settled.at_rest ? kMaxFaults : kFewFaults;
  for (size_t k = 1; k <= std::min(undisturbed.failable, most); ++k) {
    const Life life = live(input, k, fault);
    const std::string where = "with host call " + std::to_string(k) + " failing ";
    if (!life.settled.complaints.empty()) return failed(where + life.settled.complaints.front());
    if (!life.trouble.empty() || !life.failed) continue;  // an activation that failed says why
    if (!recovers) continue;
    if (life.terminal) return failed(where + "once, the object is given up for good");
    const std::string difference = first_difference(undisturbed.shape, life.shape);
    if (!difference.empty()) return failed(where + "once, the end is another: " + difference);
  }
  return passed(undisturbed.shape);
}

Finding unavailable(const CaseInput& input) {
  HostAnswer fault{.status = Code::kUnavailable};
  fault.diagnostics.push_back({false, "made to fail by the conformance kit", "", "", {}, false});
  return each_call_fails(input, fault, true);
}

Finding garbage(const CaseInput& input) {
  return each_call_fails(input, {.status = Code::kOk, .text = "{\"half\": [1, \xff"}, false);
}

Finding empty_answers(const CaseInput& input) {
  return each_call_fails(input, {.status = Code::kOk}, false);
}

}  // namespace

std::vector<Case> fault_cases() {
  return {
      {"fault-unavailable", 6, Scope::kKind,
       "gets to the same end where any one host call fails once", "convention 10; ext/services.h",
       unavailable},
      {"fault-empty-answer", 7, Scope::kKind, "survives empty answers of the host", "convention 8",
       empty_answers},
      {"fault-garbage", 7, Scope::kKind, "survives answers of the host that are no JSON",
       "convention 8", garbage},
  };
}

}  // namespace capstan::conformance
