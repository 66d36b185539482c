// What a plugin was asked and answered is written down without its secrets, and fed to it again
// gives the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "runtime/plugin/native_provider.h"
#include "runtime/plugin/plugin_loader.h"
#include "runtime/plugin/recording/recording_provider.h"
#include "runtime/plugin/recording/replay.h"
#include "runtime/system/file.h"

namespace capstan {
namespace {

using testing::HasSubstr;
using testing::Not;

class RecordingTest : public testing::Test {
 protected:
  RecordingTest() : path_(testing::TempDir() + "recording-" + std::to_string(::getpid())) {
    ::setenv("CAPSTAN_RECORDING_TOKEN", "s3cret-value", 1);
  }
  ~RecordingTest() override { std::filesystem::remove(path_); }

  // The plugin in plain C of tests/abi: what it does is in the request's text.
  static PluginFile plain() {
    auto file = read_plugin_file(CAPSTAN_PLAIN_PLUGIN);
    EXPECT_TRUE(file.ok()) << file.error().message;
    return *std::move(file);
  }
  static ProviderCall a_call() {
    ProviderCall call;
    call.attempt = 1;
    call.key = "uid-1";
    return call;
  }
  void record(const std::vector<std::string>& requests) {
    const PluginFile file = plain();
    auto recorder = Recorder::open(path_, file.manifest);
    ASSERT_TRUE(recorder.ok()) << recorder.error().message;
    PluginConfig config;
    config.secrets = {{"token", "env:CAPSTAN_RECORDING_TOKEN"}};
    auto services =
        std::make_unique<HostServices>(services_for(file.manifest, config, {.clock = clock_}));
    auto inner = NativeProvider::load(file, recording_host(std::move(services), *recorder));
    ASSERT_TRUE(inner.ok()) << inner.error().message;
    RecordingProvider provider(*std::move(inner), *recorder);
    ASSERT_TRUE(provider.activate({{"password", "hunter2-hunter2"}}).ok());
    for (const std::string& request : requests) {
      replies_.push_back(provider.reconcile(a_call(), request));
    }
    (void)provider.admit({}, "{}", "");
    provider.deactivate();
  }
  std::string text() const { return read_file(path_).value_or(""); }
  ReplayResult replay_it(const std::string& recording) {
    const auto parsed = parse_recording(recording);
    EXPECT_TRUE(parsed.ok()) << parsed.error().message;
    const auto result = replay(*parsed, plain());
    EXPECT_TRUE(result.ok()) << result.error().message;
    return *result;
  }

  SystemClock clock_;
  const std::string path_;
  std::vector<ProviderReply> replies_;
};

TEST_F(RecordingTest, a_recorded_provider_answers_as_it_does_unrecorded) {
  record({"{\"object\":{}}", "{\"object\":{\"scenario-failure\":1}}"});
  EXPECT_EQ(replies_[0].text, R"({"patch":{"status":{"seen":true}},"requeueAfterMs":1500})");
  EXPECT_EQ(replies_[1].status, Code::kUnavailable);
  EXPECT_EQ(replies_[1].diagnostics[0].summary, "the cloud is down");
}

TEST_F(RecordingTest, fed_again_it_answers_the_same) {
  record({"{\"object\":{}}", "{\"object\":{\"scenario-failure\":1}}",
          "{\"object\":{\"scenario-services\":1}}"});
  const ReplayResult result = replay_it(text());
  EXPECT_EQ(result.difference, "");
  EXPECT_EQ(result.calls, 6u);  // activate, three reconciles, admit, deactivate
}

TEST_F(RecordingTest, host_services_are_answered_from_the_recording) {
  record({"{\"object\":{\"scenario-services\":1}}"});
  ::unsetenv("CAPSTAN_RECORDING_TOKEN");  // no account is there any more
  EXPECT_EQ(replay_it(text()).difference, "");
}

TEST_F(RecordingTest, no_secret_is_in_the_file_and_only_its_owner_may_read_it) {
  record({"{\"object\":{\"scenario-services\":1}}",
          R"({"object":{},"bootstrapSecret":{"apiVersion":"v1","kind":"Secret","data":)"
          R"({"value":"I2Nsb3VkLWNvbmZpZyB3aXRoIGtleXM="}}})"});
  EXPECT_THAT(replies_[0].text, HasSubstr("s3cret-value"));
  EXPECT_THAT(text(), Not(HasSubstr("s3cret-value")));
  EXPECT_THAT(text(), Not(HasSubstr("I2Nsb3VkLWNvbmZpZyB3aXRoIGtleXM")));
  EXPECT_THAT(text(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(text(), HasSubstr("[redacted 1]"));
  const auto mode = std::filesystem::status(path_).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(RecordingTest, the_first_difference_is_named_with_its_call) {
  record({"{\"object\":{}}", "{\"object\":{}}"});
  std::string changed = text();
  const size_t at = changed.find("\"seen\":true");
  ASSERT_NE(at, std::string::npos);
  changed.replace(at, 11, "\"seen\":\"no\"");
  EXPECT_THAT(replay_it(changed).difference,
              HasSubstr("call 2 (reconcile): /reply/patch/status/seen: recorded \"no\", now true"));
}

TEST_F(RecordingTest, a_host_call_that_was_not_recorded_is_a_difference) {
  record({"{\"object\":{\"scenario-services\":1}}"});
  std::string without;
  for (const std::string& line : {std::string("capstan.secrets/1")}) {
    std::istringstream lines(text());
    for (std::string one; std::getline(lines, one);) {
      if (one.find(line) == std::string::npos) without += one + "\n";
    }
  }
  const std::string difference = replay_it(without).difference;
  EXPECT_THAT(difference, HasSubstr("call 2 (reconcile)"));
}

TEST_F(RecordingTest, what_a_crash_cut_off_is_left_out) {
  record({"{\"object\":{}}"});
  const std::string whole = text();
  EXPECT_EQ(replay_it(whole.substr(0, whole.size() - 20)).difference, "");
}

TEST_F(RecordingTest, another_plugin_s_recording_is_refused) {
  const auto other = parse_recording(R"({"line":"plugin","format":1,"name":"other"})");
  ASSERT_TRUE(other.ok());
  const auto result = replay(*other, plain());
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message, HasSubstr("the recording is of plugin \"other\""));
}

TEST(ParseRecordingTest, what_is_no_recording_is_named_with_its_line) {
  const auto result =
      parse_recording("{\"line\":\"plugin\",\"format\":1,\"name\":\"a\"}\n42\n{}\n");
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message, HasSubstr("line 2"));
}

}  // namespace
}  // namespace capstan
