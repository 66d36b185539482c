// Plugins of other minor versions in this host: built against the headers of 1.0, or made for a
// minor that does not exist yet.
#include <gtest/gtest.h>

#include "runtime/plugin/plugin_loader.h"

namespace capstan {
namespace {

class VersionsTest : public testing::Test {
 protected:
  std::unique_ptr<Provider> load(const std::string& path) {
    const auto file = read_plugin_file(path);
    EXPECT_TRUE(file.ok()) << file.error().message;
    const auto probed = probe_plugin(*file, {CAPSTAN_PLUGIN_HOST});
    EXPECT_TRUE(probed.ok()) << probed.error().message;
    PluginConfig config;
    config.name = file->manifest.name;
    auto services =
        std::make_unique<HostServices>(services_for(file->manifest, config, {.clock = clock_}));
    auto provider = NativeProvider::load(*file, std::move(services));
    EXPECT_TRUE(provider.ok()) << provider.error().message;
    EXPECT_TRUE((*provider)->activate(Json::object()).ok());
    return *std::move(provider);
  }
  SystemClock clock_;
};

TEST_F(VersionsTest, a_plugin_built_against_the_headers_of_1_0_runs) {
  const auto plugin = load(std::string(CAPSTAN_FIXTURES) + "/v1.0/frozen-plain.so");
  EXPECT_EQ(plugin->reconcile({}, "{\"object\":{}}").text,
            R"({"patch":{"status":{"seen":true}},"requeueAfterMs":1500})");
  EXPECT_EQ(plugin->admit({}, "{}", "").text, R"({"spec":{"colour":"blue"}})");
  EXPECT_EQ(plugin->reconcile({}, "scenario-failure").status, Code::kUnavailable);
}

TEST_F(VersionsTest, a_plugin_made_for_a_later_minor_that_takes_this_one_runs) {
  const auto plugin = load(std::string(CAPSTAN_FIXTURES) + "/newer-minor.so");
  EXPECT_EQ(plugin->manifest().abi_max_minor, 7u);
  EXPECT_EQ(plugin->reconcile({}, "{}").text, "{\"requeueAfterMs\":7000}");
}

TEST_F(VersionsTest, both_sides_agree_on_the_lower_of_their_highest_minors) {
  EXPECT_EQ(negotiate_abi(CAPSTAN_ABI_MAJOR, 0, CAPSTAN_ABI_MINOR + 7).value(), CAPSTAN_ABI_MINOR);
  EXPECT_EQ(negotiate_abi(CAPSTAN_ABI_MAJOR, 0, 0).value(), 0u);
}

}  // namespace
}  // namespace capstan
