#include "runtime/controller/manager.h"

#include <condition_variable>
#include <future>
#include <mutex>
#include <set>

#include "runtime/controller/controller_fixture.h"
#include "runtime/controller/event_cleaner.h"

namespace capstan {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class ManagerTest : public ControllerFixture {
 protected:
  void run(FunctionReconciler::Function function) {
    manager.add({.reconciler = std::make_shared<FunctionReconciler>(std::move(function)),
                 .watches = {{kConfigMap, {}}}});
    ASSERT_TRUE(manager.attach().ok());
  }

  static Change set_data(const Object& object, const char* field, const Json& value) {
    Change change{.op = Change::Op::kPatch, .key = object.key(), .uid = object.meta().uid};
    change.expected = object.meta().resource_version;
    change.body = {{"data", {{field, value}}}};
    return change;
  }

  Manager manager{{*resources, clock, random}};
};

TEST_F(ManagerTest, what_is_there_is_reconciled_at_the_start_and_what_changes_later) {
  create("old");
  std::vector<std::string> seen;
  run([&](const ObjectKey& key, const ReconcileContext&) -> Result<Outcome> {
    seen.push_back(key.name);
    return Outcome{};
  });
  manager.run_until_idle();
  EXPECT_EQ(seen, (std::vector<std::string>{"old"}));
  create("new");
  patch("old", {{"data", {{"a", "1"}}}});
  remove("new");
  manager.run_until_idle();
  EXPECT_EQ(seen, (std::vector<std::string>{"old", "new", "old"}));
}

TEST_F(ManagerTest, two_changes_of_one_object_in_one_outcome_both_hold_the_snapshots_revision) {
  create("a");
  run([&](const ObjectKey& key, const ReconcileContext& context) -> Result<Outcome> {
    const ObjectPtr object = context.objects.get(key);
    Outcome outcome;
    if (find(*object->tree(), {"data"}) != nullptr) return outcome;
    outcome.changes = {set_data(*object, "x", "1"), set_data(*object, "y", "2")};
    return outcome;
  });
  manager.run_until_idle();
  EXPECT_EQ((*get("a")->tree())["data"], (Json{{"x", "1"}, {"y", "2"}}));
  EXPECT_EQ(manager.statistics()[0].conflicts, 0u);
}

TEST_F(ManagerTest, a_patch_and_the_status_behind_it_are_one_write) {
  create("a");
  const Revision before = cache->revision();
  run([&](const ObjectKey& key, const ReconcileContext& context) -> Result<Outcome> {
    const ObjectPtr object = context.objects.get(key);
    Outcome outcome;
    if (find(*object->tree(), {"data"}) != nullptr) return outcome;
    outcome.changes = {set_data(*object, "x", "1"), set_data(*object, "y", "2")};
    outcome.changes[1].op = Change::Op::kPatchStatus;
    outcome.changes[1].body = {{"status", {{"z", "3"}}}};
    return outcome;
  });
  manager.run_until_idle();
  EXPECT_EQ(cache->revision(), before + 1);
  EXPECT_EQ((*get("a")->tree())["data"], (Json{{"x", "1"}}));
  EXPECT_EQ((*get("a")->tree())["status"], (Json{{"z", "3"}}));
}

TEST_F(ManagerTest, who_loses_a_race_runs_again_and_it_is_no_failure) {
  create("a");
  int runs = 0;
  run([&](const ObjectKey& key, const ReconcileContext& context) -> Result<Outcome> {
    EXPECT_EQ(context.attempt, 0);
    const ObjectPtr object = context.objects.get(key);
    Outcome outcome;
    if (find(*object->tree(), {"data", "mine"}) != nullptr) return outcome;
    if (++runs == 1) patch("a", {{"data", {{"theirs", "1"}}}});
    outcome.changes = {set_data(*object, "mine", "1")};
    return outcome;
  });
  manager.run_until_idle();
  EXPECT_EQ((*get("a")->tree())["data"], (Json{{"mine", "1"}, {"theirs", "1"}}));
  const ControllerStatistics statistics = manager.statistics()[0];
  EXPECT_EQ(statistics.conflicts, 1u);
  EXPECT_EQ(statistics.errors, 0u);
  EXPECT_EQ(statistics.retries, 1u);
  EXPECT_EQ(statistics.reconciles, statistics.adds);
  EXPECT_EQ(statistics.queue_time.count(), statistics.reconciles);
}

TEST_F(ManagerTest, an_error_is_retried_with_backoff_after_the_changes_were_committed) {
  create("a");
  std::vector<int> attempts;
  run([&](const ObjectKey& key, const ReconcileContext& context) -> Result<Outcome> {
    attempts.push_back(context.attempt);
    Outcome outcome;
    const ObjectPtr object = context.objects.get(key);
    if (find(*object->tree(), {"data"}) == nullptr) {
      outcome.changes = {set_data(*object, "tried", "1")};
    }
    if (attempts.size() < 4) outcome.error = Error::unavailable("not yet");
    return outcome;
  });
  manager.run_until_idle();
  EXPECT_EQ(get_string(*get("a")->tree(), {"data", "tried"}), "1");
  while (const auto due = manager.next_due()) {
    clock.advance(*due - clock.monotonic());
    manager.run_until_idle();
  }
  EXPECT_GE(attempts.size(), 4u);
  EXPECT_EQ(attempts.back(), 3);
}

TEST_F(ManagerTest, a_requeue_runs_when_its_time_has_come) {
  create("a");
  int runs = 0;
  run([&](const ObjectKey&, const ReconcileContext&) -> Result<Outcome> {
    ++runs;
    Outcome outcome;
    outcome.requeue_after = minutes(5);
    return outcome;
  });
  manager.run_until_idle();
  clock.advance(minutes(4));
  manager.run_until_idle();
  EXPECT_EQ(runs, 1);
  clock.advance(minutes(1));
  manager.run_until_idle();
  EXPECT_EQ(runs, 2);
}

TEST_F(ManagerTest, a_reconciler_that_fights_with_itself_is_slowed_down) {
  create("a");
  int runs = 0;
  run([&](const ObjectKey& key, const ReconcileContext& context) -> Result<Outcome> {
    Outcome outcome;
    outcome.changes = {set_data(*context.objects.get(key), "n", std::to_string(++runs))};
    return outcome;
  });
  EXPECT_LT(manager.run_until_idle(100'000), 100u);
  clock.advance(seconds(10));
  manager.run_until_idle();
  EXPECT_LT(runs, 150);
}

TEST_F(ManagerTest, the_same_report_raises_one_events_count) {
  create("a");
  run([&](const ObjectKey& key, const ReconcileContext&) -> Result<Outcome> {
    Outcome outcome;
    outcome.events = {{key, "uid", "Warning", "Broken", "it does not work"}};
    return outcome;
  });
  manager.run_until_idle();
  for (int i = 0; i < 3; ++i) {
    manager.enqueue("test", key("a"));
    manager.run_until_idle();
  }
  const auto events = cache->list(kEvent).items;
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(get_int(*events[0]->tree(), {"count"}), 4);
  EXPECT_EQ(get_string(*events[0]->tree(), {"involvedObject", "name"}), "a");
}

TEST_F(ManagerTest, an_object_that_reports_all_the_time_is_silenced) {
  create("a");
  int runs = 0;
  run([&](const ObjectKey& key, const ReconcileContext&) -> Result<Outcome> {
    Outcome outcome;
    const std::string message = "failure " + std::to_string(++runs);
    outcome.events = {{key, "uid", "Warning", "Broken", message}};
    return outcome;
  });
  for (int i = 0; i < 100; ++i) {
    manager.enqueue("test", key("a"));
    manager.run_until_idle();
    clock.advance(seconds(1));
  }
  EXPECT_LT(cache->list(kEvent).items.size(), 30u);
}

TEST_F(ManagerTest, events_are_deleted_an_hour_after_they_last_happened) {
  create("a");
  manager.add(event_cleaner());
  run([&](const ObjectKey& key, const ReconcileContext&) -> Result<Outcome> {
    Outcome outcome;
    outcome.events = {{key, "uid", "Normal", "Done", "done"}};
    return outcome;
  });
  manager.run_until_idle();
  clock.advance(minutes(59));
  manager.run_until_idle();
  EXPECT_EQ(cache->list(kEvent).items.size(), 1u);
  clock.advance(minutes(7));
  manager.run_until_idle();
  EXPECT_TRUE(cache->list(kEvent).items.empty());
}

TEST(ManagerThreadsTest, threads_reconcile_all_objects_and_stop_cleanly) {
  struct Fixture : ControllerFixture {
    void TestBody() override {}
    using ControllerFixture::cache;
    using ControllerFixture::create;
    using ControllerFixture::key;
    using ControllerFixture::resources;
  } fixture;
  SystemClock clock;
  SystemRandom random;
  Manager manager({*fixture.resources, clock, random, 4});
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::string> done;
  manager.add({.reconciler = std::make_shared<FunctionReconciler>(
                   [&](const ObjectKey& key, const ReconcileContext& context) -> Result<Outcome> {
                     Outcome outcome;
                     const ObjectPtr object = context.objects.get(key);
                     if (find(*object->tree(), {"data"}) == nullptr) {
                       Change change{.op = Change::Op::kPatch, .key = key};
                       change.expected = object->meta().resource_version;
                       change.body = {{"data", {{"done", "1"}}}};
                       outcome.changes = {change};
                       outcome.requeue_after = std::chrono::milliseconds(1);
                     } else {
                       const std::scoped_lock lock(mutex);
                       done.insert(key.name);
                       changed.notify_all();
                     }
                     return outcome;
                   }),
               .watches = {{kConfigMap, {}}},
               .concurrency = 3});
  ASSERT_TRUE(manager.start().ok());
  constexpr size_t kObjects = 200;
  for (size_t i = 0; i < kObjects; ++i) fixture.create("o" + std::to_string(i));
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, seconds(60), [&] { return done.size() == kObjects; }));
  }
  manager.stop();
  fixture.create("after");
  EXPECT_EQ(done.count("after"), 0u);
}

