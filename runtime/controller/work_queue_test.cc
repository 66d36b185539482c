#include "runtime/controller/work_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace capstan {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ObjectKey key(const std::string& name) {
  return {{"cluster.x-k8s.io", "Machine"}, "default", name};
}

class WorkQueueTest : public testing::Test {
 protected:
  std::string take() {
    const auto item = queue.take();
    return item ? item->key.name : "";
  }

  ManualClock clock;
  SeededRandom random{1};
  WorkQueue queue{clock, random};
};

TEST_F(WorkQueueTest, keys_come_out_in_the_order_they_were_added_and_once) {
  for (const char* name : {"b", "a", "b", "c", "a"}) queue.add(key(name));
  EXPECT_EQ(queue.ready(), 3u);
  EXPECT_EQ(take(), "b");
  EXPECT_EQ(take(), "a");
  EXPECT_EQ(take(), "c");
  EXPECT_EQ(take(), "");
}

TEST_F(WorkQueueTest, a_key_in_work_is_not_given_out_again_but_runs_once_more_afterwards) {
  queue.add(key("a"));
  ASSERT_EQ(take(), "a");
  queue.add(key("a"));
  queue.add(key("a"));
  EXPECT_EQ(take(), "");
  queue.done(key("a"));
  EXPECT_EQ(take(), "a");
  queue.done(key("a"));
  EXPECT_EQ(take(), "");
}

TEST_F(WorkQueueTest, a_delayed_key_is_ready_when_its_time_has_come) {
  queue.add_after(key("a"), seconds(10));
  clock.advance(seconds(9));
  EXPECT_EQ(take(), "");
  EXPECT_EQ(queue.next_due(), clock.monotonic() + seconds(1));
  clock.advance(seconds(1));
  EXPECT_EQ(take(), "a");
}

TEST_F(WorkQueueTest, of_two_timers_for_one_key_the_earlier_counts) {
  queue.add_after(key("a"), seconds(10));
  queue.add_after(key("a"), seconds(2));
  queue.add_after(key("a"), seconds(5));
  EXPECT_EQ(queue.size(), 1u);
  clock.advance(seconds(2));
  EXPECT_EQ(take(), "a");
  queue.done(key("a"));
  clock.advance(seconds(20));
  EXPECT_EQ(take(), "");
}

TEST_F(WorkQueueTest, a_run_that_was_woken_early_forgets_the_old_timer) {
  queue.add(key("a"));
  ASSERT_EQ(take(), "a");
  queue.done(key("a"), seconds(30));
  queue.add(key("a"));
  ASSERT_EQ(take(), "a");
  queue.done(key("a"));
  EXPECT_FALSE(queue.next_due().has_value());
}

TEST_F(WorkQueueTest, failures_back_off_exponentially_from_5_ms_to_about_a_minute) {
  queue.add(key("a"));
  Duration expected = milliseconds(5);
  for (int failures = 0; failures < 20; ++failures) {
    const auto item = queue.take();
    ASSERT_TRUE(item.has_value());
    EXPECT_EQ(item->failures, failures);
    queue.failed(key("a"));
    const Duration delay = *queue.next_due() - clock.monotonic();
    EXPECT_GE(delay, expected);
    EXPECT_LE(delay, expected + expected / 4);
    clock.advance(delay);
    expected = std::min<Duration>(expected * 2, seconds(60));
  }
}

TEST_F(WorkQueueTest, a_success_forgets_the_failures) {
  queue.add(key("a"));
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(take(), "a");
    queue.failed(key("a"));
    clock.advance(seconds(1));
  }
  ASSERT_EQ(take(), "a");
  queue.done(key("a"));
  queue.add(key("a"));
  EXPECT_EQ(queue.take()->failures, 0);
}

TEST_F(WorkQueueTest, a_failure_that_names_a_delay_waits_at_least_that_long) {
  queue.add(key("a"));
  ASSERT_EQ(take(), "a");
  queue.failed(key("a"), seconds(20));
  EXPECT_GE(*queue.next_due(), clock.monotonic() + seconds(20));
}

TEST_F(WorkQueueTest, a_lost_race_runs_again_at_once_without_a_failure) {
  queue.add(key("a"));
  ASSERT_EQ(take(), "a");
  queue.retry(key("a"));
  const auto item = queue.take();
  ASSERT_TRUE(item.has_value());
  EXPECT_EQ(item->failures, 0);
}

TEST_F(WorkQueueTest, a_postponed_key_waits_and_keeps_its_failures) {
  queue.add(key("a"));
  ASSERT_EQ(take(), "a");
  queue.failed(key("a"));
  clock.advance(seconds(1));
  ASSERT_EQ(take(), "a");
  queue.postpone(key("a"), seconds(3));
  EXPECT_EQ(queue.next_due(), clock.monotonic() + seconds(3));
  EXPECT_FALSE(queue.take().has_value());
  clock.advance(seconds(3));
  const auto item = queue.take();
  ASSERT_TRUE(item.has_value());
  EXPECT_EQ(item->failures, 1);
}

TEST_F(WorkQueueTest, what_changes_while_a_key_is_postponed_wakes_it_at_once) {
  queue.add(key("a"));
  ASSERT_EQ(take(), "a");
  queue.postpone(key("a"), seconds(3));
  queue.add(key("a"));
  EXPECT_EQ(take(), "a");
}

