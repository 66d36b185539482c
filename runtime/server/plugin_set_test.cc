#include "runtime/server/plugin_set.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <latch>
#include <mutex>
#include <thread>

namespace capstan {
namespace {

Manifest manifest_of(const std::string& name, const std::string& version, int concurrency) {
  Manifest out;
  out.name = name;
  out.version = version;
  ReconcileEntry entry;
  entry.kind = {"acme.dev", name};
  entry.concurrency = concurrency;
  out.reconciles.push_back(entry);
  return out;
}

class TracedProvider final : public Provider {
 public:
  TracedProvider(Manifest manifest, std::vector<std::string>& log)
      : manifest_(std::move(manifest)), log_(log) {}
  const Manifest& manifest() const override { return manifest_; }
  const std::string& origin() const override { return manifest_.name; }
  Result<void> activate(const Json& settings) override {
    if (settings.contains("bad")) return Error::invalid("settings.bad is not known");
    log_.push_back("activate " + manifest_.version);
    return {};
  }
  void deactivate() override {}
  std::string end() override {
    log_.push_back("end " + manifest_.version);
    return manifest_.version == "pinned" ? "a thread keeps it" : "";
  }
  ProviderReply reconcile(const ProviderCall&, std::string_view) override {
    ProviderReply reply;
    reply.text = manifest_.version;
    return reply;
  }
  ProviderReply admit(const ProviderCall&, std::string_view, std::string_view) override {
    return {};
  }
  ProviderStatistics statistics() const override { return {}; }

 private:
  const Manifest manifest_;
  std::vector<std::string>& log_;
};

class PluginSetTest : public testing::Test {
 protected:
  // `file` says which version the "file" has: "VERSION" or "VERSION/CONCURRENCY".
  static WantedPlugin wish(const std::string& file, bool enabled = true, Json settings = {}) {
    WantedPlugin out;
    Json item = {{"name", "acme"}, {"file", file}, {"enabled", enabled}};
    if (!settings.is_null()) item["settings"] = std::move(settings);
    out.config = PluginConfig::from_json(item, "spec").value();
    return out;
  }

  PluginSetPorts ports() {
    PluginSetPorts out;
    out.load = [this](const PluginConfig& config,
                      PluginReport& report) -> Result<std::shared_ptr<Provider>> {
      ++loads;
      if (!listed) return std::shared_ptr<Provider>();
      if (config.file == "absent") return Error::not_found("there is no file absent");
      const size_t slash = config.file.find('/');
      const int concurrency =
          slash == std::string::npos ? 10 : std::stoi(config.file.substr(slash + 1));
      report.file = config.file;
      return std::shared_ptr<Provider>(std::make_shared<TracedProvider>(
          manifest_of(config.name, config.file.substr(0, slash), concurrency), log));
    };
    out.bring_kinds = [](const Manifest&) { return Result<void>(); };
    out.listed = [this](const Manifest&) { return listed; };
    out.may_be_listed = [this](const PluginConfig&) { return listed; };
    out.changed = [this] {
      const std::scoped_lock lock(mutex);
      ++changes;
      news.notify_all();
    };
    return out;
  }

  void wait_for_change(int count) {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(news.wait_for(lock, std::chrono::seconds(60), [&] { return changes >= count; }));
  }

  std::string version() { return plugins.running().at(0)->reconcile({}, "").text; }

