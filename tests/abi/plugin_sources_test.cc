// What a server does with a plugin's file between its first look at it and its load.
#include "runtime/server/plugin_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace capstan {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PluginSourcesTest : public testing::Test {
 protected:
  PluginSourcesTest() {
    fs::create_directories(plugins_);
    fs::create_directories(folder_ + "/data");
    for (const std::string& folder : {folder_, plugins_}) ::chmod(folder.c_str(), 0755);
    put("plain");
    config_.name = "plain";
  }
  ~PluginSourcesTest() override { fs::remove_all(folder_); }

  // The library is now this fixture.
  void put(const std::string& fixture) {
    const std::string source = std::string(CAPSTAN_FIXTURES) + "/" + fixture + ".so";
    fs::copy_file(source, library_ + ".new", fs::copy_options::overwrite_existing);
    ::chmod((library_ + ".new").c_str(), 0755);
    fs::rename(library_ + ".new", library_);
  }
  TrustPolicy pinning() const {
    TrustPolicy policy;
    policy.pin(library_, SealedFile::read(library_)->sha256());
    return policy;
  }
  PluginSources sources(TrustPolicy trust) const {
    return {{plugins_}, folder_ + "/data", std::move(trust), clock_};
  }
  Result<std::shared_ptr<Provider>> load(PluginSources& sources, PluginFile file) {
    return sources.load(config_, std::move(file), LoaderOptions{.ports = {.clock = clock_}},
                        report_);
  }

  mutable SystemClock clock_;
  PluginConfig config_;
  PluginReport report_;
  const std::string folder_ = testing::TempDir() + "capstan-sources-" + std::to_string(::getpid());
  const std::string plugins_ = folder_ + "/plugins";
  const std::string library_ = plugins_ + "/plain.so";
};

TEST_F(PluginSourcesTest, a_file_is_read_once_for_a_load_and_anew_for_the_next) {
  PluginSources plugins = sources(pinning());
  auto file = plugins.read(config_);
  ASSERT_TRUE(file.ok()) << file.error().message;
  const auto image = file->image;
  EXPECT_EQ(plugins.read(config_)->image, image);
  const auto provider = load(plugins, *std::move(file));
  ASSERT_TRUE(provider.ok()) << provider.error().message;
  EXPECT_EQ(report_.file, library_);
  EXPECT_EQ(report_.digest, "sha256:" + image->sha256());
  EXPECT_NE(plugins.read(config_)->image, image);
}

TEST_F(PluginSourcesTest, what_was_read_and_not_loaded_can_be_forgotten) {
  PluginSources plugins = sources(pinning());
  const auto image = plugins.read(config_)->image;
  plugins.forget_read();
  EXPECT_NE(plugins.read(config_)->image, image);
  EXPECT_NE(plugins.manifest("plain"), nullptr);
}

TEST_F(PluginSourcesTest, a_file_that_is_exchanged_after_it_was_verified_is_not_run) {
  PluginSources plugins = sources(pinning());
  plugins.try_ahead(config_);
  auto file = plugins.read(config_);
  ASSERT_TRUE(file.ok()) << file.error().message;
  put("crash-at-load");
  EXPECT_THAT(load(plugins, *std::move(file)).error().message,
              HasSubstr("has changed since it was verified"));
  EXPECT_EQ(plugins.read(config_).code(), Code::kPermissionDenied);
}

TEST_F(PluginSourcesTest, a_file_that_is_exchanged_after_the_first_look_is_judged_itself) {
  PluginSources plugins = sources({});
  ASSERT_NE(plugins.manifest("plain"), nullptr);
  put("wrong-major");
  EXPECT_THAT(plugins.read(config_).error().message, HasSubstr("is made for ABI 2.0"));
}

}  // namespace
}  // namespace capstan
