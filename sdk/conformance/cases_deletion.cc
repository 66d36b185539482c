// Cases about deletion: it ends, removes what was made, and what is gone already is no failure.
#include "sdk/conformance/bench.h"
#include "sdk/conformance/case.h"

namespace capstan::conformance {
namespace {

struct Started {
  std::unique_ptr<Bench> bench;
  ObjectKey key;
};

Result<Started> start(const CaseInput& input) {
  Started out;
  out.bench = TRY(Bench::make(input.subject, *input.entry));
  out.key = TRY(out.bench->add("one"));
  return out;
}

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
  auto started = start(input);
  if (!started.ok()) return skipped(started.error().message);
  const std::string untouched = started->bench->digest();
  (void)started->bench->settle(started->key);
  const std::string complaint = delete_it(*started->bench, started->key);
  if (!complaint.empty()) return failed(complaint);
  const std::string left = started->bench->digest();
  return left == untouched ? passed() : failed("something is left outside after deletion: " + left);
}

// After the first call only the finalizer is stored.
Finding deletes_what_was_never_made(const CaseInput& input) {
  auto started = start(input);
  if (!started.ok()) return skipped(started.error().message);
  (void)started->bench->call(started->key);
  const std::string complaint = delete_it(*started->bench, started->key);
  return complaint.empty() ? passed() : failed(complaint);
}

Finding deletes_at_every_step(const CaseInput& input) {
  for (int steps = 0; steps < 8; ++steps) {
    auto started = start(input);
    if (!started.ok()) return skipped(started.error().message);
    const std::string untouched = started->bench->digest();
    bool moved = false;
    for (int i = 0; i < steps; ++i) moved = started->bench->call(started->key).changed;
    const std::string complaint = delete_it(*started->bench, started->key);
    const std::string when = "deleted after " + std::to_string(steps) + " calls: ";
    if (!complaint.empty()) return failed(when + complaint);
    if (started->bench->digest() != untouched) return failed(when + "something is left outside");
    if (steps > 3 && !moved) break;
  }
  return passed();
}

// The reply that removed the last finalizer was lost: the same object is called once more.
Finding deletes_what_is_gone(const CaseInput& input) {
  auto started = start(input);
  if (!started.ok()) return skipped(started.error().message);
  Bench& bench = *started->bench;
  (void)bench.settle(started->key);
  const auto asked = bench.ask_deletion(started->key);
  if (!asked.ok()) return failed(asked.error().message);
  std::string request = bench.request(started->key);
  if (request.empty()) return skipped("the object has no finalizer, so nothing is called");
  const Settled settled = bench.settle(started->key, [&](const Step&) {
    const std::string next = bench.request(started->key);
    if (!next.empty()) request = next;
    return true;
  });
  if (bench.get(started->key) != nullptr) return failed("the object is still there");
  (void)settled;
  for (int i = 0; i < 3; ++i) {
    ProviderCall call;
    call.deadline = SystemClock().monotonic() + input.entry->timeout;
    call.attempt = static_cast<uint32_t>(i);
    const ProviderReply reply = bench.provider().reconcile(call, request);
    if (reply.status != Code::kOk) {
      return failed("deleting what is gone already fails: " +
                    reply.error(input.subject.manifest().name).message);
    }
  }
  return passed();
}

// Another's finalizer keeps the object; the plugin's own goes and stays away.
Finding keeps_foreign_finalizer(const CaseInput& input) {
  auto bench = Bench::make(input.subject, *input.entry);
  if (!bench.ok()) return skipped(bench.error().message);
  const auto key =
      (*bench)->add("guarded", {{"metadata", {{"finalizers", {"example.com/guard"}}}}});
  if (!key.ok()) return skipped(key.error().message);
  (void)(*bench)->settle(*key);
  const auto asked = (*bench)->ask_deletion(*key);
  if (!asked.ok()) return failed(asked.error().message);
  const Settled settled = (*bench)->settle(*key);
  const ObjectPtr left = (*bench)->get(*key);
  if (left == nullptr) return failed("a foreign finalizer was removed");
  if (left->meta().finalizers.size() != 1) {
    return failed("beside a foreign finalizer its own is kept: " + left->meta().finalizers.front());
  }
  return settled.at_rest ? passed() : failed("does not rest while a foreign finalizer is there");
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
