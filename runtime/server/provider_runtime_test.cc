#include "runtime/server/provider_runtime.h"

#include <gtest/gtest.h>

#include "runtime/store/store_testing.h"
#include "runtime/trust/trust_policy.h"

namespace capstan {
namespace {

TEST(ProviderRuntimeTest, what_checks_writes_for_its_plugins_ends_with_them) {
  const store_testing::TemporaryFolder folder;
  ServerConfig config;
  config.data_dir = folder.path();
  config.plugins.emplace();  // none
  const auto signals = WakeSignal::create().value();
  const auto core = RuntimeCore::open(config.data_dir).value();
  isolation::Handover handover;
  ProviderRuntime runtime(config, TrustPolicy::create(config.trust).value(), core->clock, *signals,
                          nullptr, handover);
  ASSERT_TRUE(runtime.start(*core, [] {}).ok());
  const std::weak_ptr<Admission> checks = core->plugin_admission->target();
  ASSERT_FALSE(checks.expired());
  runtime.stop();
  EXPECT_TRUE(checks.expired()) << "it holds the plugins, whose services reach what is gone by now";
}

}  // namespace
}  // namespace capstan
