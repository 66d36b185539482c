// A plugin in a process of its own: what it can do to itself, and that the host does not care.
#include <signal.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/isolation/zoo_test_case.h"

namespace capstan::isolation {
namespace {

class IsolatedProviderTest : public ZooTestCase {
 protected:
  // One call that costs the plugin its process: it fails in the way that is promised, and after
  // that the plugin works again, in another process.
  void expect_lost_and_restarted(const std::string& scenario, const std::string& reason,
                                 ProviderCall call = {}) {
    auto provider = start();
    const int64_t first = provider->state().pid;
    const ProviderReply reply = reconcile(*provider, scenario, call);
    EXPECT_EQ(reply.status, Code::kUnavailable) << scenario;
    EXPECT_EQ(reply.reason(), kPluginUnavailable);
    const Error error = reply.error("zoo");
    EXPECT_THAT(error.message, HasSubstr(reason)) << scenario;
    EXPECT_TRUE(error.retry_after.has_value());
    ASSERT_TRUE(wait_for_changes(1)) << scenario;
    EXPECT_EQ(seen(*provider, "nothing"), "well");
    EXPECT_NE(provider->state().pid, first);
    EXPECT_EQ(provider->state().crashes, 1u);
    EXPECT_EQ(provider->state().restarts, 1u);
    EXPECT_NE(::kill(static_cast<pid_t>(first), 0), 0) << "the first process is still there";
  }
};

TEST_F(IsolatedProviderTest, a_call_has_the_answer_of_the_same_plugin_in_this_process) {
  const auto provider = make(options(), CAPSTAN_PLAIN_PLUGIN);
  ASSERT_TRUE(provider->activate(Json::object()).ok());
  EXPECT_EQ(reconcile(*provider, "any").text,
            R"({"patch":{"status":{"seen":true}},"requeueAfterMs":1500})");
  EXPECT_EQ(provider->admit({}, "{}", "").text, R"({"spec":{"colour":"blue"}})");
  const ProviderReply refused = provider->admit({}, R"({"scenario-refused":1})", "");
  EXPECT_EQ(refused.status, Code::kInvalid);
  EXPECT_EQ(refused.diagnostics[0].field, "/spec/sizes/0");
  const ProviderReply failed = reconcile(*provider, "failure");
  EXPECT_EQ(failed.status, Code::kUnavailable);
  EXPECT_EQ(failed.reason(), "ReconcileFailed");
  EXPECT_EQ(failed.error("plain").retry_after, std::chrono::milliseconds(7000));
  EXPECT_THAT(reconcile(*provider, "status").error("plain").message, HasSubstr("gave status"));
}

TEST_F(IsolatedProviderTest, a_library_that_changed_after_it_was_verified_is_not_loaded) {
  const std::string path = testing::TempDir() + "/changes.so";
  std::filesystem::copy_file(CAPSTAN_PLAIN_PLUGIN, path,
                             std::filesystem::copy_options::overwrite_existing);
  auto file = read_plugin_file(path);
  ASSERT_TRUE(file.ok()) << file.error().message;
  auto image = SealedFile::read(path);
  ASSERT_TRUE(image.ok()) << image.error().message;
  file->image = std::make_shared<const SealedFile>(*std::move(image));
  std::ofstream(path, std::ios::app) << "one byte more";
  PluginConfig config;
  config.name = file->manifest.name;
  auto services = std::make_unique<HostServices>(
      services_for(file->manifest, config, HostPorts{.clock = clock_}));
  IsolatedProvider provider(*std::move(file), std::move(services), options());
  const auto active = provider.activate(Json::object());
  ASSERT_FALSE(active.ok());
  EXPECT_THAT(active.error().message, HasSubstr("changed since it was verified"));
}

TEST_F(IsolatedProviderTest, what_comes_with_a_call_crosses) {
  const auto provider = start();
  ProviderCall call = within(1min);
  call.attempt = 3;
  call.key = "uid-7";
  EXPECT_THAT(reconcile(*provider, "attempt", call).text, HasSubstr("3 uid-7"));
}

TEST_F(IsolatedProviderTest, large_requests_and_replies_cross) {
  const auto provider = start();
  EXPECT_EQ(seen(*provider, "large").size(), 300'000u);
  const std::string request = "{\"scenario-nothing\":\"" + std::string(1 << 20, 'y') + "\"}";
  EXPECT_EQ(provider->reconcile({}, request).status, Code::kOk);
  EXPECT_EQ(provider->reconcile({}, std::string(kMaxBody, 'z')).status, Code::kResourceExhausted);
  EXPECT_EQ(seen(*provider, "nothing"), "well");
}

TEST_F(IsolatedProviderTest, the_host_s_services_work_from_there) {
  ::setenv("CAPSTAN_ZOO_TOKEN", "s3cret", 1);
  const auto provider = start();
  EXPECT_EQ(seen(*provider, "use-services"), "s3cret");
  ::unsetenv("CAPSTAN_ZOO_TOKEN");
  EXPECT_TRUE(wait_for_remembered("event Seen"));
  EXPECT_TRUE(wait_for_remembered("wake woken"));
  EXPECT_EQ(seen(*provider, "use-services absent"), "absent");
}

TEST_F(IsolatedProviderTest, it_inherits_neither_environment_nor_files) {
  ::setenv("CAPSTAN_ZOO_TOKEN", "s3cret", 1);
  const auto provider = start();
  EXPECT_EQ(seen(*provider, "environment"), "PATH LANG ");
  ::unsetenv("CAPSTAN_ZOO_TOKEN");
  EXPECT_EQ(seen(*provider, "descriptors-open"), "0 1 2 3 4 5 6 ");
}

TEST_F(IsolatedProviderTest, a_crash_is_named_and_it_is_started_again) {
  expect_lost_and_restarted("crash", "signal 11 (Segmentation fault)");
}
TEST_F(IsolatedProviderTest, an_exit_is_named_and_it_is_started_again) {
  expect_lost_and_restarted("exit", "it ended with code 7");
}
TEST_F(IsolatedProviderTest, garbage_costs_it_its_process) {
  expect_lost_and_restarted("misuse scenario-garbage", "is broken");
}
TEST_F(IsolatedProviderTest, garbage_for_an_answer_costs_it_its_process) {
  expect_lost_and_restarted("misuse direct scenario-garbage", "is broken");
}
TEST_F(IsolatedProviderTest, garbage_to_the_services_costs_it_its_process) {
  expect_lost_and_restarted("misuse services scenario-garbage", "is broken");
}
TEST_F(IsolatedProviderTest, a_flood_of_file_descriptors_costs_it_its_process_and_leaves_none) {
  const auto open_files = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto before = open_files();
  expect_lost_and_restarted("misuse services scenario-descriptors", "broken");
  EXPECT_EQ(open_files(), before);
}
TEST_F(IsolatedProviderTest, closing_a_connection_costs_it_its_process) {
  expect_lost_and_restarted("misuse scenario-close", "closed");
  for (const char* socket : {"services", "direct"}) {
    changes_ = 0;
    expect_lost_and_restarted(std::string("misuse ") + socket + " scenario-close", "closed");
  }
}
TEST_F(IsolatedProviderTest, one_that_does_not_read_its_answers_is_ended_at_its_deadline) {
  expect_lost_and_restarted("misuse scenario-deaf", "did not return", within(300ms));
}
TEST_F(IsolatedProviderTest, one_that_hangs_is_ended_after_deadline_and_grace) {
  expect_lost_and_restarted("hang", "did not return from reconcile", within(50ms));
}
TEST_F(IsolatedProviderTest, one_that_ignores_sigterm_is_killed) {
  expect_lost_and_restarted("hang-deaf", "did not return from reconcile", within(50ms));
}
#ifndef CAPSTAN_SANITIZED  // the sanitizers' own memory is beyond any limit
TEST_F(IsolatedProviderTest, a_limit_of_memory_ends_only_the_plugin) {
  IsolationOptions limited = options();
  limited.limits.memory_bytes = 256u << 20;
  const auto provider = start(limited);
  const ProviderReply reply = reconcile(*provider, "memory");
  EXPECT_EQ(reply.status, Code::kUnavailable);
  EXPECT_THAT(reply.error("zoo").message, HasSubstr("signal 6"));
}
#endif

// How many processes of a group still run (what is dead and not yet reaped by init does not).
int running_in_group(pid_t group) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream stat(entry.path() / "stat");
    std::string text;
    if (!std::getline(stat, text)) continue;
    std::istringstream rest(text.substr(std::min(text.rfind(')'), text.size() - 1) + 1));
    char state = 0;
    pid_t parent = 0, process_group = 0;
    if (rest >> state >> parent >> process_group && process_group == group && state != 'Z') ++count;
  }
  return count;
}

TEST_F(IsolatedProviderTest, what_it_forked_goes_with_it) {
  const auto provider = start();
  const pid_t group = static_cast<pid_t>(provider->state().pid);
  EXPECT_EQ(running_in_group(group), 1);
  EXPECT_EQ(reconcile(*provider, "fork").status, Code::kUnavailable);
  ASSERT_TRUE(wait_for_changes(1));
  int left = 1;
  const MonotonicTime limit = clock_.monotonic() + kLimit;
  while ((left = running_in_group(group)) > 0 && clock_.monotonic() < limit) {
    std::this_thread::yield();
  }
  EXPECT_EQ(left, 0);
}

TEST_F(IsolatedProviderTest, a_call_that_obeys_its_cancellation_costs_nothing) {
  const auto provider = start();
  const int64_t pid = provider->state().pid;
  EXPECT_EQ(reconcile(*provider, "slow", within(20ms)).status, Code::kCancelled);
  const std::atomic<bool> cancelled{true};
  ProviderCall call;
  call.cancelled = &cancelled;
  EXPECT_EQ(reconcile(*provider, "slow", call).status, Code::kCancelled);
  EXPECT_EQ(provider->state().pid, pid);
  EXPECT_EQ(provider->state().crashes, 0u);
}

TEST_F(IsolatedProviderTest, a_cancelled_call_may_take_its_time) {
  IsolationOptions patient = options();
  patient.restart.grace = 1ms;
  patient.patience = kLimit;
  const auto provider = start(patient);
  const int64_t pid = provider->state().pid;
  const std::atomic<bool> cancelled{true};
  ProviderCall call = within(1h);
  call.cancelled = &cancelled;
  EXPECT_EQ(reconcile(*provider, "linger", call).status, Code::kCancelled);
  EXPECT_EQ(provider->state().pid, pid);
  EXPECT_EQ(provider->state().crashes, 0u);
}

TEST_F(IsolatedProviderTest, one_that_does_not_give_up_is_ended_and_neither_crash_nor_quarantine) {
  IsolationOptions strict = options();
  strict.restart.grace = strict.patience = 10ms;
  strict.restart.crashes = 1;
  const auto provider = start(strict);
  const std::atomic<bool> cancelled{true};
  ProviderCall call = within(1h);
  call.cancelled = &cancelled;
  for (int i = 1; i <= 3; ++i) {
    const ProviderReply reply = reconcile(*provider, "hang", call);
    EXPECT_EQ(reply.reason(), kPluginUnavailable);
    EXPECT_THAT(reply.error("zoo").message, HasSubstr("of being told to give up"));
    ASSERT_TRUE(wait_for_changes(i));
  }
  EXPECT_EQ(seen(*provider, "nothing"), "well");
  EXPECT_EQ(provider->state().restarts, 3u);
  EXPECT_EQ(provider->state().crashes, 0u);
  EXPECT_EQ(provider->statistics().quarantines, 0u);
}

TEST_F(IsolatedProviderTest, when_all_ends_a_cancelled_call_has_the_grace_only) {
  std::atomic<bool> ending{false};
  IsolationOptions patient = options();
  patient.restart.grace = 10ms;
  patient.patience = 1h;
  patient.ending = [&] { return ending.load(); };
  const auto provider = start(patient);
  std::atomic<bool> cancelled{true};
  ProviderCall call;
  call.cancelled = &cancelled;
  ending = true;
  const ProviderReply reply = reconcile(*provider, "hang", call);
  EXPECT_THAT(reply.error("zoo").message, HasSubstr("of being told to give up"));
  ASSERT_EQ(reply.diagnostics.size(), 1u);
  EXPECT_THAT(reply.diagnostics[0].detail, HasSubstr("it is not started again"));
  provider->deactivate();
  EXPECT_EQ(provider->state().restarts, 0u);
  EXPECT_EQ(provider->state().crashes, 0u);
}

TEST_F(IsolatedProviderTest, a_crash_of_one_that_is_told_to_give_up_is_a_crash) {
  const auto provider = start();
  const std::atomic<bool> cancelled{true};
  ProviderCall call;
  call.cancelled = &cancelled;
  EXPECT_THAT(reconcile(*provider, "crash", call).error("zoo").message, HasSubstr("signal 11"));
  EXPECT_EQ(provider->state().crashes, 1u);
}

TEST_F(IsolatedProviderTest, many_calls_run_side_by_side) {
  const auto provider = start();
  std::atomic<bool> cancelled{false};
  std::atomic<int> ended{0};
  std::vector<std::thread> threads;
  threads.reserve(10);
  for (int i = 0; i < 10; ++i) {
    threads.emplace_back([&] {
      ProviderCall call;
      call.cancelled = &cancelled;
      EXPECT_EQ(reconcile(*provider, "slow", call).status, Code::kCancelled);
      ++ended;
    });
  }
  for (int i = 0; i < 200; ++i) EXPECT_EQ(seen(*provider, "nothing"), "well");
  EXPECT_EQ(ended, 0);
  cancelled = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(IsolatedProviderTest, it_is_away_until_it_is_started_again) {
  IsolationOptions slow = options();
  slow.restart.first_delay = slow.restart.longest_delay = 5s;
  const auto provider = start(slow);
  EXPECT_FALSE(provider->away().has_value());
  EXPECT_EQ(reconcile(*provider, "crash").status, Code::kUnavailable);
  const auto away = provider->away();
  ASSERT_TRUE(away.has_value());
  EXPECT_GT(*away, 1s);
  EXPECT_LT(*away, 7s);
  const auto other = start();
  EXPECT_EQ(reconcile(*other, "crash").status, Code::kUnavailable);
  ASSERT_TRUE(wait_for_changes(1));
  EXPECT_FALSE(other->away().has_value());
}

TEST_F(IsolatedProviderTest, a_long_absence_is_told_at_once) {
  IsolationOptions slow = options();
  slow.restart.first_delay = slow.restart.longest_delay = 1h;
  const auto provider = start(slow);
  EXPECT_EQ(reconcile(*provider, "crash").status, Code::kUnavailable);
  EXPECT_FALSE(provider->away().has_value());
  EXPECT_EQ(reconcile(*provider, "nothing").reason(), kPluginUnavailable);
}

TEST_F(IsolatedProviderTest, one_in_quarantine_is_not_away_but_says_so) {
  IsolationOptions strict = options();
  strict.restart.crashes = 1;
  const auto provider = start(strict);
  (void)reconcile(*provider, "crash");
  EXPECT_FALSE(provider->away().has_value());
  EXPECT_EQ(reconcile(*provider, "nothing").reason(), kPluginQuarantined);
}

TEST_F(IsolatedProviderTest, all_calls_under_way_fail_with_the_process_and_none_is_lost) {
  const auto provider = start();
  std::atomic<int> unavailable{0};
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      if (reconcile(*provider, "slow").status == Code::kUnavailable) ++unavailable;
    });
  }
  EXPECT_EQ(reconcile(*provider, "exit").status, Code::kUnavailable);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(unavailable, 8);
}

