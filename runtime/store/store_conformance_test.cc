// What every adapter of the Store port must do, run for each of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "runtime/store/store_testing.h"

namespace capstan {
namespace {

using namespace store_testing;  // NOLINT: the words of these tests

struct Adapter {
  std::string name;
  std::function<std::unique_ptr<Store>(const std::string& file, size_t keep_events)> make;
};

class StoreConformanceTest : public testing::TestWithParam<Adapter> {
 protected:
  std::unique_ptr<Store> make(size_t keep_events) {
    return GetParam().make(folder_.file("store" + std::to_string(++files_)), keep_events);
  }

  TemporaryFolder folder_;
  int files_ = 0;
  std::unique_ptr<Store> store_ = make(20'000);

  std::vector<ObjectPtr> stored() {
    std::vector<ObjectPtr> objects;
    EXPECT_TRUE(store_
                    ->load([&](ObjectPtr object) { objects.push_back(std::move(object)); },
                           [this](const auto& events) {
                             seen_.insert(seen_.end(), events.begin(), events.end());
                           })
                    .ok());
    return objects;
  }
  std::vector<StoreEvent> seen_;  // by the listener, after stored()
};

TEST_P(StoreConformanceTest, revisions_grow_by_one_with_every_write) {
  const auto both = store_->commit({create(machine({"a"})), create(machine({"b"}))}).value();
  EXPECT_EQ(both[0]->meta().resource_version, 1U);
  EXPECT_EQ(both[1]->meta().resource_version, 2U);
  const auto deleted = store_->commit({remove(machine({"a"}))}).value();
  EXPECT_EQ(deleted[0]->meta().resource_version, 3U);
  EXPECT_EQ(store_->revision(), 3U);
}

TEST_P(StoreConformanceTest, a_written_object_says_its_revision_in_text_and_tree) {
  const auto made = store_->commit({create(machine({.name = "a", .value = 5}))}).value();
  EXPECT_EQ(get_string(*made[0]->tree(), {"metadata", "resourceVersion"}), "1");
  EXPECT_EQ(value_of(*made[0]), 5);
  const auto all = stored();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]->text(), made[0]->text());
}

TEST_P(StoreConformanceTest, creating_what_is_there_is_refused_with_its_name) {
  ASSERT_TRUE(store_->commit({create(machine({"a"}))}).ok());
  const auto again = store_->commit({create(machine({"a"}))});
  EXPECT_EQ(again.code(), Code::kAlreadyExists);
  EXPECT_EQ(again.error().message, "Machine.cluster.x-k8s.io default/a already exists");
}

TEST_P(StoreConformanceTest, updating_or_deleting_what_is_absent_is_not_found) {
  EXPECT_EQ(store_->commit({update(machine({"a"}))}).code(), Code::kNotFound);
  EXPECT_EQ(store_->commit({remove(machine({"a"}))}).code(), Code::kNotFound);
  EXPECT_EQ(store_->revision(), 0U);
}

TEST_P(StoreConformanceTest, a_write_with_an_old_revision_conflicts_and_a_current_one_does_not) {
  ASSERT_TRUE(store_->commit({create(machine({"a"}))}).ok());
  ASSERT_TRUE(store_->commit({update(machine({"a"}), 1)}).ok());
  const auto late = store_->commit({update(machine({"a"}), 1)});
  EXPECT_EQ(late.code(), Code::kConflict);
  EXPECT_THAT(late.error().message, testing::HasSubstr("is at resourceVersion 2, not 1"));
  EXPECT_EQ(store_->commit({remove(machine({"a"}), 1)}).code(), Code::kConflict);
  EXPECT_TRUE(store_->commit({remove(machine({"a"}), 2)}).ok());
}

TEST_P(StoreConformanceTest, a_batch_with_one_failure_stores_nothing_and_uses_no_revision) {
  ASSERT_TRUE(store_->commit({create(machine({"a"}))}).ok());
  EXPECT_EQ(store_->commit({create(machine({"b"})), remove(machine({"a"})), update(machine({"c"}))})
                .code(),
            Code::kNotFound);
  const auto all = stored();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]->meta().name, "a");
  EXPECT_EQ(store_->commit({create(machine({"d"}))}).value()[0]->meta().resource_version, 2U);
}

TEST_P(StoreConformanceTest, later_writes_of_a_batch_see_the_earlier_ones) {
  const auto done = store_->commit({create(machine({"a"})), update(machine({"a"}), 1),
                                    remove(machine({"a"}), 2), create(machine({"a"}))});
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(stored().at(0)->meta().resource_version, 4U);
}

TEST_P(StoreConformanceTest, a_write_whose_object_is_another_one_is_refused) {
  EXPECT_EQ(store_->commit({{Write::Op::kCreate, machine({"a"})->key(), machine({"b"}), 0}}).code(),
            Code::kInvalid);
  EXPECT_EQ(store_->commit({{Write::Op::kCreate, machine({"a"})->key(), nullptr, 0}}).code(),
            Code::kInvalid);
}

TEST_P(StoreConformanceTest, an_empty_batch_changes_nothing) {
  EXPECT_TRUE(store_->commit({}).value().empty());
  EXPECT_EQ(store_->revision(), 0U);
}

