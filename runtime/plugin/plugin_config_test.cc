#include "runtime/plugin/plugin_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan {
namespace {

TEST(PluginConfigTest, a_name_alone_is_a_bundled_plugin) {
  const auto configs = parse_plugin_configs(Json::parse(R"(["docker"])"));
  ASSERT_TRUE(configs.ok());
  EXPECT_EQ(configs->at(0).name, "docker");
  EXPECT_TRUE(configs->at(0).enabled);
}

TEST(PluginConfigTest, everything_can_be_said) {
  const auto configs = parse_plugin_configs(Json::parse(R"([{
    "name": "acme", "file": "/opt/acme.so", "enabled": false, "settings": {"region": "eu"},
    "secrets": {"token": "env:TOKEN", "key": "file:/run/key"}, "isolation": "process"}])"));
  ASSERT_TRUE(configs.ok()) << configs.error().message;
  EXPECT_FALSE(configs->at(0).enabled);
  EXPECT_EQ(configs->at(0).secrets.at("key"), "file:/run/key");
  EXPECT_EQ(configs->at(0).isolation, "process");
}

TEST(PluginConfigTest, limits_are_written_as_kubernetes_writes_amounts) {
  const auto configs = parse_plugin_configs(Json::parse(R"([{"name": "acme", "isolation": "sandbox",
    "limits": {"memory": "512Mi", "cpuSeconds": 60, "openFiles": 256, "processes": 64}}])"));
  ASSERT_TRUE(configs.ok()) << configs.error().message;
  EXPECT_EQ(configs->at(0).isolation, "sandbox");
  EXPECT_EQ(configs->at(0).limits, (PluginLimits{512u << 20, 60, 256, 64}));
}

TEST(PluginConfigTest, a_number_is_one_with_and_without_a_sign) {
  Json config = Json::parse(R"([{"name": "acme", "limits": {}}])");
  config[0]["limits"] = {{"memory", int64_t{4096}}, {"openFiles", int64_t{20}}};
  const auto configs = parse_plugin_configs(config);
  ASSERT_TRUE(configs.ok()) << configs.error().message;
  EXPECT_EQ(configs->at(0).limits, (PluginLimits{4096, 0, 20, 0}));
}

TEST(PluginConfigTest, restarts_are_written_in_durations_and_have_defaults) {
  const auto configs = parse_plugin_configs(Json::parse(R"(["plain", {"name": "acme",
    "restart": {"delay": "200ms", "crashes": 3, "quarantine": "0s"}}])"));
  ASSERT_TRUE(configs.ok()) << configs.error().message;
  EXPECT_EQ(configs->at(0).restart, PluginRestart());
  PluginRestart wanted;
  wanted.first_delay = std::chrono::milliseconds(200);
  wanted.crashes = 3;
  wanted.quarantine = Duration::zero();
  EXPECT_EQ(configs->at(1).restart, wanted);
}

TEST(PluginConfigTest, a_mistake_is_named_with_its_field) {
  const std::pair<const char*, const char*> mistakes[] = {
      {R"({})", "plugins: must be a list"},
      {R"([7])", "plugins[0]: must be a plugin's name or a map"},
      {R"([{}])", "plugins[0].name: is missing"},
      {R"(["a", {"name": "a"}])", "plugins[1].name: \"a\" stands in the list twice"},
      {R"([{"name": "a", "setings": {}}])", "plugins[0].setings: is unknown"},
      {R"([{"name": "a", "enabled": "yes"}])", "plugins[0].enabled: must be true or false"},
      {R"([{"name": "a", "secrets": {"t": "hunter2"}}])", "plugins[0].secrets.t: must be env:NAME"},
      {R"([{"name": "a", "isolation": "vm"}])", "plugins[0].isolation: must be in-process"},
      {R"([{"name": "a", "limits": {"memory": "much"}}])", "limits.memory: must be an amount"},
      {R"([{"name": "a", "limits": {"memory": "99999999999Gi"}}])", "limits.memory: must be"},
      {R"([{"name": "a", "limits": {"openFiles": -1}}])", "limits.openFiles: must be a number"},
      {R"([{"name": "a", "limits": {"openFiles": 15}}])",
       "limits.openFiles: must be a number of at"},
      {R"([{"name": "a", "limits": {"processes": 0}}])",
       "limits.processes: must be a number of at"},
      {R"([{"name": "a", "limits": {"disk": 1}}])", "limits.disk: is unknown"},
      {R"([{"name": "a", "restart": {"delay": 5}}])", "restart.delay: must be a duration"},
      {R"([{"name": "a", "restart": {"quarantine": "8761h"}}])",
       "restart.quarantine: must be no more than 8760h"},
      {R"([{"name": "a", "restart": {"grace": "61m"}}])", "restart.grace: must be no more than 1h"},
      {R"([{"name": "a", "restart": {"crashes": 0}}])", "restart.crashes: must be a number"},
      {R"([{"name": "a", "restart": {"often": "1s"}}])", "restart.often: is unknown"},
      {R"([{"name": "/opt/a.so"}])", "plugins[0].name: must be a name; a library's path"},
  };
  for (const auto& [text, message] : mistakes) {
    const auto configs = parse_plugin_configs(Json::parse(text));
    ASSERT_FALSE(configs.ok()) << text;
    EXPECT_THAT(configs.error().message, testing::HasSubstr(message));
    EXPECT_THAT(configs.error().message, testing::Not(testing::HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace capstan