TEST_F(IsolatedProviderTest, it_is_quarantined_after_too_many_crashes_and_freed_by_hand) {
  const auto provider = start();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(reconcile(*provider, "crash").reason(), kPluginUnavailable);
    ASSERT_TRUE(wait_for_changes(i + 1));
  }
  const ProviderReply last = reconcile(*provider, "crash");
  EXPECT_EQ(last.reason(), kPluginQuarantined);
  EXPECT_EQ(provider->state().name, "Quarantined");
  EXPECT_THAT(provider->state().message, HasSubstr("signal 11"));
  const ProviderReply refused = reconcile(*provider, "nothing");
  EXPECT_EQ(refused.status, Code::kUnavailable);
  EXPECT_EQ(refused.reason(), kPluginQuarantined);
  ASSERT_TRUE(wait_for_changes(5));  // its objects are to show it
  EXPECT_TRUE(provider->unquarantine());
  ASSERT_TRUE(wait_for_changes(6));
  EXPECT_EQ(seen(*provider, "nothing"), "well");
  EXPECT_FALSE(provider->unquarantine());
}

TEST_F(IsolatedProviderTest, quarantine_ends_by_itself_after_its_time) {
  IsolationOptions strict = options();
  strict.restart.crashes = 1;
  strict.restart.quarantine = 50ms;
  const auto provider = start(strict);
  EXPECT_EQ(reconcile(*provider, "crash").reason(), kPluginQuarantined);
  ASSERT_TRUE(wait_for_changes(2));  // in quarantine, and running again
  EXPECT_EQ(seen(*provider, "nothing"), "well");
  EXPECT_EQ(provider->state().name, "Running");
}

