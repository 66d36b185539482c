// A plugin's process that goes on while its host starts itself anew.
#include "runtime/isolation/handover.h"

#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <thread>

#include "tests/isolation/zoo_test_case.h"

namespace capstan::isolation {
namespace {

// Gives handles of its own, as each host does.
class FakeMetrics final : public PluginMetrics {
 public:
  explicit FakeMetrics(uint32_t handle) : handle_(handle) {}
  uint32_t define(MetricType, const std::string&, const std::string&,
                  const std::map<std::string, std::string>&) override {
    return handle_;
  }
  void record(uint32_t handle, double) override {
    const std::scoped_lock lock(mutex_);
    if (handle != handle_) ++strange_;
    ++recorded_[handle];
    changed_.notify_all();
  }
  // Records under a handle that this host did not give.
  int strange() {
    const std::scoped_lock lock(mutex_);
    return strange_;
  }
  bool wait_for_records(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return recorded_[handle_] >= count; });
  }

 private:
  const uint32_t handle_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint32_t, int> recorded_;
  int strange_ = 0;
};

class HandoverTest : public ZooTestCase {
 protected:
  IsolationOptions with_handover() {
    IsolationOptions handed = options();
    handed.handover = &handover_;
    return handed;
  }
  std::unique_ptr<IsolatedProvider> start_with(const Json& settings) {
    auto provider = make(with_handover());
    const auto active = provider->activate(settings);
    EXPECT_TRUE(active.ok()) << active.error().message;
    return provider;
  }
  // As the host does that starts itself anew, but for exec.
  void renew(std::unique_ptr<IsolatedProvider>& provider, const Json& settings = Json::object()) {
    handover_.begin();
    provider->deactivate();
    provider = start_with(settings);
  }
  static bool is_there(int64_t pid) { return ::kill(static_cast<pid_t>(pid), 0) == 0; }

  Handover handover_;
};

TEST_F(HandoverTest, its_process_goes_on_and_answers_the_next_host) {
  auto provider = start_with(Json::object());
  const int64_t pid = provider->state().pid;
  for (int i = 0; i < 3; ++i) {
    renew(provider);
    EXPECT_EQ(provider->state().pid, pid);
    EXPECT_EQ(seen(*provider, "pid"), std::to_string(pid));
  }
  EXPECT_EQ(provider->state().restarts, 0u);
}

TEST_F(HandoverTest, in_the_sandbox_as_well) {
  IsolationOptions sandboxed = with_handover();
  sandboxed.sandbox = true;
  auto provider = start(sandboxed);
  const int64_t pid = provider->state().pid;
  const std::vector<std::string> notices = provider->state().notices;
  handover_.begin();
  provider->deactivate();
  provider = start(sandboxed);
  EXPECT_EQ(seen(*provider, "pid"), std::to_string(pid));
  EXPECT_EQ(provider->state().notices, notices);
}

TEST_F(HandoverTest, with_other_settings_it_is_started_anew) {
  auto provider = start_with(Json::object());
  const int64_t pid = provider->state().pid;
  renew(provider, {{"region", "north"}});
  EXPECT_NE(provider->state().pid, pid);
  EXPECT_FALSE(is_there(pid));
  EXPECT_EQ(seen(*provider, "nothing"), "well");
}

TEST_F(HandoverTest, in_another_isolation_it_is_started_anew) {
  auto provider = start_with(Json::object());
  const int64_t pid = provider->state().pid;
  handover_.begin();
  provider->deactivate();
  IsolationOptions sandboxed = with_handover();
  sandboxed.sandbox = true;
  provider = start(sandboxed);
  EXPECT_NE(provider->state().pid, pid);
  EXPECT_FALSE(is_there(pid));
}

TEST_F(HandoverTest, one_that_nobody_takes_is_ended) {
  auto provider = start_with(Json::object());
  const int64_t pid = provider->state().pid;
  handover_.begin();
  provider->deactivate();
  EXPECT_TRUE(is_there(pid));
  handover_.end_rest();
  EXPECT_FALSE(is_there(pid));
}

TEST_F(HandoverTest, without_a_handover_under_way_it_ends_with_its_provider) {
  auto provider = start_with(Json::object());
  const int64_t pid = provider->state().pid;
  provider->deactivate();
  EXPECT_FALSE(is_there(pid));
}

TEST_F(HandoverTest, one_that_died_meanwhile_is_started_anew) {
  auto provider = start_with(Json::object());
  const int64_t pid = provider->state().pid;
  handover_.begin();
  provider->deactivate();
  ASSERT_EQ(::kill(static_cast<pid_t>(pid), SIGKILL), 0);
  provider = start_with(Json::object());
  EXPECT_NE(provider->state().pid, pid);
  EXPECT_EQ(seen(*provider, "nothing"), "well");
}

TEST_F(HandoverTest, what_it_does_afterwards_is_watched_as_before) {
  auto provider = start_with(Json::object());
  renew(provider);
  EXPECT_THAT(reconcile(*provider, "crash").error("zoo").message, HasSubstr("signal 11"));
  ASSERT_TRUE(wait_for_changes(1));
  EXPECT_EQ(seen(*provider, "nothing"), "well");
  EXPECT_EQ(provider->state().crashes, 1u);
}

TEST_F(HandoverTest, its_services_are_those_of_the_next_host) {
  ::setenv("CAPSTAN_ZOO_TOKEN", "hunter2-hunter2", 1);
  auto provider = start_with(Json::object());
  renew(provider);
  EXPECT_EQ(seen(*provider, "use-services"), "hunter2-hunter2");
  EXPECT_TRUE(wait_for_remembered("wake woken"));
  ::unsetenv("CAPSTAN_ZOO_TOKEN");
}

