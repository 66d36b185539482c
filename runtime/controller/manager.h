// Runs controllers: watches the cache, keeps a work queue for each controller, calls reconcilers
// and commits what they decide.
//
// Two ways to drive it. start() uses threads. attach() and then step() or run_until_idle() do the
// same work on the caller's thread, in an order that depends on nothing but the store, the clock
// and the random port: that is how the whole runtime is simulated.
//
// Whoever loses a race runs again at once; an error is retried with backoff; an object that changes
// all the time is slowed down (see WorkQueue).
//
// Thread safety: add() before start() or attach(); enqueue() and statistics() from any thread.
// Lifetime: the service, clock and random outlive the manager, the manager outlives no reconcile:
// its destructor stops.
//
// Example:
//   Manager manager({resources, clock, random});
//   manager.add({std::make_shared<MachineReconciler>(...), {{kMachine, {}}}, 20});
//   TRY(manager.start());
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/controller/committer.h"
#include "runtime/controller/event_recorder.h"
#include "runtime/controller/reconciler.h"
#include "runtime/controller/statistics.h"
#include "runtime/controller/work_queue.h"
#include "runtime/controller/worker_pool.h"
#include "runtime/resource/resource_service.h"

namespace capstan {

struct ManagerOptions {
  ResourceService& resources;
  Clock& clock;
  Random& random;
  int max_threads = 32;  // for all controllers together
  WorkQueueOptions queue = {};
};

class Manager : public std::enable_shared_from_this<Manager> {
 public:
  explicit Manager(ManagerOptions options);
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  void add(ControllerOptions controller);

  // Watches, queues everything that is there, and works with threads until stop().
  // Errors: kFailedPrecondition where it runs already.
  Result<void> start();
  // Tells the reconciles in work to give up and waits for none of them: before what they wait for
  // is broken off, so that each knows why it failed. stop() follows, from the same thread.
  void cancel();
  // Cancels, and returns when the reconciles in work have ended. What was queued is found again at
  // the next start. Nothing is watched afterwards.
  void stop();

  // As start() but without threads: the caller works with step() or run_until_idle().
  Result<void> attach();
  // Reconciles one key that is ready; false where there is none.
  bool step();
  // Works until nothing is ready (timers that are due included) or `limit` steps are done. Gives
  // the number of steps; `limit` means that something does not come to rest.
  size_t run_until_idle(size_t limit = 1'000'000);
  // When the next timer of any controller is due.
  std::optional<MonotonicTime> next_due() const;

  // Wakes a key from outside of the store: a workload cluster changed, a plugin has news. An
  // unknown controller's name is ignored.
  void enqueue(const std::string& controller, const ObjectKey& key,
               Duration delay = Duration::zero());

  std::vector<ControllerStatistics> statistics() const;

 private:
  struct Controller {
    Controller(ControllerOptions options, Clock& clock, Random& random, WorkQueueOptions queue);
    ControllerOptions options;
    std::string name;
    WorkQueue queue;
    std::atomic<uint64_t> errors{0};
    std::atomic<uint64_t> conflicts{0};
    std::atomic<uint64_t> requeues{0};
    std::atomic<uint64_t> changes{0};
    Histogram queue_time{kLatencyBounds};
    Histogram reconcile_time{kLatencyBounds};
  };

  void queue_existing(Controller& controller);
  // True where a key was put off until a timer.
  static bool map(Controller& controller, const StoreEvent& event, const WatchCache& cache);
  void drain_inbox();
  bool take(Controller*& controller, WorkQueue::Item& item);
  void run(Controller& controller, const WorkQueue::Item& item);
  // Commits an outcome; gives the error that the key is to be retried for.
  Result<void> conclude(Controller& controller, const ObjectKey& key, Outcome outcome);
  void postpone(Controller& controller, const WorkQueue::Item& item, Duration delay);
  void count(Controller& controller, const WorkQueue::Item& item, const Result<void>& result,
             bool again, Duration taken);
  void settle(Controller& controller, const WorkQueue::Item& item, const Result<void>& result,
              std::optional<Duration> again);
  bool anything_ready() const;
  std::optional<MonotonicTime> release_due();

  ManagerOptions options_;
  Committer committer_;
  EventRecorder recorder_;
  std::vector<std::unique_ptr<Controller>> controllers_;
  std::atomic<size_t> next_controller_{0};

  std::mutex inbox_mutex_;
  std::deque<StoreEvent> inbox_;  // seen by the watch, not yet mapped to keys
  std::mutex dispatch_mutex_;     // maps one batch at a time, so keys are queued in event order

  WorkerPool pool_;
  bool attached_ = false;
  bool cancelled_ = false;
  std::unique_ptr<WatchHandle> watch_;
};

}  // namespace capstan