TEST_P(StoreConformanceTest, the_listener_has_seen_every_event_before_commit_returns) {
  ASSERT_TRUE(store_->commit({create(machine({.name = "a", .value = 1}))}).ok());
  EXPECT_EQ(stored().size(), 1U);
  ASSERT_TRUE(store_->commit({update(machine({.name = "a", .value = 2}))}).ok());
  ASSERT_TRUE(store_->commit({remove(machine({"a"}))}).ok());
  ASSERT_EQ(seen_.size(), 2U);
  EXPECT_EQ(seen_[0].type, EventType::kModified);
  EXPECT_EQ(value_of(*seen_[0].previous), 1);
  EXPECT_EQ(value_of(*seen_[0].object), 2);
  EXPECT_EQ(seen_[1].type, EventType::kDeleted);
  EXPECT_EQ(seen_[1].object->meta().resource_version, 3U);
  EXPECT_EQ(seen_[1].previous->meta().resource_version, 2U);
}

TEST_P(StoreConformanceTest, a_listener_that_commits_gets_an_error_instead_of_a_deadlock) {
  Code inner = Code::kOk;
  ASSERT_TRUE(store_
                  ->load([](const ObjectPtr&) {},
                         [&](const std::vector<StoreEvent>&) {
                           inner = store_->commit({create(machine({"b"}))}).code();
                         })
                  .ok());
  EXPECT_TRUE(store_->commit({create(machine({"a"}))}).ok());
  EXPECT_EQ(inner, Code::kInternal);
  EXPECT_EQ(store_->revision(), 1U);
  EXPECT_TRUE(store_->commit({create(machine({"c"}))}).ok());
}

TEST_P(StoreConformanceTest, the_log_gives_every_event_with_both_its_states) {
  ASSERT_TRUE(store_->commit({create(machine({.name = "a", .value = 1}))}).ok());
  ASSERT_TRUE(store_->commit({update(machine({.name = "a", .value = 2}))}).ok());
  ASSERT_TRUE(store_->commit({remove(machine({"a"}))}).ok());
  ASSERT_TRUE(store_->commit({create(machine({.name = "a", .value = 4}))}).ok());
  const auto events = store_->events_after(0).value();
  ASSERT_EQ(events.size(), 4U);
  const std::vector<EventType> types = {EventType::kAdded, EventType::kModified,
                                        EventType::kDeleted, EventType::kAdded};
  const std::vector<int64_t> values = {1, 2, 2, 4};
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].revision, i + 1);
    EXPECT_EQ(events[i].type, types[i]);
    EXPECT_EQ(value_of(*events[i].object), values[i]);
    EXPECT_EQ(events[i].object->meta().resource_version, i + 1);
    EXPECT_EQ(events[i].previous == nullptr, types[i] == EventType::kAdded);
  }
  EXPECT_EQ(value_of(*events[1].previous), 1);
  EXPECT_EQ(events[2].previous->meta().resource_version, 2U);
  EXPECT_EQ(store_->events_after(3).value().size(), 1U);
  EXPECT_TRUE(store_->events_after(4).value().empty());
}

TEST_P(StoreConformanceTest, the_log_is_bounded_and_what_fell_out_is_expired) {
  store_ = make(10);
  ASSERT_TRUE(store_->commit({create(machine({"a"}))}).ok());
  for (int i = 0; i < 2'000; ++i) ASSERT_TRUE(store_->commit({update(machine({"a"}))}).ok());
  const Revision oldest = store_->oldest_resumable();
  EXPECT_GT(oldest, 1'000U);
  EXPECT_LE(oldest, 2'001U - 10U);
  EXPECT_EQ(store_->events_after(oldest).value().front().revision, oldest + 1);
  const auto expired = store_->events_after(oldest - 1);
  EXPECT_EQ(expired.code(), Code::kExpired);
  EXPECT_THAT(expired.error().message, testing::HasSubstr("list again"));
}

TEST_P(StoreConformanceTest, writers_that_retry_on_conflict_lose_no_increment) {
  ASSERT_TRUE(store_->commit({create(machine({"counter"}))}).ok());
  const auto all = stored();
  std::mutex mutex;
  ObjectPtr current = all.at(0);
  constexpr int kThreads = 4;
  constexpr int kIncrements = 50;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int done = 0; done < kIncrements;) {
        ObjectPtr seen;
        {
          const std::scoped_lock lock(mutex);
          seen = current;
        }
        const auto next = machine({.name = "counter", .value = value_of(*seen) + 1});
        const auto result = store_->commit({update(next, seen->meta().resource_version)});
        if (!result.ok()) {
          ASSERT_EQ(result.code(), Code::kConflict);
          continue;
        }
        ++done;
        const std::scoped_lock lock(mutex);
        if ((*result)[0]->meta().resource_version > current->meta().resource_version) {
          current = (*result)[0];
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(value_of(*current), kThreads * kIncrements);
  ASSERT_EQ(seen_.size(), static_cast<size_t>(kThreads * kIncrements));
  for (size_t i = 0; i < seen_.size(); ++i) {
    EXPECT_EQ(value_of(*seen_[i].object), static_cast<int64_t>(i + 1));
  }
}

const std::vector<Adapter> kAdapters = {
    {"memory",
     [](const std::string&, size_t keep_events) { return make_memory_store({keep_events}); }},
    {"sqlite",
     [](const std::string& file, size_t keep_events) {
       return open_sqlite_store({.path = file, .keep_events = keep_events}).value();
     }},
};
INSTANTIATE_TEST_SUITE_P(Adapters, StoreConformanceTest, testing::ValuesIn(kAdapters),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace capstan
