// A secret reaches the plugin that asked for it and nothing that people or other programs read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <sstream>

#include "runtime/plugin/native_provider.h"
#include "runtime/plugin/plugin_loader.h"

namespace capstan {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kCanary = "canary-7f3a9d51c2";

class SecretCanaryTest : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("CAPSTAN_TEST_CANARY", kCanary, 1);
    before_ = spdlog::default_logger();
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "canary", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)));
    auto file = read_plugin_file(std::string(CAPSTAN_FIXTURES) + "/leaks-secret.so");
    ASSERT_TRUE(file.ok()) << file.error().message;
    HostServicesOptions options{.plugin = "leaks-secret", .clock = clock_};
    options.secrets = {{"token", "env:CAPSTAN_TEST_CANARY"}};
    options.events = [this](const EventRecord& event) { events_.push_back(event); };
    auto provider =
        NativeProvider::load(*std::move(file), std::make_unique<HostServices>(std::move(options)));
    ASSERT_TRUE(provider.ok()) << provider.error().message;
    provider_ = *std::move(provider);
  }
  void TearDown() override {
    provider_.reset();
    spdlog::set_default_logger(before_);
    ::unsetenv("CAPSTAN_TEST_CANARY");
  }

  SystemClock clock_;
  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> before_;
  std::vector<EventRecord> events_;
  std::unique_ptr<NativeProvider> provider_;
};

TEST_F(SecretCanaryTest, it_is_in_no_log_line_event_or_diagnostic_of_a_reconcile) {
  ASSERT_TRUE(provider_->activate(Json::object()).ok());
  const ProviderReply reply = provider_->reconcile({}, "{}");
  EXPECT_EQ(reply.status, Code::kUnauthenticated) << "the plugin got it and says so";
  ASSERT_EQ(reply.diagnostics.size(), 1u);
  EXPECT_EQ(reply.diagnostics[0].summary, "[secret]");
  EXPECT_EQ(reply.diagnostics[0].detail, "[secret]");
  ASSERT_EQ(events_.size(), 1u);
  EXPECT_EQ(events_[0].message, "it is [secret]");
  EXPECT_THAT(log_.str(), HasSubstr("[leaks-secret] [secret] [secret]"));
  EXPECT_THAT(log_.str(), Not(HasSubstr(kCanary)));
}

TEST_F(SecretCanaryTest, it_is_not_in_the_reason_why_a_plugin_cannot_be_activated) {
  const auto activated = provider_->activate({{"leak", true}});
  ASSERT_FALSE(activated.ok());
  EXPECT_THAT(activated.error().message, HasSubstr("[secret]"));
  EXPECT_THAT(activated.error().message, Not(HasSubstr(kCanary)));
  EXPECT_THAT(log_.str(), Not(HasSubstr(kCanary)));
}

}  // namespace
}  // namespace capstan
