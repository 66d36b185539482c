// Cases about deletion: it ends, removes what was made, and what is gone already is no failure.
#include "sdk/conformance/bench.h"
#include "sdk/conformance/case.h"
#include "sdk/conformance/shape.h"

namespace capstan::conformance {
namespace {

// "" where the object is gone in the end.
std::string delete_it(Bench& bench, const ObjectKey& key) {
  const auto asked = bench.ask_deletion(key);
  if (!asked.ok()) return asked.error().message;
  const Settled settled = bench.settle(key);
  if (!settled.complaints.empty()) return settled.complaints.front();
  const ObjectPtr left = bench.get(key);
  if (left == nullptr) return "";
  std::string text = "the object is still there after " + std::to_string(settled.calls) + " calls";
  if (!settled.failures.empty()) text += ": " + settled.failures.back();
  for (const std::string& finalizer : left->meta().finalizers) text += "; finalizer " + finalizer;
  return text;
}

Finding deletes(const CaseInput& input) {
  return with_object(input, [](Bench& bench, const ObjectKey& key) {
    const std::string untouched = bench.digest();
    (void)bench.settle(key);
    const std::string complaint = delete_it(bench, key);
    if (!complaint.empty()) return failed(complaint);
    const std::string left = bench.digest();
    return left == untouched ? passed(shape_of_all(bench.dump()))
                             : failed("something is left outside after deletion: " + left);
  });
}

// After the first call only the finalizer is stored.
Finding deletes_what_was_never_made(const CaseInput& input) {
  return with_object(input, [](Bench& bench, const ObjectKey& key) {
    (void)bench.call(key);
    return no_complaint(delete_it(bench, key));
  });
}

Finding deletes_at_every_step(const CaseInput& input) {
  bool moved = true;
  Finding finding = passed();
  for (int steps = 0; steps < 8 && finding.verdict == Verdict::kPassed; ++steps) {
    if (steps > 4 && !moved) break;
    finding = with_object(input, [&](Bench& bench, const ObjectKey& key) {
      const std::string untouched = bench.digest();
      for (int i = 0; i < steps; ++i) moved = bench.call(key).changed;
      const std::string complaint = delete_it(bench, key);
      const std::string when = "deleted after " + std::to_string(steps) + " calls: ";
      if (!complaint.empty()) return failed(when + complaint);
      return no_complaint(bench.digest() == untouched ? "" : when + "something is left outside");
    });
  }
  return finding;
}

// The last request before the object went; "" where the plugin is not asked about its end.
std::string request_of_the_end(Bench& bench, const ObjectKey& key) {
  std::string request = bench.request(key);
  if (request.empty()) return "";
  (void)bench.settle(key, [&](const Step&) {
    const std::string next = bench.request(key);
    if (!next.empty()) request = next;
    return true;
  });
  return request;
}

// The reply that removed the last finalizer was lost: the same object is called once more.
Finding deletes_what_is_gone(const CaseInput& input) {
  return with_object(input, [&](Bench& bench, const ObjectKey& key) {
    (void)bench.settle(key);
    const auto asked = bench.ask_deletion(key);
    if (!asked.ok()) return failed(asked.error().message);
    const std::string request = request_of_the_end(bench, key);
    if (request.empty()) return skipped("the object has no finalizer, so nothing is called");
    if (bench.get(key) != nullptr) return failed("the object is still there");
    for (int i = 0; i < 3; ++i) {
      ProviderCall call;
      call.deadline = SystemClock().monotonic() + input.entry->timeout;
      call.attempt = static_cast<uint32_t>(i);
      const ProviderReply reply = bench.provider().reconcile(call, request);
      if (reply.status == Code::kOk) continue;
      return failed("deleting what is gone already fails: " +
                    reply.error(input.subject.manifest().name).message);
    }
    return passed();
  });
}

// Another's finalizer keeps the object; the plugin's own goes and stays away.
Finding keeps_foreign_finalizer(const CaseInput& input) {
  const Json guarded = {{"metadata", {{"finalizers", {"example.com/guard"}}}}};
  return with_object(
      input,
      [](Bench& bench, const ObjectKey& key) {
        (void)bench.settle(key);
        const auto asked = bench.ask_deletion(key);
        if (!asked.ok()) return failed(asked.error().message);
        const Settled settled = bench.settle(key);
        const ObjectPtr left = bench.get(key);
        if (left == nullptr) return failed("a foreign finalizer was removed");
        if (left->meta().finalizers.size() != 1) {
          return failed("beside a foreign finalizer its own is kept: " +
                        left->meta().finalizers.front());
        }
        return no_complaint(settled.at_rest ? ""
                                            : "does not rest while a foreign finalizer is there");
      },
      guarded);
}

}  // namespace

std::vector<Case> deletion_cases() {
  return {
      {"deletion-ends", 4, Scope::kKind, "lets a deleted object go and leaves nothing outside",
       "Cluster API's contract: deletion", deletes},
      {"deletion-of-absent", 5, Scope::kKind, "succeeds where what is to be removed is gone",
       "convention 10", deletes_what_is_gone},
      {"deletion-before-made", 5, Scope::kKind, "lets an object go of which nothing was made",
       "convention 10", deletes_what_was_never_made},
      {"deletion-foreign-finalizer", 5, Scope::kKind, "removes its own finalizer and no other",
       "ext/reconcile.h: patch", keeps_foreign_finalizer},
      {"deletion-at-every-step", 6, Scope::kKind, "can be deleted after any number of calls",
       "convention 10", deletes_at_every_step},
  };
}

}  // namespace capstan::conformance
