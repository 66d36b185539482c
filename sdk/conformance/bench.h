// Where a plugin is tried: a whole store with Cluster API's kinds and the plugin's own, an object
// of one of its kinds with what stands around it (Cluster, Machine, bootstrap data), and one
// instance of the plugin. Requests are built and replies are committed by the runtime's own code,
// so what passes here passes there: schemas, permissions, finalizers and preconditions are real.
//
// Thread safety: call() and settle() for different objects from any thread; all else from one.
//
// Example:
//   return with_object(input, [](Bench& bench, const ObjectKey& key) {
//     return bench.settle(key).at_rest ? passed() : failed("does not come to rest");
//   });
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/plugin/provider_port.h"
#include "sdk/conformance/case.h"
#include "sdk/conformance/kit_host.h"
#include "sdk/conformance/stage.h"
#include "sdk/conformance/subject.h"

namespace capstan::conformance {

// One call and its commit.
struct Step {
  ProviderReply reply;
  Outcome outcome;
  Result<void> committed;
  bool changed = false;  // the stored objects are others than before
  bool gone = false;     // there was no object to call for
};

struct Settled {
  bool at_rest = false;  // nothing changes any more and no early call is asked for
  int calls = 0;
  std::vector<std::string> complaints;  // rules that a reply broke on the way, in words
  std::vector<std::string> failures;    // what the plugin said of calls that failed
  Step last;
};

struct BenchOptions {
  KitHost::Hook hook = {};
  bool activate = true;
  Json stored = Json();  // objects of an earlier bench (dump()); null for a new one
};

class Bench {
 public:
  // Errors: no instance, no sample, or what surrounds the object cannot be made; they say why.
  static Result<std::unique_ptr<Bench>> make(const Subject& subject, const ReconcileEntry& entry,
                                             BenchOptions options = {});
  ~Bench();

  // Stores an object of the entry's kind, with a Machine and bootstrap data of its own where the
  // role has them.
  Result<ObjectKey> add(const std::string& name, const Json& more = Json::object());

  // `attempt` and others of the call may be given. Commits unless `commit` is false.
  Step call(const ObjectKey& key, ProviderCall call = {}, bool commit = true);
  // Calls until it is at rest or the config's time is over. `each` sees every step, and ends the
  // loop by giving false.
  Settled settle(const ObjectKey& key, const std::function<bool(const Step&)>& each = {});

  Result<void> ask_deletion(const ObjectKey& key);
  Result<void> patch(const ObjectKey& key, const Json& patch);
  ObjectPtr get(const ObjectKey& key) const { return stage_->cache->get(key); }
  // The request that call() would make; "" where the object is gone.
  std::string request(const ObjectKey& key) const;

  // All objects but kinds and namespaces, as stored.
  Json dump() const { return stage_->dump(); }
  // What the config's digest command says of the world; "" where there is none.
  std::string digest() const;

  Provider& provider() { return *provider_; }
  KitHost& host() { return *host_; }
  std::shared_ptr<KitHost> shared_host() { return host_; }
  const ReconcileEntry& entry() const { return entry_; }
  const Subject& subject() const { return subject_; }
  // Whether the role's promise is kept: provisioned, data made, Ready.
  bool ready(const ObjectKey& key) const;

 private:
  Bench(const Subject& subject, const ReconcileEntry& entry, std::unique_ptr<Stage> stage);
  Result<void> surround();
  Result<void> start(BenchOptions options);
  Result<void> put_cluster();
  Result<void> put_certificates();
  Result<void> put_companion();
  Result<Json> companion(const ReconcileEntry& entry) const;
  Result<ObjectPtr> put(Json object);
  Result<std::string> put_machine(const std::string& name);

  const Subject& subject_;
  const ReconcileEntry& entry_;
  std::unique_ptr<Stage> stage_;
  std::shared_ptr<KitHost> host_;
  std::unique_ptr<Provider> provider_;
};

// Rules of one reply that need no history: a failure has a diagnostic, what is wrong is named.
std::vector<std::string> complaints_of(const Step& step, const Bench& bench);
// The summary that the host puts before a reply of a plugin that broke the ABI, or "".
std::string misbehaviour(const ProviderReply& reply, const Subject& subject);

// The frame of a case: a bench; skipped with the reason where the kit can make none.
template <typename Body>
Finding with_bench(const CaseInput& input, Body&& body, BenchOptions options = {}) {
  auto bench = Bench::make(input.subject, *input.entry, std::move(options));
  return bench.ok() ? body(**bench) : skipped(bench.error().message);
}
// The same with one object of the kind.
template <typename Body>
Finding with_object(const CaseInput& input, Body&& body, const Json& more = Json::object()) {
  return with_bench(input, [&](Bench& bench) {
    const auto key = bench.add("one", more);
    return key.ok() ? body(bench, *key) : skipped(key.error().message);
  });
}

}  // namespace capstan::conformance
