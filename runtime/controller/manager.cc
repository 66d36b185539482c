#include "runtime/controller/manager.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace capstan {

Manager::Controller::Controller(ControllerOptions given, Clock& clock, Random& random,
                                WorkQueueOptions queue_options)
    : options(std::move(given)),
      name(options.reconciler->name()),
      queue(clock, random, queue_options) {}

Manager::Manager(ManagerOptions options)
    : options_(options),
      committer_(options.resources),
      recorder_(options.resources, options.clock, options.random),
      pool_({[this] { return step(); }, [this] { return release_due(); }, options.max_threads}) {}

Manager::~Manager() {
  stop();
}

void Manager::add(ControllerOptions controller) {
  controllers_.push_back(std::make_unique<Controller>(std::move(controller), options_.clock,
                                                      options_.random, options_.queue));
}

Result<void> Manager::start() {
  TRY(attach());
  pool_.start();
  pool_.wake();
  return {};
}

void Manager::cancel() {
  if (!attached_ || std::exchange(cancelled_, true)) return;
  for (const auto& controller : controllers_) controller->options.reconciler->cancel();
}

void Manager::stop() {
  watch_.reset();
  cancel();
  pool_.stop();
  attached_ = cancelled_ = false;
}

Result<void> Manager::attach() {
  if (attached_) return Error::failed_precondition("the controllers are running already");
  attached_ = true;
  // The callback runs on the store's writer: it only hands the event over.
  watch_ = options_.resources.cache().watch_all([this](const StoreEvent& event) {
    {
      const std::scoped_lock lock(inbox_mutex_);
      inbox_.push_back(event);
    }
    pool_.wake();
  });
  for (const auto& controller : controllers_) queue_existing(*controller);
  return {};
}

void Manager::queue_existing(Controller& controller) {
  for (const ObjectKey& key : controller.options.start_keys) controller.queue.add(key);
  const WatchCache& cache = options_.resources.cache();
  const auto queue_kind = [&](const WatchRule& rule, const GroupKind& kind) {
    const ListResult list = cache.list(kind);
    for (const ObjectPtr& object : list.items) {
      const StoreEvent event{object->meta().resource_version, EventType::kAdded, object, nullptr};
      if (!rule.map) {
        controller.queue.add(object->key());
        continue;
      }
      for (const ObjectKey& key : rule.map(event, cache)) controller.queue.add(key);
    }
  };
  for (const WatchRule& rule : controller.options.watches) {
    if (rule.kind != kAnyKind) {
      queue_kind(rule, rule.kind);
      continue;
    }
    for (const KindPtr& kind : options_.resources.kinds().all()) queue_kind(rule, kind->id);
  }
}

bool Manager::map(Controller& controller, const StoreEvent& event, const WatchCache& cache) {
  const ObjectKey key = event.object->key();
  bool put_off = false;
  for (const WatchRule& rule : controller.options.watches) {
    if (rule.kind != key.kind && rule.kind != kAnyKind) continue;
    if (!rule.map) {
      put_off |= controller.queue.add(key);
      continue;
    }
    for (const ObjectKey& mapped : rule.map(event, cache)) put_off |= controller.queue.add(mapped);
  }
  return put_off;
}

void Manager::drain_inbox() {
  {
    const std::scoped_lock lock(inbox_mutex_);
    if (inbox_.empty()) return;
  }
  const std::scoped_lock dispatching(dispatch_mutex_);
  std::deque<StoreEvent> events;
  {
    const std::scoped_lock lock(inbox_mutex_);
    events.swap(inbox_);
  }
  const WatchCache& cache = options_.resources.cache();
  bool put_off = false;
  for (const StoreEvent& event : events) {
    for (const auto& controller : controllers_) put_off |= map(*controller, event, cache);
  }
  if (put_off) pool_.wake_timer();
}

// Controllers take turns, so that many keys of one do not keep the others waiting.
bool Manager::take(Controller*& controller, WorkQueue::Item& item) {
  const size_t count = controllers_.size();
  const size_t first = next_controller_.fetch_add(1, std::memory_order_relaxed);
  for (size_t i = 0; i < count; ++i) {
    Controller& candidate = *controllers_[(first + i) % count];
    auto taken = candidate.queue.take(static_cast<size_t>(candidate.options.concurrency));
    if (!taken) continue;
    controller = &candidate;
    item = *std::move(taken);
    return true;
  }
  return false;
}

bool Manager::step() {
  drain_inbox();
  Controller* controller = nullptr;
  WorkQueue::Item item;
  if (!take(controller, item)) return false;
  if (anything_ready()) pool_.wake();
  run(*controller, item);
  return true;
}

bool Manager::anything_ready() const {
  return std::any_of(controllers_.begin(), controllers_.end(), [](const auto& controller) {
    return controller->queue.active() < static_cast<size_t>(controller->options.concurrency) &&
           controller->queue.ready() > 0;
  });
}

