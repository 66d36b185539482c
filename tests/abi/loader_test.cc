// Every way in which a plugin can be broken is named with its reason, and the others go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "runtime/plugin/plugin_loader.h"

namespace capstan {
namespace {

using testing::HasSubstr;

std::string fixture(const std::string& name) {
  return std::string(CAPSTAN_FIXTURES) + "/" + name + ".so";
}

class LoaderTest : public testing::Test {
 protected:
  LoaderOptions options() {
    LoaderOptions options{.ports = {.clock = clock_}, .bundled_folder = CAPSTAN_FIXTURES};
    options.probe = {CAPSTAN_PLUGIN_HOST, std::chrono::milliseconds(1500)};
    return options;
  }
  // Why the fixture does not run.
  std::string reason(const std::string& name) {
    PluginConfig config;
    config.name = name;
    const PluginRegistry registry = load_plugins({config}, options());
    if (registry.problems().empty()) return "it runs";
    EXPECT_EQ(registry.problems()[0].plugin, name);
    EXPECT_THAT(registry.problems()[0].error.message, HasSubstr(name));
    return registry.problems()[0].error.message;
  }
  SystemClock clock_;
};

struct Broken {
  const char* fixture;
  const char* reason;
};
class BrokenPluginTest : public LoaderTest, public testing::WithParamInterface<Broken> {};

TEST_P(BrokenPluginTest, is_named_with_its_reason) {
  EXPECT_THAT(reason(GetParam().fixture), HasSubstr(GetParam().reason));
}
INSTANTIATE_TEST_SUITE_P(
    All, BrokenPluginTest,
    testing::Values(Broken{"absent", "there is no bundled plugin \"absent\""},
                    Broken{"missing-entry", "does not export capstan_plugin_entry"},
                    Broken{"no-manifest", "has no manifest"},
                    Broken{"wrong-major", "is made for ABI 2.0, and this host has ABI 1.0"},
                    Broken{"minor-too-new", "needs ABI 1.7 to 1.9, and this host has only ABI 1.0"},
                    Broken{"entry-refuses", "its entry does not serve major 1"},
                    Broken{"bad-manifest", "manifest: "},
                    Broken{"other-descriptor", "its descriptor (test.somebody-else 1.0.0) differs"},
                    Broken{"crash-at-load", "crashed when it was loaded (signal 6"},
                    Broken{"crash-in-entry", "crashed in its entry (signal 6"},
                    Broken{"crash-in-create", "crashed when its instance was made (signal 6"},
                    Broken{"hang-at-load", "hung when it was loaded (no answer in 1500 ms)"},
                    Broken{"small-table", "its plugin table is too small"},
                    Broken{"no-reconcile", "does not offer capstan.reconcile/1"},
                    Broken{"extra-symbol", "exports 1 symbols besides capstan_plugin_entry"}),
    [](const auto& info) {
      std::string name = info.param.fixture;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST_F(LoaderTest, a_broken_plugin_does_not_stop_the_others) {
  PluginConfig broken, good;
  broken.name = "crash-in-create";
  good.name = "plain";
  const PluginRegistry registry = load_plugins({broken, good}, options());
  EXPECT_EQ(registry.problems().size(), 1u);
  ASSERT_NE(registry.find("plain"), nullptr);
  EXPECT_EQ(registry.find("plain")->reconcile({}, "{}").status, Code::kOk);
}

TEST_F(LoaderTest, settings_that_the_plugin_refuses_are_named) {
  PluginConfig config;
  config.name = "plain";
  config.settings = {{"refuse", true}};
  const PluginRegistry registry = load_plugins({config}, options());
  ASSERT_EQ(registry.problems().size(), 1u);
  EXPECT_THAT(registry.problems()[0].error.message,
              HasSubstr("plugin \"plain\" cannot be activated: setting refuse is not understood"));
}

TEST_F(LoaderTest, a_secret_that_the_manifest_does_not_name_is_refused) {
  PluginConfig config;
  config.name = "plain";
  config.secrets = {{"password", "env:PASSWORD"}};
  const PluginRegistry registry = load_plugins({config}, options());
  ASSERT_EQ(registry.problems().size(), 1u);
  EXPECT_THAT(registry.problems()[0].error.message,
              HasSubstr("has no secret \"password\"; it has: token"));
}

TEST_F(LoaderTest, a_plugin_that_is_bundled_and_not_enabled_is_known) {
  const PluginRegistry registry = load_plugins({}, options());
  EXPECT_EQ(registry.not_enabled({"test.capstan.dev", "Thing"}, Json::object()).empty(), false);
}

long resident_kilobytes() {
  std::ifstream statm("/proc/self/statm");
  long size = 0, resident = 0;
  statm >> size >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

TEST_F(LoaderTest, the_sdk_s_plugin_is_loaded_and_unmapped_a_hundred_times_without_growth) {
#ifdef CAPSTAN_SANITIZED
  GTEST_SKIP() << "the sanitizers keep shadow memory";
#endif
  const auto file = read_plugin_file(CAPSTAN_HELLO_PLUGIN);
  ASSERT_TRUE(file.ok()) << file.error().message;
  PluginConfig config;
  config.name = "hello";
  long warm = 0;
  for (int i = 0; i < 100; ++i) {
    auto services =
        std::make_unique<HostServices>(services_for(file->manifest, config, options().ports));
    auto provider = NativeProvider::load(*file, std::move(services));
    ASSERT_TRUE(provider.ok()) << provider.error().message;
    ASSERT_TRUE((*provider)->activate(Json::object()).ok());
    ASSERT_TRUE((*provider)->unload()) << "pinned in round " << i;
    if (i == 20) warm = resident_kilobytes();
  }
  EXPECT_LT(resident_kilobytes() - warm, 2048);
}

TEST(SharedObjectTest, a_library_with_unique_symbols_is_reported_as_pinned) {
  auto library = SharedObject::open(fixture("pinned"));
  ASSERT_TRUE(library.ok()) << library.error().message;
  EXPECT_FALSE(library->close());
  const auto elf = read_elf_file(fixture("pinned"));
  ASSERT_TRUE(elf.ok());
  EXPECT_FALSE(elf->unique.empty());
}

}  // namespace
}  // namespace capstan
