#include "runtime/store/watch_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <thread>

#include "runtime/store/store_testing.h"

namespace capstan {
namespace {

using namespace store_testing;  // NOLINT: the words of these tests
using testing::ElementsAre;

std::vector<std::string> names(const std::vector<ObjectPtr>& objects) {
  std::vector<std::string> out;
  for (const ObjectPtr& object : objects) {
    out.push_back(object->meta().ns + "/" + object->meta().name);
  }
  return out;
}

class WatchCacheTest : public testing::Test {
 protected:
  void commit(std::vector<Write> writes) { ASSERT_TRUE(store_->commit(std::move(writes)).ok()); }
  void restart(const WatchCacheOptions& options = {}) {
    cache_ = make_watch_cache(*store_, options).value();
  }
  WatchCallback recorder() {
    return [this](const StoreEvent& event) { seen_.push_back(event.revision); };
  }

  std::unique_ptr<Store> store_ = make_memory_store();
  std::unique_ptr<WatchCache> cache_ = make_watch_cache(*store_).value();
  std::vector<Revision> seen_;
};

TEST_F(WatchCacheTest, whoever_wrote_reads_its_own_write) {
  const auto made = store_->commit({create(machine({"a"}))}).value();
  EXPECT_EQ(cache_->get(made[0]->key()), made[0]);
  EXPECT_EQ(cache_->get_by_uid("default-a"), made[0]);
  EXPECT_EQ(cache_->revision(), 1U);
  commit({remove(made[0])});
  EXPECT_EQ(cache_->get(made[0]->key()), nullptr);
  EXPECT_EQ(cache_->get_by_uid("default-a"), nullptr);
  EXPECT_EQ(cache_->count(kMachines), 0U);
}

TEST_F(WatchCacheTest, a_list_is_sorted_and_of_one_kind_and_namespace) {
  commit({create(machine({"b"})), create(machine({"a", "zone"})), create(machine({"a"})),
          create(secret("s"))});
  const ListResult all = cache_->list(kMachines);
  EXPECT_EQ(all.revision, 4U);
  EXPECT_THAT(names(all.items), ElementsAre("default/a", "default/b", "zone/a"));
  EXPECT_THAT(names(cache_->list(kMachines, {.ns = "default", .labels = {}}).items),
              ElementsAre("default/a", "default/b"));
  EXPECT_TRUE(cache_->list(kMachines, {.ns = "defaul", .labels = {}}).items.empty());
  EXPECT_TRUE(cache_->list({"", "ConfigMap"}).items.empty());
}

TEST_F(WatchCacheTest, the_cluster_label_is_followed_when_it_changes) {
  const std::string label = "cluster.x-k8s.io/cluster-name";
  commit({create(machine({.name = "a", .cluster = "one"})),
          create(machine({.name = "b", .cluster = "two"})),
          create(machine({.name = "c", .ns = "zone", .cluster = "one"}))});
  EXPECT_THAT(names(cache_->list(kMachines, {"", {{label, "one"}}}).items),
              ElementsAre("default/a", "zone/c"));
  EXPECT_THAT(names(cache_->list(kMachines, {"zone", {{label, "one"}}}).items),
              ElementsAre("zone/c"));
  commit({update(machine({.name = "a", .cluster = "two"}))});
  EXPECT_THAT(names(cache_->list(kMachines, {"", {{label, "two"}}}).items),
              ElementsAre("default/a", "default/b"));
  EXPECT_TRUE(cache_->list(kMachines, {"", {{label, "two"}, {"other", "x"}}}).items.empty());
}

TEST_F(WatchCacheTest, dependents_are_found_by_their_owners_uid_across_kinds) {
  commit({create(machine({.name = "b", .owner = "u1"})),
          create(machine({.name = "a", .owner = "u1"})),
          create(machine({.name = "c", .owner = "u2"}))});
  EXPECT_THAT(names(cache_->owned_by("u1")), ElementsAre("default/a", "default/b"));
  commit({update(machine({"a"})), remove(machine({"b"}))});
  EXPECT_TRUE(cache_->owned_by("u1").empty());
}

std::vector<ObjectKey> cluster_of_label(const Object& object) {
  const std::string& name = object.meta().label("cluster.x-k8s.io/cluster-name");
  if (name.empty()) return {};
  return {{{"cluster.x-k8s.io", "Cluster"}, object.meta().ns, name}};
}

TEST_F(WatchCacheTest, what_refers_to_a_key_is_found_until_it_refers_to_another_or_goes) {
  restart({.references = cluster_of_label});
  const ObjectKey wanted = {{"cluster.x-k8s.io", "Cluster"}, "default", "wanted"};
  commit({create(machine({.name = "b", .cluster = "wanted"})),
          create(machine({.name = "a", .cluster = "wanted"})),
          create(machine({.name = "c", .cluster = "other"}))});
  EXPECT_THAT(names(cache_->referring_to(wanted)), ElementsAre("default/a", "default/b"));
  commit({update(machine({.name = "a", .cluster = "other"})), remove(machine({"b"}))});
  EXPECT_TRUE(cache_->referring_to(wanted).empty());
}

TEST_F(WatchCacheTest, a_watch_gets_what_it_missed_and_then_what_happens) {
  commit({create(machine({"a"})), create(secret("s")), create(machine({"b"}))});
  const auto handle = cache_->watch(kMachines, 1, recorder()).value();
  EXPECT_THAT(seen_, ElementsAre(3));
  commit({update(machine({"a"})), create(secret("t")), remove(machine({"b"}))});
  EXPECT_THAT(seen_, ElementsAre(3, 4, 6));
}

TEST_F(WatchCacheTest, a_watch_of_all_kinds_begins_now) {
  commit({create(machine({"a"}))});
  const auto handle = cache_->watch_all(recorder());
  commit({create(machine({"b"})), create(secret("s"))});
  EXPECT_THAT(seen_, ElementsAre(2, 3));
}

TEST_F(WatchCacheTest, a_revision_that_left_the_window_is_expired) {
  restart({.window = 3});
  commit({create(machine({"a"})), create(machine({"b"})), create(machine({"c"}))});
  commit({create(machine({"d"}))});
  const auto late = cache_->watch(kMachines, 0, recorder());
  EXPECT_EQ(late.code(), Code::kExpired);
  EXPECT_TRUE(cache_->watch(kMachines, 1, recorder()).ok());
  EXPECT_THAT(seen_, ElementsAre(2, 3, 4));
}

TEST_F(WatchCacheTest, a_quiet_kind_stays_resumable_while_another_changes) {
  restart({.window = 3});
  commit({create(machine({"a"}))});
  for (int i = 0; i < 10; ++i) commit({update(machine({"a"}))});
  EXPECT_TRUE(cache_->watch(kSecrets, 0, recorder()).ok());
  EXPECT_EQ(cache_->watch(kMachines, 0, recorder()).code(), Code::kExpired);
}

TEST_F(WatchCacheTest, the_window_is_bounded_in_bytes_too) {
  restart({.window = 1'000, .window_bytes = 10'000});
  for (int i = 0; i < 10; ++i) commit({create(secret("s" + std::to_string(i), 3'000))});
  EXPECT_EQ(cache_->watch(kSecrets, 6, recorder()).code(), Code::kExpired);
  EXPECT_TRUE(cache_->watch(kSecrets, 7, recorder()).ok());
}

TEST_F(WatchCacheTest, a_revision_from_the_future_is_expired_so_that_the_client_lists_again) {
  const auto watch = cache_->watch(kMachines, 5, recorder());
  EXPECT_EQ(watch.code(), Code::kExpired);
  EXPECT_THAT(watch.error().message, testing::HasSubstr("newer than the store's"));
}

TEST_F(WatchCacheTest, watches_resume_over_a_restart_from_the_stores_log) {
  commit({create(machine({"a"})), update(machine({"a"})), remove(machine({"a"}))});
  restart();
  const auto handle = cache_->watch(kMachines, 1, recorder()).value();
  commit({create(machine({"b"}))});
  EXPECT_THAT(seen_, ElementsAre(2, 3, 4));
}

TEST_F(WatchCacheTest, no_callback_after_the_handle_is_gone) {
  auto handle = cache_->watch(kMachines, 0, recorder()).value();
  commit({create(machine({"a"}))});
  handle.reset();
  commit({create(machine({"b"}))});
  EXPECT_THAT(seen_, ElementsAre(1));
}

TEST_F(WatchCacheTest, a_callback_may_end_its_own_watch) {
  std::unique_ptr<WatchHandle> handle;
  auto token = std::make_shared<int>(0);
  const std::weak_ptr<int> alive = token;
  handle = cache_
               ->watch(kMachines, 0,
                       [&, token = std::move(token)](const StoreEvent& event) {
                         handle.reset();
                         seen_.push_back(event.revision + *token);
                       })
               .value();
  commit({create(machine({"a"})), create(machine({"b"}))});
  EXPECT_THAT(seen_, ElementsAre(1));
  EXPECT_TRUE(alive.expired());
}

TEST_F(WatchCacheTest, a_callback_may_read_the_cache_and_open_another_watch) {
  std::vector<std::unique_ptr<WatchHandle>> inner;
  const auto handle = cache_->watch(kMachines, 0, [&](const StoreEvent& event) {
    EXPECT_EQ(cache_->get(event.object->key()), event.object);
    inner.push_back(cache_->watch(kMachines, event.revision, recorder()).value());
  });
  commit({create(machine({"a"}))});
  EXPECT_TRUE(seen_.empty());
  commit({create(machine({"b"}))});
  EXPECT_THAT(seen_, ElementsAre(2));
}

TEST_F(WatchCacheTest, a_handle_may_outlive_the_cache) {
  auto handle = cache_->watch(kMachines, 0, recorder()).value();
  store_ = make_memory_store();
  cache_.reset();
  handle.reset();
}

TEST_F(WatchCacheTest, ending_a_watch_waits_for_its_running_callback) {
  std::mutex mutex;
  std::condition_variable changed;
  bool entered = false;
  std::atomic<bool> left = false;
  Result<std::unique_ptr<WatchHandle>> handle = cache_->watch(kMachines, 0, [&](const StoreEvent&) {
    {
      const std::scoped_lock lock(mutex);
      entered = true;
    }
    changed.notify_one();
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    left = true;
  });
  std::thread writer([&] { commit({create(machine({"a"}))}); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return entered; });
  }
  handle->reset();
  EXPECT_TRUE(left);
  writer.join();
}

TEST_F(WatchCacheTest, watches_opened_among_concurrent_writes_see_exactly_the_log) {
  constexpr int kWriters = 4;
  constexpr int kWrites = 150;
  constexpr int kWatches = 40;
  std::vector<std::thread> threads;
  for (int t = 0; t < kWriters; ++t) {
    threads.emplace_back([&, t] {
      const auto own = machine({"m" + std::to_string(t)});
      commit({create(own)});
      for (int i = 1; i < kWrites; ++i) commit({update(own)});
    });
  }
  struct Watch {
    Revision after = 0;
    std::vector<Revision> seen;
    std::unique_ptr<WatchHandle> handle;
  };
  std::vector<Watch> watches(kWatches);
  threads.emplace_back([&] {
    for (Watch& watch : watches) {
      watch.after = cache_->list(kMachines).revision;
      watch.handle =
          cache_
              ->watch(kMachines, watch.after,
                      [&watch](const StoreEvent& event) { watch.seen.push_back(event.revision); })
              .value();
    }
  });
  for (auto& thread : threads) thread.join();
  for (const Watch& watch : watches) {
    ASSERT_EQ(watch.seen.size(), kWriters * kWrites - watch.after);
    for (size_t i = 0; i < watch.seen.size(); ++i) {
      ASSERT_EQ(watch.seen[i], watch.after + i + 1);
    }
  }
}

TEST_F(WatchCacheTest, a_list_is_the_state_at_exactly_its_revision) {
  // Both objects are written in every batch, so any consistent list has them equal.
  commit({create(machine({"a"})), create(machine({"b"}))});
  std::thread writer([&] {
    for (int i = 1; i <= 300; ++i) {
      commit(
          {update(machine({.name = "a", .value = i})), update(machine({.name = "b", .value = i}))});
    }
  });
  for (Revision revision = 0; revision < 602;) {
    const ListResult list = cache_->list(kMachines);
    revision = list.revision;
    ASSERT_EQ(list.items.size(), 2U);
    ASSERT_EQ(value_of(*list.items[0]), value_of(*list.items[1]));
    ASSERT_EQ(list.items[1]->meta().resource_version, revision);
  }
  writer.join();
}

TEST_F(WatchCacheTest, trees_that_nobody_used_are_dropped) {
  commit({create(machine({"a"}))});
  const ObjectPtr object = cache_->get(machine({"a"})->key());
  const std::weak_ptr<const Json> tree = object->tree();
  cache_->drop_idle_trees();
  EXPECT_FALSE(tree.expired());
  cache_->drop_idle_trees();
  EXPECT_TRUE(tree.expired());
  EXPECT_EQ(value_of(*object), 0);
}

}  // namespace
}  // namespace capstan