void Manager::run(Controller& controller, const WorkQueue::Item& item) {
  const MonotonicTime start = options_.clock.monotonic();
  const ReconcileContext context{options_.resources.cache(), options_.clock, options_.random,
                                 item.failures};
  Result<void> result;
  std::optional<Duration> again;
  auto outcome = controller.options.reconciler->reconcile(item.key, context);
  if (outcome.ok() && outcome->postpone) return postpone(controller, item, *outcome->postpone);
  if (outcome.ok()) {
    again = outcome->requeue_after;
    controller.changes.fetch_add(outcome->changes.size(), std::memory_order_relaxed);
    result = conclude(controller, item.key, *std::move(outcome));
  } else {
    result = std::move(outcome).error();
  }
  count(controller, item, result, again.has_value(), options_.clock.monotonic() - start);
  settle(controller, item, result, again);
}

void Manager::postpone(Controller& controller, const WorkQueue::Item& item, Duration delay) {
  controller.requeues.fetch_add(1, std::memory_order_relaxed);
  controller.queue_time.observe(item.waited);
  controller.queue.postpone(item.key, delay);
  pool_.wake_timer();
}

void Manager::count(Controller& controller, const WorkQueue::Item& item, const Result<void>& result,
                    bool again, Duration taken) {
  if (result.code() == Code::kConflict) {
    controller.conflicts.fetch_add(1, std::memory_order_relaxed);
  } else if (!result.ok()) {
    controller.errors.fetch_add(1, std::memory_order_relaxed);
  } else if (again) {
    controller.requeues.fetch_add(1, std::memory_order_relaxed);
  }
  controller.queue_time.observe(item.waited);
  controller.reconcile_time.observe(taken);
}

Result<void> Manager::conclude(Controller& controller, const ObjectKey& key, Outcome outcome) {
  auto committed = committer_.commit(std::move(outcome.changes), controller.name);
  // An object that went away while it was reconciled needs nothing any more.
  const bool gone =
      committed.code() == Code::kNotFound && options_.resources.cache().get(key) == nullptr;
  if (!committed.ok() && !gone) return committed;
  for (const EventRecord& event : outcome.events) recorder_.record(event, controller.name);
  if (outcome.error) return *std::move(outcome.error);
  return {};
}

void Manager::settle(Controller& controller, const WorkQueue::Item& item,
                     const Result<void>& result, std::optional<Duration> again) {
  if (result.ok()) {
    if (controller.queue.done(item.key, again)) pool_.wake_timer();
    return;
  }
  if (result.code() == Code::kConflict) {
    controller.queue.retry(item.key);
  } else {
    const Error& error = result.error();
    const int failures = item.failures + 1;
    // What goes on failing is said less and less often.
    if ((failures & (failures - 1)) == 0) {
      spdlog::log(failures < 4 ? spdlog::level::info : spdlog::level::warn,
                  "{}: {} failed ({} in a row): {}", controller.name, item.key.text(), failures,
                  error.message);
    }
    controller.queue.failed(item.key,
                            error.retry_after ? Duration(*error.retry_after) : Duration::zero());
  }
  pool_.wake_timer();
}

size_t Manager::run_until_idle(size_t limit) {
  size_t steps = 0;
  while (steps < limit && step()) ++steps;
  return steps;
}

std::optional<MonotonicTime> Manager::next_due() const {
  std::optional<MonotonicTime> earliest;
  for (const auto& controller : controllers_) {
    const auto due = controller->queue.next_due();
    if (due && (!earliest || *due < *earliest)) earliest = due;
  }
  return earliest;
}

// Keys that are due become ready; gives when the next ones are.
std::optional<MonotonicTime> Manager::release_due() {
  bool any = false;
  for (const auto& controller : controllers_) any |= controller->queue.release_due();
  if (any) pool_.wake();
  return next_due();
}

void Manager::enqueue(const std::string& name, const ObjectKey& key, Duration delay) {
  for (const auto& controller : controllers_) {
    if (controller->name != name) continue;
    if (controller->queue.add_after(key, delay)) {
      pool_.wake_timer();
    } else {
      pool_.wake();
    }
  }
}

std::vector<ControllerStatistics> Manager::statistics() const {
  std::vector<ControllerStatistics> all;
  for (const auto& controller : controllers_) {
    ControllerStatistics statistics;
    statistics.controller = controller->name;
    statistics.concurrency = static_cast<size_t>(controller->options.concurrency);
    statistics.depth = controller->queue.ready();
    statistics.active = controller->queue.active();
    statistics.adds = controller->queue.adds();
    statistics.retries = controller->queue.retries();
    statistics.errors = controller->errors;
    statistics.conflicts = controller->conflicts;
    statistics.requeues = controller->requeues;
    statistics.changes = controller->changes;
    statistics.queue_time = controller->queue_time.snapshot();
    statistics.reconcile_time = controller->reconcile_time.snapshot();
    statistics.reconciles = statistics.reconcile_time.count();
    all.push_back(std::move(statistics));
  }
  return all;
}

}  // namespace capstan