// Works until it is told to give up.
class EndlessReconciler final : public Reconciler {
 public:
  std::string name() const override { return "endless"; }
  Result<Outcome> reconcile(const ObjectKey&, const ReconcileContext&) override {
    running.set_value();
    told_in_time =
        cancelled_.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready;
    return Outcome{};
  }
  void cancel() override { cancelled_.set_value(); }

  std::promise<void> running;
  bool told_in_time = false;

 private:
  std::promise<void> cancelled_;
};

TEST_F(ManagerTest, stopping_tells_what_is_under_way_to_give_up) {
  const auto endless = std::make_shared<EndlessReconciler>();
  Manager threaded{{*resources, clock, random}};
  threaded.add({.reconciler = endless, .watches = {{kConfigMap, {}}}});
  create("one");
  ASSERT_TRUE(threaded.start().ok());
  endless->running.get_future().wait();
  threaded.stop();
  EXPECT_TRUE(endless->told_in_time);
}

TEST_F(ManagerTest, it_can_be_told_before_and_is_told_once) {
  const auto endless = std::make_shared<EndlessReconciler>();
  Manager threaded{{*resources, clock, random}};
  threaded.add({.reconciler = endless, .watches = {{kConfigMap, {}}}});
  create("one");
  threaded.cancel();  // runs not yet
  ASSERT_TRUE(threaded.start().ok());
  endless->running.get_future().wait();
  threaded.cancel();
  threaded.stop();  // tells nobody twice: the promise would refuse it
  EXPECT_TRUE(endless->told_in_time);
}

}  // namespace
}  // namespace capstan
