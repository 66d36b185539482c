#include "sdk/conformance/bench.h"

#include <chrono>
#include <thread>

#include "runtime/plugin/host_calls/host_call_tables.h"
#include "runtime/plugin/provider_outcome.h"
#include "runtime/plugin/provider_request.h"
#include "sdk/conformance/modes.h"
#include "sdk/conformance/shape.h"
#include "sdk/conformance/world.h"

namespace capstan::conformance {
namespace {

using std::chrono::milliseconds;

// A requeue that is later counts as rest.
constexpr auto kRest = std::chrono::seconds(45);
// Of one object, changing all the time: more is no coming to rest.
constexpr int kMaxCalls = 250;
// Failures in a row after which nothing new is expected.
constexpr uint32_t kMaxFailures = 20;
constexpr auto kPause = milliseconds(20);

}  // namespace

Bench::Bench(const Subject& subject, const ReconcileEntry& entry, std::unique_ptr<Stage> stage)
    : subject_(subject), entry_(entry), stage_(std::move(stage)) {}

Bench::~Bench() {
  if (provider_ != nullptr) provider_->deactivate();
  provider_.reset();
  host_.reset();
  Stage::give_back(std::move(stage_));
}

Result<std::unique_ptr<Bench>> Bench::make(const Subject& subject, const ReconcileEntry& entry,
                                           BenchOptions options) {
  const bool fresh = options.stored.is_null();
  const bool active = options.activate;
  auto stage = TRY(Stage::take(subject.manifest()));
  // One that goes on from another's state makes other uids than that one did.
  stage->random.begin(subject.seed + (fresh ? 0 : 1'000'003));
  std::unique_ptr<Bench> bench(new Bench(subject, entry, std::move(stage)));
  if (!fresh) TRY(bench->stage_->restore(options.stored));
  TRY(bench->start(std::move(options)));
  if (fresh) TRY(bench->surround());
  if (active && entry.role == ProviderRole::kInfraMachine) TRY(bench->put_companion());
  return bench;
}

Result<void> Bench::start(BenchOptions options) {
  host_ = std::make_shared<KitHost>(subject_, *stage_->cache, stage_->clock);
  host_->set_hook(std::move(options.hook));
  provider_ = TRY(make_provider(subject_, std::make_unique<HostCallTables>(host_)));
  if (!options.activate) return {};
  return provider_->activate(in_world(subject_.config.settings, subject_.world));
}

std::string Bench::request(const ObjectKey& key) const {
  const ObjectPtr object = stage_->cache->get(key);
  return object == nullptr ? ""
                           : provider_request(*object, entry_, *stage_->cache, stage_->clock.now());
}

Step Bench::call(const ObjectKey& key, ProviderCall call, bool commit) {
  Step step;
  const ObjectPtr object = stage_->cache->get(key);
  step.gone = object == nullptr;
  if (step.gone) return step;
  const std::string text = provider_request(*object, entry_, *stage_->cache, stage_->clock.now());
  if (call.deadline == MonotonicTime{}) call.deadline = stage_->clock.monotonic() + entry_.timeout;
  call.key = object->meta().uid;
  step.reply = provider_->reconcile(call, text);
  step.outcome = provider_outcome(
      step.reply, {*object, subject_.manifest(), stage_->kinds, stage_->clock.now()});
  if (!commit) return step;
  const Revision before = stage_->cache->revision();
  step.committed = stage_->committer->commit(step.outcome.changes, subject_.manifest().name);
  step.changed = stage_->cache->revision() != before;
  return step;
}

Settled Bench::settle(const ObjectKey& key, const std::function<bool(const Step&)>& each) {
  Settled settled;
  const auto end = std::chrono::steady_clock::now() + subject_.config.settle;
  uint32_t attempt = 0;
  while (std::chrono::steady_clock::now() < end && settled.calls < kMaxCalls) {
    ProviderCall call;
    call.attempt = attempt;
    settled.last = this->call(key, call);
    const Step& step = settled.last;
    if (step.gone) {
      settled.at_rest = true;
      return settled;
    }
    ++settled.calls;
    for (std::string& complaint : complaints_of(step, *this)) {
      if (settled.complaints.size() < 5) settled.complaints.push_back(std::move(complaint));
    }
    if (each && !each(step)) return settled;
    const bool failed = step.outcome.error.has_value();
    if (step.reply.status != Code::kOk) {
      settled.failures.push_back(step.reply.error(subject_.manifest().name).message);
    } else if (failed) {
      settled.failures.push_back(step.outcome.error->message);
    }
    attempt = failed ? attempt + 1 : 0;
    if (attempt >= kMaxFailures) return settled;
    const bool early = step.outcome.requeue_after && *step.outcome.requeue_after < kRest;
    if (!step.changed && !early && !failed && step.committed.ok()) {
      settled.at_rest = true;
      return settled;
    }
    if (!step.changed) std::this_thread::sleep_for(kPause);
  }
  return settled;
}

Result<void> Bench::ask_deletion(const ObjectKey& key) {
  TRY(stage_->resources->remove({stage_->kinds.find(key.kind), "", key.ns, key.name}, {}));
  return {};
}

Result<void> Bench::patch(const ObjectKey& key, const Json& patch) {
  WriteOptions options;
  options.manager = "conformance";
  TRY(stage_->resources->patch({stage_->kinds.find(key.kind), "", key.ns, key.name},
                               PatchType::kMerge, patch, options));
  return {};
}

std::string Bench::digest() const {
  return world_digest(subject_);
}

bool Bench::ready(const ObjectKey& key) const {
  const ObjectPtr object = stage_->cache->get(key);
  if (object == nullptr) return false;
  return is_ready(*object->tree(), entry_.role);
}

}  // namespace capstan::conformance