  std::vector<std::string> log;
  int loads = 0;
  bool listed = true;
  std::mutex mutex;
  std::condition_variable news;
  int changes = 0;
  PluginSet plugins{ports()};
};

TEST_F(PluginSetTest, ANewPluginRunsOnceControllersAreMadeAnew) {
  EXPECT_TRUE(plugins.advance({wish("1.0.0")}));
  EXPECT_TRUE(plugins.running().empty());
  plugins.settle();
  ASSERT_EQ(plugins.running().size(), 1u);
  EXPECT_EQ(plugins.reports().at("acme").state, "Running");
  EXPECT_EQ(plugins.reports().at("acme").version, "1.0.0");
}

TEST_F(PluginSetTest, WhatRunsAsWantedIsLeftAlone) {
  plugins.advance({wish("1.0.0")});
  plugins.settle();
  EXPECT_FALSE(plugins.advance({wish("1.0.0")}));
  EXPECT_EQ(loads, 1);
}

TEST_F(PluginSetTest, AVersionOfTheSameShapeTakesOverWithoutNewControllers) {
  plugins.advance({wish("1.0.0")});
  plugins.settle();
  const auto slot = plugins.running().at(0);
  EXPECT_FALSE(plugins.advance({wish("1.1.0")}));
  EXPECT_EQ(plugins.running().at(0), slot);
  EXPECT_EQ(version(), "1.1.0");
  wait_for_change(1);
  EXPECT_EQ(log, (std::vector<std::string>{"activate 1.0.0", "activate 1.1.0", "end 1.0.0"}));
}

TEST_F(PluginSetTest, AVersionOfAnotherShapeTakesOverWhileNoControllerWorks) {
  plugins.advance({wish("1.0.0")});
  plugins.settle();
  EXPECT_TRUE(plugins.advance({wish("2.0.0/3")}));
  EXPECT_EQ(version(), "1.0.0");
  plugins.settle();
  EXPECT_EQ(version(), "2.0.0");
  EXPECT_EQ(log, (std::vector<std::string>{"activate 1.0.0", "activate 2.0.0", "end 1.0.0"}));
}

TEST_F(PluginSetTest, ANewVersionThatCannotRunLeavesTheOldOneWorking) {
  plugins.advance({wish("1.0.0")});
  plugins.settle();
  EXPECT_FALSE(plugins.advance({wish("1.1.0", true, {{"bad", true}})}));
  EXPECT_EQ(version(), "1.0.0");
  const PluginReport report = plugins.reports().at("acme");
  EXPECT_EQ(report.state, "Running");
  EXPECT_EQ(report.not_up_to_date, "settings.bad is not known");
  EXPECT_FALSE(plugins.advance({wish("1.1.0", true, {{"bad", true}})}));
  EXPECT_EQ(loads, 2) << "what failed is tried again only when its object changes";
}

TEST_F(PluginSetTest, AnAbsentFileIsAFailureWithItsReason) {
  EXPECT_FALSE(plugins.advance({wish("absent")}));
  EXPECT_EQ(plugins.reports().at("acme").state, "Failed");
  EXPECT_EQ(plugins.reports().at("acme").message, "there is no file absent");
}

TEST_F(PluginSetTest, ADisabledPluginEndsAndStartsAgainWhenItIsEnabled) {
  plugins.advance({wish("1.0.0")});
  plugins.settle();
  EXPECT_TRUE(plugins.advance({wish("1.0.0", false)}));
  plugins.settle();
  EXPECT_TRUE(plugins.running().empty());
  EXPECT_EQ(plugins.reports().at("acme").state, "Disabled");
  EXPECT_TRUE(plugins.advance({wish("1.0.0")}));
  plugins.settle();
  EXPECT_EQ(version(), "1.0.0");
}

TEST_F(PluginSetTest, APluginWhoseObjectIsGoneEnds) {
  plugins.advance({wish("1.0.0")});
  plugins.settle();
  EXPECT_TRUE(plugins.advance({}));
  plugins.settle();
  EXPECT_TRUE(plugins.running().empty());
  EXPECT_FALSE(plugins.advance({}));
  EXPECT_TRUE(plugins.reports().empty());
}

TEST_F(PluginSetTest, AReloadStartsTheSameFileAnew) {
  plugins.advance({wish("1.0.0")});
  plugins.settle();
  WantedPlugin again = wish("1.0.0");
  again.reload = "once more";
  EXPECT_FALSE(plugins.advance({again}));
  EXPECT_EQ(loads, 2);
  wait_for_change(1);
}

TEST_F(PluginSetTest, AVersionThatStaysInMemoryIsReported) {
  plugins.advance({wish("pinned")});
  plugins.settle();
  plugins.advance({wish("1.1.0")});
  wait_for_change(1);
  plugins.stop();
  EXPECT_EQ(plugins.reports().at("acme").pinned,
            std::vector<std::string>{"pinned: a thread keeps it"});
}

TEST_F(PluginSetTest, AProviderThatTheInventoryDoesNotListWaitsForIt) {
  listed = false;
  EXPECT_FALSE(plugins.advance({wish("1.0.0")}));
  EXPECT_EQ(plugins.reports().at("acme").state, "Disabled");
  EXPECT_FALSE(plugins.advance({wish("1.0.0")}));
  EXPECT_EQ(loads, 1) << "its file is not read again for every change of something else";
  listed = true;
  EXPECT_TRUE(plugins.advance({wish("1.0.0")}));
  plugins.settle();
  listed = false;
  EXPECT_TRUE(plugins.advance({wish("1.0.0")}));
  plugins.settle();
  EXPECT_TRUE(plugins.running().empty());
}

}  // namespace
}  // namespace capstan
