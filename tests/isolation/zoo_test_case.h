// What the tests of isolation share: the zoo plugin in a process of its own.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/isolation/isolated_provider.h"
#include "runtime/plugin/plugin_loader.h"

namespace capstan::isolation {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ZooTestCase : public testing::Test {
 protected:
  static constexpr Duration kLimit = 20s;  // of every wait

  IsolationOptions options() {
    IsolationOptions options{.clock = clock_, .random = random_, .program = CAPSTAN_PLUGIN_HOST};
    options.restart.grace = 200ms;
    options.restart.first_delay = 1ms;
    options.restart.longest_delay = 20ms;
    options.changed = [this] {
      const std::scoped_lock lock(mutex_);
      ++changes_;
      changed_.notify_all();
    };
    return options;
  }

  // `needs`: what the manifest says besides.
  std::unique_ptr<IsolatedProvider> make(IsolationOptions options,
                                         const std::string& library = ZOO_PLUGIN,
                                         const Json& needs = Json::object()) {
    auto file = read_plugin_file(library);
    EXPECT_TRUE(file.ok()) << file.error().message;
    Json manifest = Json::parse(file->manifest_text);
    manifest["needs"].update(needs);
    file->manifest_text = dump_json(manifest);
    file->manifest = parse_manifest(file->manifest_text).value();
    PluginConfig config;
    config.name = file->manifest.name;
    config.secrets = {{"token", "env:CAPSTAN_ZOO_TOKEN"}};
    HostPorts ports{.clock = clock_};
    ports.events = [this](const EventRecord& event) { remember("event " + event.reason); };
    ports.wake = [this](const ObjectKey& key) { remember("wake " + key.name); };
    ports.metrics = metrics_;
    auto services = std::make_unique<HostServices>(services_for(file->manifest, config, ports));
    services_ = services.get();
    return std::make_unique<IsolatedProvider>(*std::move(file), std::move(services),
                                              std::move(options));
  }
  std::unique_ptr<IsolatedProvider> start(IsolationOptions options,
                                          const Json& needs = Json::object()) {
    auto provider = make(std::move(options), ZOO_PLUGIN, needs);
    const auto active = provider->activate(Json::object());
    EXPECT_TRUE(active.ok()) << active.error().message;
    return provider;
  }
  std::unique_ptr<IsolatedProvider> start() { return start(options()); }

  ProviderReply reconcile(Provider& provider, const std::string& scenario, ProviderCall call = {}) {
    return provider.reconcile(call, "{\"scenario-" + scenario + "\":1}");
  }
  // What the plugin says that it has seen.
  std::string seen(Provider& provider, const std::string& scenario) {
    const ProviderReply reply = reconcile(provider, scenario);
    if (reply.status != Code::kOk) return reply.error("zoo").message;
    const auto json = parse_json(reply.text);
    return json.ok() ? get_string(*json, {"patch", "status", "seen"}) : reply.text;
  }
  ProviderCall within(Duration limit) {
    ProviderCall call;
    call.deadline = clock_.monotonic() + limit;
    return call;
  }

  void remember(const std::string& what) {
    const std::scoped_lock lock(mutex_);
    remembered_.push_back(what);
    changed_.notify_all();
  }
  bool wait_for_remembered(const std::string& what) {
    return wait([&] { return std::count(remembered_.begin(), remembered_.end(), what) > 0; });
  }
  // Until the provider has told so often that its objects should be looked at.
  bool wait_for_changes(int count) {
    return wait([&] { return changes_ >= count; });
  }
  template <typename Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLimit, condition);
  }

  SystemClock clock_;
  SeededRandom random_{7};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> remembered_;
  int changes_ = 0;
  PluginMetrics* metrics_ = nullptr;  // of what is made next
  HostServices* services_ = nullptr;  // of what was made last
};

}  // namespace capstan::isolation