TEST_F(IsolatedProviderTest, while_it_waits_calls_are_told_when_to_come_again) {
  IsolationOptions slow = options();
  slow.restart.first_delay = 1h;
  slow.restart.longest_delay = 1h;
  const auto provider = start(slow);
  (void)reconcile(*provider, "crash");
  const ProviderReply reply = reconcile(*provider, "nothing");
  EXPECT_EQ(reply.status, Code::kUnavailable);
  EXPECT_GT(*reply.error("zoo").retry_after, 50min);
  EXPECT_EQ(provider->state().name, "Restarting");
  EXPECT_GT(provider->state().retry_in, 50min);
}

TEST_F(IsolatedProviderTest, a_plugin_that_cannot_be_activated_says_why) {
  const auto refusing = make(options());
  EXPECT_EQ(refusing->activate({{"refuse", 1}}).code(), Code::kInvalid);
  const auto crashing = make(options());
  const auto crashed = crashing->activate({{"crash", 1}});
  ASSERT_FALSE(crashed.ok());
  EXPECT_THAT(crashed.error().message, HasSubstr("when it was activated: signal 11"));
  EXPECT_EQ(crashing->state().name, "Stopped");
  IsolationOptions absent = options();
  absent.program = "/nowhere/capstan-plugin-host";
  const auto nowhere = make(absent);
  const auto missing = nowhere->activate(Json::object());
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message, HasSubstr("cannot start /nowhere/capstan-plugin-host"));
}

