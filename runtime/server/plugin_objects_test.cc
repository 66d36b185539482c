#include "runtime/server/plugin_objects.h"

#include <gtest/gtest.h>

#include <memory>

#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "server_kinds.h"

namespace capstan {
namespace {

class PluginObjectsTest : public testing::Test {
 protected:
  PluginObjectsTest() : store(make_memory_store()), cache(make_watch_cache(*store).value()) {
    resources = make_resource_service({*store, *cache, kinds, clock, random, {}, {}});
    const auto builtin = builtin_kind_documents();
    BootOptions boot;
    boot.builtin_kinds = *builtin;
    boot.embedded_crds = server_kinds_json();
    const auto booted = boot_resources(*resources, boot);
    EXPECT_TRUE(booted.ok()) << booted.error().message;
  }

  static PluginConfig config(const Json& json) {
    return PluginConfig::from_json(json, "p").value();
  }

  Json object(const std::string& name) {
    const ObjectPtr found = cache->get({kPluginKind, "", name});
    return found == nullptr ? Json() : *found->tree();
  }

  void edit(const std::string& name, const Json& patch) {
    const auto patched =
        resources->patch({kinds.find(kPluginKind), "", "", name}, PatchType::kMerge, patch, {});
    EXPECT_TRUE(patched.ok()) << patched.error().message;
  }

  ManualClock clock;
  SeededRandom random{1};
  std::unique_ptr<Store> store;
  std::unique_ptr<WatchCache> cache;
  KindRegistry kinds;
  std::unique_ptr<ResourceService> resources;
  PluginObjects objects() { return PluginObjects(*resources); }
};

TEST_F(PluginObjectsTest, PluginsOfTheConfigBecomeObjectsAndComeBackAsTheSameConfig) {
  const PluginConfig acme = config({{"name", "acme"},
                                    {"file", "/opt/acme.so"},
                                    {"settings", {{"region", "fsn1"}}},
                                    {"secrets", {{"token", "env:TOKEN"}}},
                                    {"isolation", "process"}});
  ASSERT_TRUE(objects().apply_config({acme}).ok());
  const auto wanted = objects().wanted();
  ASSERT_EQ(wanted.size(), 1u);
  EXPECT_EQ(wanted[0].config.file, "/opt/acme.so");
  EXPECT_EQ(wanted[0].config.settings, Json({{"region", "fsn1"}}));
  EXPECT_EQ(wanted[0].config.secrets.at("token"), "env:TOKEN");
  EXPECT_EQ(wanted[0].config.isolation, "process");
  EXPECT_TRUE(wanted[0].config.enabled);
}

TEST_F(PluginObjectsTest, TheConfigTakesBackTheFieldsThatItNames) {
  const PluginConfig acme = config({{"name", "acme"}, {"file", "/opt/acme.so"}});
  ASSERT_TRUE(objects().apply_config({acme}).ok());
  edit("acme", {{"spec", {{"file", "/tmp/other.so"}, {"enabled", false}}}});
  ASSERT_TRUE(objects().apply_config({acme}).ok());
  EXPECT_EQ(object("acme")["spec"]["file"], "/opt/acme.so");
  EXPECT_EQ(object("acme")["spec"]["enabled"], false) << "what it does not name stays";
}

TEST_F(PluginObjectsTest, APluginThatTheConfigNoLongerNamesGoes) {
  ASSERT_TRUE(objects().apply_config({config("acme"), config("beta")}).ok());
  ASSERT_TRUE(objects().ensure_bundled("docker", true).ok());
  ASSERT_TRUE(objects().apply_config({config("beta")}).ok());
  std::vector<std::string> names;
  for (const WantedPlugin& plugin : objects().wanted()) names.push_back(plugin.config.name);
  EXPECT_EQ(names, (std::vector<std::string>{"beta", "docker"}));
}

TEST_F(PluginObjectsTest, ABundledPluginThatWasDisabledStaysDisabled) {
  ASSERT_TRUE(objects().ensure_bundled("docker", true).ok());
  edit("docker", {{"spec", {{"enabled", false}}}});
  ASSERT_TRUE(objects().ensure_bundled("docker", true).ok());
  EXPECT_FALSE(objects().wanted().at(0).config.enabled);
}

TEST_F(PluginObjectsTest, AReportIsWrittenOnceAndItsConditionsMoveWithTheState) {
  ASSERT_TRUE(objects().ensure_bundled("docker", true).ok());
  PluginReport report{.state = "Running", .version = "0.1.0"};
  ASSERT_TRUE(objects().report("docker", report).ok());
  const Json first = object("docker");
  EXPECT_EQ(first["status"]["state"], "Running");
  EXPECT_TRUE(is_condition_true(first, "Ready"));
  clock.advance(std::chrono::seconds(5));
  ASSERT_TRUE(objects().report("docker", report).ok());
  EXPECT_EQ(object("docker")["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
  report = {.state = "Failed", .message = "no such file"};
  ASSERT_TRUE(objects().report("docker", report).ok());
  EXPECT_EQ(get_condition(object("docker"), "Ready")->message, "no such file");
  EXPECT_FALSE(object("docker")["status"].contains("version"));
}

TEST_F(PluginObjectsTest, ASpecThatMakesNoConfigIsNamed) {
  ASSERT_TRUE(objects().ensure_bundled("docker", true).ok());
  const auto refused =
      resources->patch({kinds.find(kPluginKind), "", "", "docker"}, PatchType::kMerge,
                       {{"spec", {{"secrets", {{"token", "hunter2"}}}}}}, {});
  EXPECT_FALSE(refused.ok()) << "the schema refuses what is no reference";
}

}  // namespace
}  // namespace capstan
