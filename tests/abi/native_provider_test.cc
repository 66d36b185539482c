// What a loaded plugin can do to a call, and what the host makes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/plugin/plugin_loader.h"

namespace capstan {
namespace {

using testing::HasSubstr;

class NativeProviderTest : public testing::Test {
 protected:
  std::unique_ptr<Provider> load(const std::string& name,
                                 std::map<std::string, std::string> secrets = {}) {
    LoaderOptions options{.ports = {.clock = clock_}, .bundled_folder = CAPSTAN_FIXTURES};
    options.native.max_reply = 1 << 20;
    PluginConfig config;
    config.name = name;
    config.secrets = std::move(secrets);
    ProbeCache cache("");
    auto provider = load_plugin(config, options, cache);
    EXPECT_TRUE(provider.ok()) << provider.error().message;
    EXPECT_TRUE((*provider)->activate(Json::object()).ok());
    return *std::move(provider);
  }
  ProviderReply reconcile(Provider& provider, const std::string& scenario) {
    return provider.reconcile({}, "{\"object\":{\"scenario-" + scenario + "\":1}}");
  }
  std::string message(const ProviderReply& reply) { return reply.error("plain").message; }
  SystemClock clock_;
};

TEST_F(NativeProviderTest, a_plugin_in_plain_c_reconciles) {
  const auto plugin = load("plain");
  const ProviderReply reply = reconcile(*plugin, "any");
  EXPECT_EQ(reply.status, Code::kOk);
  EXPECT_EQ(reply.text, R"({"patch":{"status":{"seen":true}},"requeueAfterMs":1500})");
}

TEST_F(NativeProviderTest, an_unknown_status_becomes_an_error_that_names_the_plugin) {
  const auto plugin = load("plain");
  for (const char* scenario : {"status", "negative"}) {
    const ProviderReply reply = reconcile(*plugin, scenario);
    EXPECT_EQ(reply.status, Code::kInternal);
    EXPECT_THAT(message(reply), HasSubstr("plugin \"plain\" gave status"));
  }
}

TEST_F(NativeProviderTest, an_endless_reply_is_cut_off) {
  const auto plugin = load("plain");
  const ProviderReply reply = reconcile(*plugin, "endless");
  EXPECT_EQ(reply.status, Code::kInternal);
  EXPECT_TRUE(reply.text.empty());
  EXPECT_THAT(message(reply), HasSubstr("wrote more than 1048576 bytes"));
}

TEST_F(NativeProviderTest, an_exception_that_crosses_the_boundary_becomes_an_error) {
  const auto plugin = load("throws");
  const ProviderReply reply = reconcile(*plugin, "any");
  EXPECT_EQ(reply.status, Code::kInternal);
  EXPECT_THAT(message(reply), HasSubstr("let an exception out of reconcile (convention 8"));
}

TEST_F(NativeProviderTest, a_failure_carries_its_diagnostic_and_delay) {
  const auto plugin = load("plain");
  const ProviderReply reply = reconcile(*plugin, "failure");
  EXPECT_EQ(reply.status, Code::kUnavailable);
  const Error error = reply.error("plain");
  EXPECT_EQ(error.message, "the cloud is down");
  EXPECT_EQ(error.retry_after, std::chrono::milliseconds(7000));
}

TEST_F(NativeProviderTest, a_call_sees_that_it_was_given_up) {
  const auto plugin = load("plain");
  const std::atomic<bool> cancelled{true};
  ProviderCall call;
  call.cancelled = &cancelled;
  EXPECT_EQ(plugin->reconcile(call, "scenario-cancelled").status, Code::kCancelled);
}

TEST_F(NativeProviderTest, after_deactivate_calls_are_refused_and_it_can_be_activated_again) {
  const auto plugin = load("plain");
  plugin->deactivate();
  EXPECT_EQ(reconcile(*plugin, "any").status, Code::kUnavailable);
  ASSERT_TRUE(plugin->activate(Json::object()).ok());
  EXPECT_EQ(reconcile(*plugin, "any").status, Code::kOk);
}

TEST_F(NativeProviderTest, a_secret_comes_by_its_reference) {
  ::setenv("CAPSTAN_TEST_TOKEN", "s3cret", 1);
  const auto plugin = load("plain", {{"token", "env:CAPSTAN_TEST_TOKEN"}});
  EXPECT_EQ(reconcile(*plugin, "services").text, R"({"patch":{"status":{"seen":"s3cret"}}})");
  ::unsetenv("CAPSTAN_TEST_TOKEN");
  EXPECT_EQ(reconcile(*plugin, "services").status, Code::kNotFound);
}

TEST_F(NativeProviderTest, admission_gives_defaults_or_the_field_that_is_wrong) {
  const auto plugin = load("plain");
  EXPECT_EQ(plugin->admit({}, "{}", "").text, R"({"spec":{"colour":"blue"}})");
  const ProviderReply refused = plugin->admit({}, R"({"scenario-refused":1})", "");
  EXPECT_EQ(refused.status, Code::kInvalid);
  EXPECT_EQ(refused.diagnostics[0].field, "/spec/sizes/0");
}

TEST_F(NativeProviderTest, calls_and_failures_are_counted) {
  const auto plugin = load("plain");
  (void)reconcile(*plugin, "any");
  (void)reconcile(*plugin, "status");
  EXPECT_EQ(plugin->statistics().calls, 2u);
  EXPECT_EQ(plugin->statistics().failures, 1u);
  EXPECT_GT(plugin->statistics().latency.sum, 0);
  EXPECT_EQ(plugin->statistics().latency.count(), 2u);
}

}  // namespace
}  // namespace capstan