TEST_F(IsolatedProviderTest, a_refusal_of_any_code_is_no_crash) {
  const auto refusing = make(options());
  EXPECT_EQ(refusing->activate({{"refuse-internal", 1}}).code(), Code::kInternal);
  EXPECT_EQ(refusing->state().crashes, 0u);
  EXPECT_FALSE(refusing->activate({{"crash", 1}}).ok());
  EXPECT_EQ(refusing->state().crashes, 1u);
}

TEST_F(IsolatedProviderTest, a_crash_when_it_is_told_to_end_is_told) {
  const auto provider = make(options());
  ASSERT_TRUE(provider->activate({{"crash-at-end", 1}}).ok());
  provider->deactivate();
  EXPECT_EQ(provider->state().crashes, 1u);
  EXPECT_THAT(provider->state().message, HasSubstr("signal 11"));
  ASSERT_TRUE(provider->activate(Json::object()).ok());
  provider->deactivate();
  EXPECT_EQ(provider->state().crashes, 0u);
}

TEST_F(IsolatedProviderTest, after_deactivate_it_is_gone_and_can_be_activated_again) {
  const auto provider = start();
  const auto pid = static_cast<pid_t>(provider->state().pid);
  provider->deactivate();
  EXPECT_NE(::kill(pid, 0), 0);
  EXPECT_EQ(reconcile(*provider, "nothing").status, Code::kUnavailable);
  EXPECT_EQ(provider->state().name, "Stopped");
  ASSERT_TRUE(provider->activate(Json::object()).ok());
  EXPECT_EQ(seen(*provider, "nothing"), "well");
}

