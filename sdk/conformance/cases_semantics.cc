// Cases about what reconciling does: it comes to rest, says how the object is, and may be repeated.
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
  return with_object(input, [](Bench& bench, const ObjectKey& key) {
    const Settled settled = bench.settle(key);
    return no_complaint(settled.complaints.empty() ? "" : settled.complaints.front());
  });
}

Finding comes_to_rest(const CaseInput& input) {
  return with_object(input, [&](Bench& bench, const ObjectKey& key) {
    const Settled settled = bench.settle(key);
    if (settled.at_rest) return passed(shape_of_all(bench.dump()));
    const std::string complaint = not_settled(settled, bench, key);
    return expects_ready(input) ? failed(complaint) : skipped(complaint);
  });
}

Finding becomes_ready(const CaseInput& input) {
  if (!expects_ready(input)) return skipped("the kind is not expected to become ready here");
  return with_object(input, [](Bench& bench, const ObjectKey& key) {
    const Settled settled = bench.settle(key);
    if (bench.ready(key)) return passed(shape_of_all(bench.dump()));
    return failed("the object is not ready after " + std::to_string(settled.calls) + " calls; " +
                  (settled.failures.empty() ? "" : settled.failures.back() + "; ") +
                  where(bench, key));
  });
}

Finding says_ready(const CaseInput& input) {
  return with_object(input, [](Bench& bench, const ObjectKey& key) {
    (void)bench.settle(key);
    const ObjectPtr object = bench.get(key);
    if (object == nullptr) return failed("the object is gone");
    const JsonPtr tree = object->tree();
    const Json* conditions = find(*tree, {"status", "conditions"});
    if (conditions == nullptr || !conditions->is_array()) return failed("it has no conditions");
    for (const Json& condition : *conditions) {
      const std::string type = get_string(condition, {"type"});
      if (type != "Ready" && type != "Available") continue;
      const bool yes = get_string(condition, {"status"}) == "True";
      const bool contradicts = bench.ready(key) && !yes;
      return no_complaint(contradicts ? "the object is ready and " + type + " is not True" : "");
    }
    return failed("it has neither a Ready nor an Available condition; " + where(bench, key));
  });
}

// What is made outside is protected by a stored finalizer first.
Finding finalizer_first(const CaseInput& input) {
  return with_object(input, [&](Bench& bench, const ObjectKey& key) {
    const std::string untouched = bench.digest();
    std::string complaint;
    // Each call so far was made without a stored finalizer, this last one too: what it made counts
    // even where its own reply asks for the finalizer.
    (void)bench.settle(key, [&](const Step&) {
      const ObjectPtr object = bench.get(key);
      const bool goes_on = object != nullptr && object->meta().finalizers.empty();
      if (bench.digest() != untouched) {
        complaint = "something was made outside before a finalizer was stored";
      } else if (goes_on && bench.ready(key) &&
                 (input.entry->role == ProviderRole::kInfraMachine ||
                  input.entry->role == ProviderRole::kInfraCluster)) {
        complaint = "the object is provisioned and has no finalizer";
      }
      return goes_on && complaint.empty();
    });
    return no_complaint(complaint);
  });
}

// The same object again, nothing having changed.
Finding repeats_quietly(const CaseInput& input) {
  return with_object(input, [&](Bench& bench, const ObjectKey& key) {
    if (!bench.settle(key).at_rest) {
      return expects_ready(input) ? failed("does not come to rest")
                                  : skipped("does not come to rest here");
    }
    const Json before = bench.dump();
    const std::string world = bench.digest();
    for (int i = 0; i < kRepeats; ++i) {
      const Step step = bench.call(key);
      if (!step.outcome.events.empty()) {
        return failed("each call of an object at rest records an event (" +
                      step.outcome.events.front().reason + ")");
      }
    }
    const std::string difference = first_difference(before, bench.dump());
    if (!difference.empty()) return failed("a call of an object at rest changes " + difference);
    return no_complaint(bench.digest() == world ? ""
                                                : "a call of an object at rest changes the world");
  });
}

// How a life that nothing disturbs ends.
struct End {
  bool at_rest = false;
  Json shape;
  std::string world;
};

// Each request twice, the first reply lost: what a crash of the host between call and commit does.
Finding repeats_each_step(const CaseInput& input) {
  End expected;
  const Finding undisturbed = with_object(input, [&](Bench& bench, const ObjectKey& key) {
    expected = {bench.settle(key).at_rest, shape_of_all(bench.dump()), bench.digest()};
    (void)bench.ask_deletion(key);
    (void)bench.settle(key);
    return passed();
  });
  if (undisturbed.verdict != Verdict::kPassed) return undisturbed;
  if (!expected.at_rest) return skipped("does not come to rest undisturbed");
  return with_object(input, [&](Bench& bench, const ObjectKey& key) {
    (void)bench.call(key, {}, false);
    const Settled settled = bench.settle(key, [&](const Step&) {
      (void)bench.call(key, {}, false);
      return true;
    });
    if (!settled.at_rest) return failed(not_settled(settled, bench, key));
    const std::string difference = first_difference(expected.shape, shape_of_all(bench.dump()));
    if (!difference.empty()) return failed("with each reply lost once: " + difference);
    if (bench.digest() == expected.world) return passed(expected.shape);
    return failed("with each reply lost once the world is another: " + bench.digest() +
                  " instead of " + expected.world);
  });
}

Finding pauses(const CaseInput& input) {
  const Json paused = {{"metadata", {{"annotations", {{"cluster.x-k8s.io/paused", ""}}}}}};
  return with_object(
      input,
      [](Bench& bench, const ObjectKey& key) {
        const std::string world = bench.digest();
        const Settled settled = bench.settle(key);
        if (bench.ready(key)) return failed("a paused object became ready");
        if (bench.digest() != world)
          return failed("something was made outside for a paused object");
        if (!settled.at_rest) return failed("a paused object does not come to rest");
        const ObjectPtr object = bench.get(key);
        const bool untouched = object != nullptr && object->meta().finalizers.empty();
        return untouched ? passed(shape_of_all(bench.dump()))
                         : failed("a paused object got a finalizer");
      },
      paused);
}

// So many early calls in a row that changed nothing are a loop.
constexpr int kBusy = 5;

Finding requeues_within_bounds(const CaseInput& input) {
  return with_object(input, [](Bench& bench, const ObjectKey& key) {
    std::string complaint;
    int early = 0;
    (void)bench.settle(key, [&](const Step& step) {
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
    return no_complaint(complaint);
  });
}

Finding refuses_for_good(const CaseInput& input) {
  const auto invalid = input.subject.config.invalid.find(input.entry->kind.kind);
  if (invalid == input.subject.config.invalid.end()) {
    return skipped("conformance.yaml names no `invalid` object of the kind");
  }
  return with_bench(input, [&](Bench& bench) {
    const auto key = bench.add("invalid", invalid->second);
    if (!key.ok()) return passed();  // the schema refuses it already
    const ObjectPtr object = bench.get(*key);
    const ProviderReply admitted = bench.provider().admit({}, object->text(), "");
    if (admitted.status != Code::kOk && admitted.status != Code::kUnimplemented) return passed();
    bool refused = false;
    (void)bench.settle(*key, [&](const Step& step) {
      refused = step.reply.status != Code::kOk && step.reply.terminal();
      return !refused;
    });
    return no_complaint(
        refused ? "" : "an object that no retry helps is neither refused nor failed terminally");
  });
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
