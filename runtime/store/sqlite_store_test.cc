// What only the SQLite store can show: files, restarts, damage, locks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <thread>

#include "runtime/store/store_testing.h"
#include "runtime/store/watch_cache.h"

namespace capstan {
namespace {

using namespace store_testing;  // NOLINT: the words of these tests
using testing::HasSubstr;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

void run_sql(const std::string& path, const char* sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

std::map<std::string, std::string> texts(Store& store) {
  std::map<std::string, std::string> out;
  EXPECT_TRUE(
      store.load([&](const ObjectPtr& object) { out[object->key().text()] = object->text(); }, {})
          .ok());
  return out;
}

class SqliteStoreTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Store>> try_open() { return open_sqlite_store(options_); }
  void open() { store_ = try_open().value(); }
  void close() { store_.reset(); }
  void commit(std::vector<Write> writes) { ASSERT_TRUE(store_->commit(std::move(writes)).ok()); }

  TemporaryFolder folder_;
  SqliteOptions options_{.path = folder_.file("store.db")};
  std::unique_ptr<Store> store_;
};

TEST_F(SqliteStoreTest, everything_is_there_after_a_restart_and_revisions_go_on) {
  open();
  commit({create(machine({.name = "a", .value = 7})), create(secret("s"))});
  commit({remove(secret("s"))});
  const auto before = texts(*store_);
  close();
  open();
  EXPECT_EQ(texts(*store_), before);
  EXPECT_EQ(store_->revision(), 3U);
  EXPECT_EQ(store_->commit({create(secret("t"))}).value()[0]->meta().resource_version, 4U);
}

TEST_F(SqliteStoreTest, the_revision_of_a_last_deletion_is_not_used_again) {
  options_.keep_events = 1;
  open();
  commit({create(secret("s"))});
  commit({remove(secret("s"))});
  close();
  open();
  EXPECT_TRUE(texts(*store_).empty());
  EXPECT_EQ(store_->commit({create(secret("s"))}).value()[0]->meta().resource_version, 3U);
}

TEST_F(SqliteStoreTest, watches_resume_over_a_restart) {
  open();
  commit({create(machine({.name = "a", .value = 1})), create(machine({"b"}))});
  commit({update(machine({.name = "a", .value = 2})), remove(machine({"b"}))});
  close();
  open();
  const auto cache = make_watch_cache(*store_).value();
  std::vector<StoreEvent> seen;
  const auto handle =
      cache->watch(kMachines, 1, [&](const StoreEvent& event) { seen.push_back(event); }).value();
  commit({update(machine({.name = "a", .value = 5}))});
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(value_of(*seen[1].previous), 1);
  EXPECT_EQ(value_of(*seen[1].object), 2);
  EXPECT_EQ(seen[2].type, EventType::kDeleted);
  EXPECT_EQ(seen[2].object->meta().resource_version, 4U);
  EXPECT_EQ(seen[3].revision, 5U);
}

TEST_F(SqliteStoreTest, the_log_is_bounded_in_bytes_and_stays_so_over_a_restart) {
  options_.keep_event_bytes = 50'000;
  open();
  commit({create(secret("s", 10'000))});
  for (int i = 0; i < 50; ++i) commit({update(secret("s", 10'000))});
  EXPECT_GT(store_->oldest_resumable(), 40U);
  close();
  open();
  EXPECT_GT(store_->oldest_resumable(), 40U);
  EXPECT_LT(store_->oldest_resumable(), 51U);
}

TEST_F(SqliteStoreTest, a_file_that_lost_most_of_its_objects_becomes_small_again) {
  options_.keep_events = 1;
  open();
  std::vector<Write> writes;
  for (int i = 0; i < 300; ++i) writes.push_back(create(secret("s" + std::to_string(i), 40'000)));
  commit(std::move(writes));
  for (int i = 1; i < 300; ++i) commit({remove(secret("s" + std::to_string(i)))});
  for (int i = 0; i < 20; ++i) commit({update(secret("s0", 10))});
  close();
  EXPECT_LT(std::filesystem::file_size(options_.path), 3'000'000U);
}

TEST_F(SqliteStoreTest, a_new_file_is_its_owners_only) {
  open();
  commit({create(secret("s"))});
  using std::filesystem::perms;
  for (const std::string& file : {options_.path, options_.path + "-wal"}) {
    EXPECT_EQ(std::filesystem::status(file).permissions(), perms::owner_read | perms::owner_write)
        << file;
  }
}

TEST_F(SqliteStoreTest, a_second_opener_is_refused_and_told_why) {
  open();
  const auto second = try_open();
  EXPECT_EQ(second.code(), Code::kUnavailable);
  EXPECT_THAT(second.error().message, HasSubstr("is in use by another process"));
  EXPECT_THAT(second.error().message, HasSubstr(options_.path));
  commit({create(secret("s"))});
  close();
  EXPECT_TRUE(try_open().ok());
}

TEST_F(SqliteStoreTest, a_missing_folder_is_named_as_the_cause) {
  options_.path = folder_.file("no/such/store.db");
  const auto opened = try_open();
  EXPECT_EQ(opened.code(), Code::kPermissionDenied);
  EXPECT_THAT(opened.error().message, HasSubstr("its folder must exist"));
}

TEST_F(SqliteStoreTest, what_is_no_database_is_data_loss_with_the_remedy) {
  for (const std::string& content : {std::string("hello"), std::string(5'000, 'x')}) {
    write_file(options_.path, content);
    const auto opened = try_open();
    ASSERT_EQ(opened.code(), Code::kDataLoss) << content.size();
    EXPECT_THAT(opened.error().message, HasSubstr("restore it from a backup"));
    EXPECT_EQ(read_file(options_.path), content);
  }
}

TEST_F(SqliteStoreTest, a_newer_schema_is_refused_with_both_versions_and_the_remedy) {
  open();
  close();
  run_sql(options_.path, "PRAGMA user_version = 9");
  const auto opened = try_open();
  EXPECT_EQ(opened.code(), Code::kFailedPrecondition);
  EXPECT_THAT(opened.error().message, HasSubstr("schema version 9, this one reads up to 1"));
  EXPECT_THAT(opened.error().message, HasSubstr("start the newer Capstan again"));
}

TEST_F(SqliteStoreTest, another_programs_database_is_left_alone) {
  run_sql(options_.path, "CREATE TABLE t (x)");
  const std::string before = read_file(options_.path);
  EXPECT_EQ(try_open().code(), Code::kFailedPrecondition);
  EXPECT_EQ(read_file(options_.path), before);
}

TEST_F(SqliteStoreTest, a_damaged_object_is_named_and_can_be_given_up) {
  open();
  commit({create(machine({"a"})), create(machine({"b"}))});
  close();
  run_sql(options_.path,
          "UPDATE objects SET text = replace(text, 'value', 'velue') WHERE name = 'b'");
  const auto opened = try_open();
  ASSERT_EQ(opened.code(), Code::kDataLoss);
  EXPECT_THAT(opened.error().message, HasSubstr("Machine.cluster.x-k8s.io default/b"));
  EXPECT_THAT(opened.error().message, HasSubstr("DELETE FROM objects WHERE id = 2"));
  run_sql(options_.path, "DELETE FROM objects WHERE id = 2");
  open();
  EXPECT_EQ(texts(*store_).size(), 1U);
}

TEST_F(SqliteStoreTest, a_damaged_log_costs_watches_and_no_data) {
  open();
  commit({create(machine({"a"}))});
  commit({update(machine({"a"}))});
  close();
  run_sql(options_.path, "UPDATE events SET previous = '{' WHERE revision = 2");
  open();
  EXPECT_EQ(store_->events_after(0).code(), Code::kExpired);
  const auto cache = make_watch_cache(*store_).value();
  EXPECT_EQ(cache->count(kMachines), 1U);
  EXPECT_EQ(cache->watch(kMachines, 1, [](const StoreEvent&) {}).code(), Code::kExpired);
  EXPECT_TRUE(cache->watch(kMachines, 2, [](const StoreEvent&) {}).ok());
}

TEST_F(SqliteStoreTest, flipped_bytes_are_found_or_harmless_but_never_change_an_object) {
  open();
  for (int i = 0; i < 40; ++i) {
    commit(
        {create(machine({"m" + std::to_string(i)})), create(secret("s" + std::to_string(i), 900))});
  }
  const auto before = texts(*store_);
  close();
  const std::string good = read_file(options_.path);
  std::mt19937 random(1);
  int refused = 0;
  for (int round = 0; round < 150; ++round) {
    std::string bytes = good;
    for (int flips = 0; flips <= round % 4; ++flips) {
      bytes[random() % bytes.size()] ^= static_cast<char>(1U << (random() % 8));
    }
    options_.path = folder_.file("flipped" + std::to_string(round));
    write_file(options_.path, bytes);
    const auto opened = try_open();
    if (!opened.ok()) {
      ++refused;
      EXPECT_THAT(opened.code(),
                  testing::AnyOf(Code::kDataLoss, Code::kFailedPrecondition, Code::kInternal))
          << opened.error().message;
      continue;
    }
    EXPECT_EQ(texts(**opened), before) << "round " << round;
    const auto written = (*opened)->commit({update(secret("s1", 1'000))});
    EXPECT_THAT(written.code(), testing::AnyOf(Code::kOk, Code::kDataLoss));
  }
  EXPECT_GT(refused, 30);
}

TEST_F(SqliteStoreTest, what_queues_during_a_sync_goes_in_one_transaction_and_fails_alone) {
  open();
  commit({create(secret("there"))});
  size_t largest = 0;
  ASSERT_TRUE(store_
                  ->load([](const ObjectPtr&) {},
                         [&](const std::vector<StoreEvent>& events) {
                           largest = std::max(largest, events.size());
                         })
                  .ok());
  constexpr int kThreads = 8;
  for (int round = 0; round < 1'000 && largest < 2; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        const std::string name = std::to_string(round) + "-" + std::to_string(t);
        EXPECT_TRUE(store_->commit({create(secret(name))}).ok());
        EXPECT_EQ(store_->commit({create(secret("there"))}).code(), Code::kAlreadyExists);
      });
    }
    for (auto& thread : threads) thread.join();
  }
  EXPECT_GE(largest, 2U);
}

}  // namespace
}  // namespace capstan
