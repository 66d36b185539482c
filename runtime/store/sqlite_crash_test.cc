// A process that is killed at any moment: what it had acknowledged is there, nothing is half there.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <map>
#include <random>
#include <thread>

#include "runtime/store/store_testing.h"

namespace capstan {
namespace {

using namespace store_testing;  // NOLINT: the words of these tests

constexpr int kThreads = 3;
constexpr int kRounds = 40;

struct Acknowledged {
  int64_t thread = 0;
  int64_t value = 0;
};

// Each batch writes the pair of its thread, both with the same value.
void write_pairs(Store& store, int thread, int pipe) {
  const std::string name = std::to_string(thread);
  for (int64_t value = 1;; ++value) {
    std::vector<Write> batch;
    for (const char* half : {"left-", "right-"}) {
      const ObjectPtr object = machine({.name = half + name, .value = value});
      batch.push_back(value == 1 ? create(object) : update(object));
    }
    // What an earlier process left goes first.
    if (value == 1) {
      for (const Write& write : batch) (void)store.commit({{Write::Op::kDelete, write.key, {}, 0}});
    }
    if (!store.commit(std::move(batch)).ok()) _exit(3);
    const Acknowledged done{thread, value};
    if (write(pipe, &done, sizeof done) != sizeof done) _exit(4);
  }
}

[[noreturn]] void run_child(const std::string& path, int pipe) {
  auto store = open_sqlite_store({.path = path, .keep_events = 20});
  if (!store.ok()) _exit(2);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] { write_pairs(**store, t, pipe); });
  }
  for (auto& thread : threads) thread.join();
  _exit(0);
}

// Reads `count` acknowledgements, kills, and reads what else had been acknowledged.
std::map<int64_t, int64_t> kill_after(pid_t child, int pipe, int count) {
  std::map<int64_t, int64_t> last;
  Acknowledged done;
  for (int i = 0; read(pipe, &done, sizeof done) == sizeof done; ++i) {
    last[done.thread] = done.value;
    if (i == count) kill(child, SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
  return last;
}

TEST(SqliteCrashTest, a_write_that_was_acknowledged_survives_a_kill_and_none_is_half_there) {
#if defined(CAPSTAN_SANITIZED) && defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer does not follow threads of a forked process";
#endif
  const TemporaryFolder folder;
  const std::string path = folder.file("store.db");
  std::mt19937 random(7);
  Revision revision = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(pipe(pipe_ends.data()), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) run_child(path, pipe_ends[1]);
    close(pipe_ends[1]);
    const auto last = kill_after(child, pipe_ends[0], static_cast<int>(random() % 60));
    close(pipe_ends[0]);

    const auto store = open_sqlite_store({.path = path, .keep_events = 20});
    ASSERT_TRUE(store.ok()) << store.error().message;
    EXPECT_GT((*store)->revision(), revision);
    revision = (*store)->revision();
    std::map<std::string, int64_t> values;
    ASSERT_TRUE((*store)
                    ->load([&](const ObjectPtr& o) { values[o->meta().name] = value_of(*o); }, {})
                    .ok());
    for (const auto& [thread, value] : last) {
      const std::string name = std::to_string(thread);
      EXPECT_GE(values["left-" + name], value);
      EXPECT_LE(values["left-" + name], value + 1);
      EXPECT_EQ(values["left-" + name], values["right-" + name]);
    }
    EXPECT_TRUE((*store)->events_after((*store)->oldest_resumable()).ok());
  }
}

}  // namespace
}  // namespace capstan