TEST_F(WorkQueueTest, a_key_that_is_added_all_the_time_is_slowed_down) {
  int runs = 0;
  for (int i = 0; i < 1000; ++i) {
    queue.add(key("busy"));
    if (take() == "busy") {
      ++runs;
      queue.done(key("busy"));
    }
  }
  EXPECT_EQ(runs, WorkQueueOptions().burst);
  queue.add(key("other"));
  EXPECT_EQ(take(), "other");
  clock.advance(WorkQueueOptions().refill + milliseconds(1));
  EXPECT_EQ(take(), "busy");
}

TEST_F(WorkQueueTest, a_key_rests_between_two_runs_and_sees_what_came_meanwhile_as_one) {
  WorkQueue resting(clock, random, {.rest = milliseconds(50)});
  EXPECT_FALSE(resting.add(key("a")));
  ASSERT_TRUE(resting.take().has_value());
  resting.add(key("a"));
  EXPECT_TRUE(resting.done(key("a")));
  EXPECT_TRUE(resting.add(key("a")));
  EXPECT_FALSE(resting.add(key("other")));
  ASSERT_EQ(resting.take()->key, key("other"));
  EXPECT_FALSE(resting.take().has_value());
  clock.advance(milliseconds(49));
  EXPECT_FALSE(resting.release_due());
  clock.advance(milliseconds(1));
  EXPECT_TRUE(resting.release_due());
  ASSERT_EQ(resting.take()->key, key("a"));
  EXPECT_FALSE(resting.take().has_value());
}

TEST_F(WorkQueueTest, a_busy_key_goes_to_the_end_behind_those_that_wait) {
  queue.add(key("busy"));
  ASSERT_EQ(take(), "busy");
  queue.add(key("busy"));
  queue.add(key("other"));
  queue.done(key("busy"));
  EXPECT_EQ(take(), "other");
  EXPECT_EQ(take(), "busy");
}

TEST_F(WorkQueueTest, no_more_keys_are_given_out_than_may_be_in_work) {
  queue.add(key("a"));
  queue.add(key("b"));
  ASSERT_TRUE(queue.take(1).has_value());
  EXPECT_FALSE(queue.take(1).has_value());
  queue.done(key("a"));
  EXPECT_TRUE(queue.take(1).has_value());
}

TEST_F(WorkQueueTest, it_counts_how_often_keys_became_ready_and_how_often_they_came_back) {
  queue.add(key("a"));
  queue.add(key("a"));
  ASSERT_EQ(take(), "a");
  queue.failed(key("a"));
  EXPECT_EQ(queue.adds(), 1u) << "it waits for its time";
  clock.advance(seconds(1));
  ASSERT_EQ(take(), "a");
  queue.retry(key("a"));
  EXPECT_EQ(queue.adds(), 3u);
  EXPECT_EQ(queue.retries(), 2u);
}

TEST_F(WorkQueueTest, the_time_a_key_waited_is_told) {
  queue.add(key("a"));
  clock.advance(seconds(3));
  EXPECT_EQ(queue.take()->waited, seconds(3));
}

TEST(WorkQueueAllowanceTest, whoever_waits_for_timers_is_told_of_a_key_that_is_put_off) {
  ManualClock clock;
  SeededRandom random(1);
  WorkQueue queue(clock, random, {.burst = 2});
  const ObjectKey often = key("often");
  EXPECT_FALSE(queue.add(often));
  ASSERT_TRUE(queue.take());
  EXPECT_FALSE(queue.add(often)) << "it is in work";
  EXPECT_FALSE(queue.done(often)) << "it is ready again";
  ASSERT_TRUE(queue.take());
  EXPECT_FALSE(queue.done(often));
  EXPECT_TRUE(queue.add(often)) << "its allowance is used up";
  EXPECT_TRUE(queue.next_due());
  const ObjectKey dirty = key("dirty");
  for (int i = 0; i < 2; ++i) {
    queue.add(dirty);
    ASSERT_TRUE(queue.take());
    if (i == 0) queue.done(dirty);
  }
  queue.add(dirty);
  EXPECT_TRUE(queue.done(dirty)) << "it has to go again, and may not yet";
  EXPECT_TRUE(queue.add_after(key("later"), std::chrono::seconds(1)));
}

TEST(WorkQueueThreadsTest, no_key_is_ever_in_work_twice_and_none_is_lost) {
  SystemClock clock;
  SeededRandom random(1);
  WorkQueue queue(clock, random, {.burst = 1'000'000});
  constexpr int kKeys = 20;
  constexpr int kAdds = 2000;
  std::vector<std::atomic<int>> in_work(kKeys);
  std::vector<std::atomic<int>> last_seen(kKeys);
  std::vector<std::atomic<int>> last_added(kKeys);
  std::atomic<bool> overlapped{false};
  std::atomic<bool> adding{true};
  const auto work = [&] {
    while (adding || queue.ready() > 0 || queue.active() > 0) {
      const auto item = queue.take();
      if (!item) {
        std::this_thread::yield();
        continue;
      }
      const int id = std::stoi(item->key.name);
      if (in_work[id].fetch_add(1) != 0) overlapped = true;
      last_seen[id] = last_added[id].load();
      in_work[id].fetch_sub(1);
      queue.done(item->key);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back(work);
  for (int i = 1; i <= kAdds; ++i) {
    last_added[i % kKeys] = i;
    queue.add(key(std::to_string(i % kKeys)));
  }
  adding = false;
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(overlapped);
  for (int i = 0; i < kKeys; ++i) EXPECT_EQ(last_seen[i], last_added[i]) << i;
}

}  // namespace
}  // namespace capstan