TEST_F(IsolatedProviderTest, it_ends_with_deactivate_even_while_a_call_hangs) {
  auto provider = start();
  std::thread hanging(
      [&] { EXPECT_EQ(reconcile(*provider, "hang", within(50ms)).status, Code::kUnavailable); });
  hanging.join();
  provider->deactivate();
}

TEST_F(IsolatedProviderTest, it_ends_with_deactivate_even_while_its_start_hangs) {
  const std::string told = testing::TempDir() + "/hang-" + std::to_string(::getpid());
  const auto provider = make(options());
  ASSERT_TRUE(provider->activate({{"hang-if", told}}).ok());
  std::ofstream(told) << "now";
  (void)reconcile(*provider, "exit");
  ASSERT_TRUE(wait_for_remembered("wake hangs"));
  const MonotonicTime begin = clock_.monotonic();
  provider->deactivate();
  EXPECT_LT(clock_.monotonic() - begin, options().activate_timeout / 2);
  EXPECT_EQ(provider->state().restarts, 0u);
  std::filesystem::remove(told);
}

TEST_F(IsolatedProviderTest, calls_and_failures_are_counted) {
  const auto provider = start();
  (void)reconcile(*provider, "nothing");
  (void)reconcile(*provider, "exit");
  EXPECT_EQ(provider->statistics().calls, 2u);
  EXPECT_EQ(provider->statistics().failures, 1u);
  EXPECT_GT(provider->statistics().latency.count(), 0u);
}

}  // namespace
}  // namespace capstan::isolation
