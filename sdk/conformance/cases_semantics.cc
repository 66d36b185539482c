// Cases about what reconciling does: it comes to rest, says how the object is, and may be repeated.
#include <algorithm>

#include "sdk/conformance/bench.h"
#include "sdk/conformance/case.h"
#include "sdk/conformance/shape.h"

namespace capstan::conformance {
namespace {

constexpr int kRepeats = 5;

bool expects_ready(const CaseInput& input) {
  return input.entry->role != ProviderRole::kControlPlane &&
         !input.subject.config.never_ready.contains(input.entry->kind.kind);
}

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

std::string where(const Bench& bench, const ObjectKey& key) {
  const ObjectPtr object = bench.get(key);
  if (object == nullptr) return "the object is gone";
  const JsonPtr tree = object->tree();
  const Json* conditions = find(*tree, {"status", "conditions"});
  return "its conditions are " + (conditions == nullptr ? "absent" : dump_json(*conditions));
}

std::string not_settled(const Settled& settled, const Bench& bench, const ObjectKey& key) {
  std::string text = "is not at rest after " + std::to_string(settled.calls) + " calls; ";
  if (!settled.failures.empty()) text += "the last failure: " + settled.failures.back() + "; ";
  return text + where(bench, key);
}

Finding keeps_rules(const CaseInput& input) {
  auto started = start(input);
  if (!started.ok()) return skipped(started.error().message);
  const Settled settled = started->bench->settle(started->key);
  return settled.complaints.empty() ? passed() : failed(settled.complaints.front());
}

Finding comes_to_rest(const CaseInput& input) {
  auto started = start(input);
  if (!started.ok()) return skipped(started.error().message);
  const Settled settled = started->bench->settle(started->key);
  if (settled.at_rest) return passed();
  if (!expects_ready(input)) return skipped(not_settled(settled, *started->bench, started->key));
  return failed(not_settled(settled, *started->bench, started->key));
}

Finding becomes_ready(const CaseInput& input) {
  if (!expects_ready(input)) return skipped("the kind is not expected to become ready here");
  auto started = start(input);
  if (!started.ok()) return skipped(started.error().message);
  const Settled settled = started->bench->settle(started->key);
  if (!started->bench->ready(started->key)) {
    return failed("the object is not ready after " + std::to_string(settled.calls) + " calls; " +
                  (settled.failures.empty() ? "" : settled.failures.back() + "; ") +
                  where(*started->bench, started->key));
  }
  return passed(shape_of_all(started->bench->dump()));
}

Finding says_ready(const CaseInput& input) {
  auto started = start(input);
  if (!started.ok()) return skipped(started.error().message);
  (void)started->bench->settle(started->key);
  const ObjectPtr object = started->bench->get(started->key);
  if (object == nullptr) return failed("the object is gone");
  const JsonPtr tree = object->tree();
  const Json* conditions = find(*tree, {"status", "conditions"});
  if (conditions == nullptr || !conditions->is_array()) return failed("it has no conditions");
  for (const Json& condition : *conditions) {
    const std::string type = get_string(condition, {"type"});
    if (type != "Ready" && type != "Available") continue;
    const bool yes = get_string(condition, {"status"}) == "True";
    const bool ready = started->bench->ready(started->key);
    if (ready && !yes) return failed("the object is ready and " + type + " is not True");
    return passed();
  }
  return failed("it has neither a Ready nor an Available condition; " +
                where(*started->bench, started->key));
}

// What is made outside is protected by a stored finalizer first.
Finding finalizer_first(const CaseInput& input) {
  auto started = start(input);
  if (!started.ok()) return skipped(started.error().message);
  const std::string untouched = started->bench->digest();
  std::string complaint;
  // Each call so far was made without a stored finalizer, this last one too: what it made counts
  // even where its own reply asks for the finalizer.
  (void)started->bench->settle(started->key, [&](const Step&) {
    const ObjectPtr object = started->bench->get(started->key);
    const bool goes_on = object != nullptr && object->meta().finalizers.empty();
    if (started->bench->digest() != untouched) {
      complaint = "something was made outside before a finalizer was stored";
    } else if (goes_on && started->bench->ready(started->key) &&
               (input.entry->role == ProviderRole::kInfraMachine ||
                input.entry->role == ProviderRole::kInfraCluster)) {
      complaint = "the object is provisioned and has no finalizer";
    }
    return goes_on && complaint.empty();
  });
  return complaint.empty() ? passed() : failed(complaint);
}

// The same object again, nothing having changed.
Finding repeats_quietly(const CaseInput& input) {
  auto started = start(input);
  if (!started.ok()) return skipped(started.error().message);
  Bench& bench = *started->bench;
  if (!bench.settle(started->key).at_rest) {
    return expects_ready(input) ? failed("does not come to rest")
                                : skipped("does not come to rest here");
  }
  const Json before = bench.dump();
  const std::string world = bench.digest();
  for (int i = 0; i < kRepeats; ++i) {
    const Step step = bench.call(started->key);
    if (!step.outcome.events.empty()) {
      return failed("each call of an object at rest records an event (" +
                    step.outcome.events.front().reason + ")");
    }
  }
  const std::string difference = first_difference(before, bench.dump());
  if (!difference.empty()) return failed("a call of an object at rest changes " + difference);
  return bench.digest() == world ? passed()
                                 : failed("a call of an object at rest changes the world");
}

// Each request twice, the first reply lost: what a crash of the host between call and commit does.
Finding repeats_each_step(const CaseInput& input) {
  auto undisturbed = start(input);
  if (!undisturbed.ok()) return skipped(undisturbed.error().message);
  const Settled expected = undisturbed->bench->settle(undisturbed->key);
  if (!expected.at_rest) return skipped("does not come to rest undisturbed");
  const Json shape = shape_of_all(undisturbed->bench->dump());
  const std::string world = undisturbed->bench->digest();
  (void)undisturbed->bench->ask_deletion(undisturbed->key);
  (void)undisturbed->bench->settle(undisturbed->key);
  undisturbed->bench.reset();

  auto disturbed = start(input);
  if (!disturbed.ok()) return failed("a second bench: " + disturbed.error().message);
  Bench& bench = *disturbed->bench;
  (void)bench.call(disturbed->key, {}, false);
  const Settled settled = bench.settle(disturbed->key, [&](const Step&) {
    (void)bench.call(disturbed->key, {}, false);
    return true;
  });
  if (!settled.at_rest) return failed(not_settled(settled, bench, disturbed->key));
  const std::string difference = first_difference(shape, shape_of_all(bench.dump()));
  if (!difference.empty()) return failed("with each reply lost once: " + difference);
  return bench.digest() == world
             ? passed()
             : failed("with each reply lost once the world is another: " + bench.digest() +
                      " instead of " + world);
}

Finding pauses(const CaseInput& input) {
  auto bench = Bench::make(input.subject, *input.entry);
  if (!bench.ok()) return skipped(bench.error().message);
  const auto key =
      (*bench)->add("paused", {{"metadata", {{"annotations", {{"cluster.x-k8s.io/paused", ""}}}}}});
  if (!key.ok()) return skipped(key.error().message);
  const std::string world = (*bench)->digest();
  const Settled settled = (*bench)->settle(*key);
  if ((*bench)->ready(*key)) return failed("a paused object became ready");
  if ((*bench)->digest() != world) return failed("something was made outside for a paused object");
  if (!settled.at_rest) return failed("a paused object does not come to rest");
  const ObjectPtr object = (*bench)->get(*key);
  return object != nullptr && object->meta().finalizers.empty()
             ? passed()
             : failed("a paused object got a finalizer");
}

// So many early calls in a row that changed nothing are a loop.
constexpr int kBusy = 5;

Finding requeues_within_bounds(const CaseInput& input) {
  auto started = start(input);
  if (!started.ok()) return skipped(started.error().message);
  std::string complaint;
  int early = 0;
  (void)started->bench->settle(started->key, [&](const Step& step) {
    const auto reply = parse_json(step.reply.text);
    if (!reply.ok() || !reply->is_object() || !reply->contains("requeueAfterMs")) return true;
    const Json& asked = (*reply)["requeueAfterMs"];
    const double ms = asked.is_number() ? asked.get<double>() : -1;
    early = ms < 50 && !step.changed ? early + 1 : 0;
    if (ms < 0) {
      complaint = "asks to be called again after " + dump_json(asked);
    } else if (early >= kBusy) {
      complaint = "asks to be called again after " + dump_json(asked) +
                  " ms, again and again, and nothing changes: a busy loop";
    } else if (ms > 7.0 * 24 * 3600 * 1000) {
      complaint = "asks to be called again after more than a week";
    }
    return complaint.empty();
  });
  return complaint.empty() ? passed() : failed(complaint);
}

Finding refuses_for_good(const CaseInput& input) {
  const auto invalid = input.subject.config.invalid.find(input.entry->kind.kind);
  if (invalid == input.subject.config.invalid.end()) {
    return skipped("conformance.yaml names no `invalid` object of the kind");
  }
  auto bench = Bench::make(input.subject, *input.entry);
  if (!bench.ok()) return skipped(bench.error().message);
  const auto key = (*bench)->add("invalid", invalid->second);
  if (!key.ok()) return passed();  // the schema refuses it already
  const ObjectPtr object = (*bench)->get(*key);
  const ProviderReply admitted = (*bench)->provider().admit({}, object->text(), "");
  if (admitted.status != Code::kOk && admitted.status != Code::kUnimplemented) return passed();
  bool refused = false;
  (void)(*bench)->settle(*key, [&](const Step& step) {
    refused = step.reply.status != Code::kOk && step.reply.terminal();
    return !refused;
  });
  return refused ? passed()
                 : failed("an object that no retry helps is neither refused nor failed terminally");
}

}  // namespace

std::vector<Case> semantics_cases() {
  return {
      {"semantics-keeps-rules", 2, Scope::kKind,
       "gives replies that can be stored, and words with every failure",
       "ext/reconcile.h; What becomes of a reply", keeps_rules},
      {"semantics-requeue-bounds", 3, Scope::kKind, "asks for calls neither at once nor never",
       "ext/reconcile.h: requeueAfterMs", requeues_within_bounds},
      {"semantics-rest", 4, Scope::kKind, "comes to rest", "convention 10", comes_to_rest},
      {"semantics-ready", 5, Scope::kKind, "keeps the promise of its role",
       "Cluster API's contract of the role", becomes_ready},
      {"semantics-says-ready", 5, Scope::kKind, "says in a Ready condition how the object is",
       "Cluster API's contract of the role", says_ready},
      {"semantics-finalizer-first", 5, Scope::kKind,
       "makes nothing outside before a finalizer is stored", "convention 10", finalizer_first},
      {"semantics-repeat", 5, Scope::kKind,
       "changes nothing when an object at rest is called again", "convention 10", repeats_quietly},
      {"semantics-pause", 5, Scope::kKind, "leaves a paused object alone",
       "Cluster API's contract: paused", pauses},
      {"semantics-lost-replies", 6, Scope::kKind,
       "gets to the same end where each reply is lost once", "convention 10", repeats_each_step},
      {"semantics-terminal", 6, Scope::kKind, "refuses for good what no retry helps",
       "abi.h: capstan_diagnostic.terminal", refuses_for_good},
  };
}

}  // namespace capstan::conformance
