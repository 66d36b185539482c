// A recording is made at the host's side of the port: it says the same of a plugin in a process of
// its own as of one in this process.
#include <algorithm>
#include <filesystem>

#include "runtime/plugin/native_provider.h"
#include "runtime/plugin/recording/recording_provider.h"
#include "runtime/plugin/recording/replay.h"
#include "runtime/system/file.h"
#include "tests/isolation/zoo_test_case.h"

namespace capstan::isolation {
namespace {

class IsolatedRecordingTest : public ZooTestCase {
 protected:
  IsolatedRecordingTest() {
    ::setenv("CAPSTAN_ZOO_TOKEN", "s3cret-value", 1);
    std::filesystem::create_directories(folder_);
  }
  ~IsolatedRecordingTest() override {
    ::unsetenv("CAPSTAN_ZOO_TOKEN");
    std::filesystem::remove_all(folder_);
  }

  static PluginFile plugin() {
    auto file = read_plugin_file(CAPSTAN_PLAIN_PLUGIN);
    EXPECT_TRUE(file.ok()) << file.error().message;
    return *std::move(file);
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name + ".jsonl"; }

  // A life with calls of the host in it, recorded.
  void record(const std::string& name, bool isolated) {
    const PluginFile file = plugin();
    PluginConfig config;
    config.secrets = {{"token", "env:CAPSTAN_ZOO_TOKEN"}};
    auto services = std::make_unique<HostServices>(
        services_for(file.manifest, config, HostPorts{.clock = clock_}));
    const auto make = [&](std::unique_ptr<HostTable> host) -> Result<std::unique_ptr<Provider>> {
      if (isolated) {
        return std::unique_ptr<Provider>(
            std::make_unique<IsolatedProvider>(file, std::move(host), options()));
      }
      return std::unique_ptr<Provider>(TRY(NativeProvider::load(file, std::move(host))));
    };
    auto provider = make_recorded(path(name), file.manifest, std::move(services), make);
    ASSERT_TRUE(provider.ok()) << provider.error().message;
    ASSERT_TRUE((*provider)->activate({{"password", "hunter2-hunter2"}}).ok());
    for (const char* request : {R"({"object":{}})", R"({"object":{"scenario-services":1}})",
                                R"({"object":{"scenario-failure":1}})"}) {
      replies_.push_back((*provider)->reconcile({}, request));
    }
    (void)(*provider)->admit({}, "{}", "");
    (*provider)->deactivate();
  }

  // Its lines but those about time, which a plugin in its own process reads by itself.
  std::vector<Json> lines(const std::string& name) const {
    auto recording = read_recording(path(name));
    EXPECT_TRUE(recording.ok()) << recording.error().message;
    std::vector<Json> out = recording->lines;
    std::erase_if(
        out, [](const Json& line) { return get_string(line, {"service"}) == "capstan.clock/1"; });
    // What is told without waiting for an answer may come a little later.
    std::stable_sort(out.begin(), out.end(),
                     [](const Json& a, const Json& b) { return call_of(a) < call_of(b); });
    return out;
  }
  static std::pair<int64_t, std::string> call_of(const Json& line) {
    const std::string kind = get_string(line, {"line"});
    return {kind == "host" ? get_int(line, {"call"}) : get_int(line, {"id"}),
            (kind == "call"   ? "0"
             : kind == "host" ? "1"
                              : "2") +
                get_string(line, {"service"})};
  }

  const std::string folder_ = testing::TempDir() + "isolated-recording";
  std::vector<ProviderReply> replies_;
};

TEST_F(IsolatedRecordingTest, it_has_the_same_calls_in_both_directions_as_in_this_process) {
  record("here", false);
  record("apart", true);
  const auto here = lines("here");
  const auto apart = lines("apart");
  ASSERT_EQ(here.size(), apart.size());
  for (size_t i = 0; i < here.size(); ++i) EXPECT_EQ(here[i], apart[i]) << i;
}

TEST_F(IsolatedRecordingTest, it_has_no_secret_of_the_plugin) {
  record("apart", true);
  EXPECT_THAT(replies_[1].text, HasSubstr("s3cret-value"));
  const std::string text = read_file(path("apart")).value_or("");
  EXPECT_THAT(text, HasSubstr("capstan.secrets/1"));
  EXPECT_THAT(text, testing::Not(HasSubstr("s3cret-value")));
  EXPECT_THAT(text, testing::Not(HasSubstr("hunter2")));
}

TEST_F(IsolatedRecordingTest, fed_to_the_plugin_again_it_gives_the_same) {
  record("apart", true);
  ::unsetenv("CAPSTAN_ZOO_TOKEN");  // no account is there any more
  const auto recording = read_recording(path("apart"));
  ASSERT_TRUE(recording.ok()) << recording.error().message;
  const auto result = replay(*recording, plugin());
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->difference, "");
  EXPECT_EQ(result->calls, 6u);
}

TEST_F(IsolatedRecordingTest, the_end_of_the_process_is_recorded_as_the_call_s_answer) {
  auto file = read_plugin_file(ZOO_PLUGIN);
  ASSERT_TRUE(file.ok()) << file.error().message;
  auto services =
      std::make_unique<HostServices>(services_for(file->manifest, {}, HostPorts{.clock = clock_}));
  auto provider = make_recorded(
      path("crash"), file->manifest, std::move(services), [&](std::unique_ptr<HostTable> host) {
        return Result<std::unique_ptr<Provider>>(
            std::make_unique<IsolatedProvider>(*file, std::move(host), options()));
      });
  ASSERT_TRUE(provider.ok()) << provider.error().message;
  ASSERT_TRUE((*provider)->activate(Json::object()).ok());
  (void)reconcile(**provider, "crash");
  (*provider)->deactivate();
  EXPECT_THAT(read_file(path("crash")).value_or(""), HasSubstr("signal 11 (Segmentation fault)"));
}

}  // namespace
}  // namespace capstan::isolation