TEST_F(HandoverTest, its_metrics_have_the_handles_of_the_next_host) {
  FakeMetrics first(7), second(9);
  metrics_ = &first;
  auto provider = start_with(Json::object());
  EXPECT_EQ(seen(*provider, "count"), "counted");
  EXPECT_TRUE(first.wait_for_records(1));
  metrics_ = &second;
  renew(provider);
  EXPECT_EQ(seen(*provider, "count"), "counted");
  EXPECT_TRUE(second.wait_for_records(1));
}

TEST_F(HandoverTest, metrics_that_are_recorded_all_the_time_never_have_another_hosts_handles) {
  FakeMetrics first(1), second(2);
  metrics_ = &first;
  auto provider = start_with(Json::object());
  EXPECT_EQ(seen(*provider, "count-on"), "begun");
  EXPECT_TRUE(first.wait_for_records(5));
  metrics_ = &second;
  renew(provider);
  EXPECT_TRUE(second.wait_for_records(5));
  EXPECT_EQ(second.strange(), 0);
}

TEST_F(HandoverTest, with_another_secret_it_is_started_anew) {
  ::setenv("CAPSTAN_ZOO_TOKEN", "hunter2-hunter2", 1);
  auto provider = start_with(Json::object());
  const int64_t pid = provider->state().pid;
  ::setenv("CAPSTAN_ZOO_TOKEN", "hunter3-hunter3", 1);
  renew(provider);
  EXPECT_NE(provider->state().pid, pid);
  EXPECT_FALSE(is_there(pid));
  ::unsetenv("CAPSTAN_ZOO_TOKEN");
}

TEST_F(HandoverTest, one_that_prints_without_end_goes_on) {
  auto provider = start_with(Json::object());
  const int64_t pid = provider->state().pid;
  EXPECT_EQ(seen(*provider, "flood"), "begun");
  renew(provider);
  EXPECT_EQ(provider->state().pid, pid);
}

TEST_F(HandoverTest, one_whose_signals_interrupt_every_wait_goes_on) {
  auto provider = start_with(Json::object());
  const int64_t pid = provider->state().pid;
  EXPECT_EQ(seen(*provider, "timer"), "begun");
  renew(provider);
  EXPECT_EQ(provider->state().pid, pid);
  EXPECT_EQ(seen(*provider, "nothing"), "well");
}

TEST_F(HandoverTest, a_call_that_asks_the_host_at_last_is_told_that_there_is_none) {
  IsolationOptions patient = with_handover();
  patient.restart.grace = 10s;
  auto provider = start(patient);
  const int64_t pid = provider->state().pid;
  std::atomic<bool> cancelled{false};
  ProviderCall call;
  call.cancelled = &cancelled;
  ProviderReply reply;
  std::thread caller([&] { reply = reconcile(*provider, "ask-at-last", call); });
  while (provider->statistics().in_flight == 0) std::this_thread::yield();
  cancelled = true;
  handover_.begin();
  provider->deactivate();
  caller.join();
  EXPECT_NE(reply.status, Code::kOk);
  provider = start(patient);
  EXPECT_EQ(provider->state().pid, pid);
}

TEST_F(HandoverTest, what_it_could_not_be_given_is_told_again) {
  IsolationOptions limited = with_handover();
  limited.limits.processes = 10'000;
  limited.cgroups.root = "/nowhere";
  auto provider = start(limited);
  const int64_t pid = provider->state().pid;
  const std::vector<std::string> notices = provider->state().notices;
  EXPECT_FALSE(notices.empty());
  handover_.begin();
  provider->deactivate();
  provider = start(limited);
  EXPECT_EQ(provider->state().pid, pid);
  EXPECT_EQ(provider->state().notices, notices);
}

TEST_F(HandoverTest, one_that_does_not_answer_is_ended_and_started_anew) {
  auto provider = start_with(Json::object());
  const int64_t pid = provider->state().pid;
  ASSERT_EQ(::kill(static_cast<pid_t>(pid), SIGSTOP), 0);
  renew(provider);
  EXPECT_NE(provider->state().pid, pid);
  EXPECT_FALSE(is_there(pid));
  EXPECT_EQ(seen(*provider, "nothing"), "well");
}

TEST_F(HandoverTest, the_next_host_knows_secrets_that_were_given_before) {
  ::setenv("CAPSTAN_ZOO_TOKEN", "hunter2-hunter2", 1);
  auto provider = start_with(Json::object());
  renew(provider);
  std::string text = "token hunter2-hunter2 refused";
  services_->redact(text);
  EXPECT_EQ(text, "token [secret] refused");
  ::unsetenv("CAPSTAN_ZOO_TOKEN");
}

TEST_F(HandoverTest, a_text_of_another_process_names_nothing) {
  for (const char* text :
       {"", "nonsense", "{}", R"({"host":1,"processes":[{"plugin":"zoo","pid":1,"control":0}]})"}) {
    Handover other(text);
    EXPECT_FALSE(other.take("zoo", "").has_value()) << text;
  }
  const std::string stranger = R"({"host":)" + std::to_string(::getpid()) +
                               R"(,"processes":[{"plugin":"zoo","pid":1,"control":0}]})";
  Handover other(stranger.c_str());
  EXPECT_FALSE(other.take("zoo", "").has_value()) << "process 1 is no child of this one";
}

}  // namespace
}  // namespace capstan::isolation
