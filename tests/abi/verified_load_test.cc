// What was verified is what runs, and it can be unloaded like any other library.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "runtime/plugin/plugin_loader.h"
#include "runtime/system/file.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string fixture(const std::string& name) {
  return std::string(CAPSTAN_FIXTURES) + "/" + name + ".so";
}

class VerifiedLoadTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_);
    ::chmod(folder_.c_str(), 0755);
    put(fixture("plain"));
  }
  void TearDown() override { fs::remove_all(folder_); }

  void put(const std::string& source) {
    fs::copy_file(source, library_, fs::copy_options::overwrite_existing);
    ::chmod(library_.c_str(), 0755);
  }
  // Trusts the bytes that are at the path now.
  TrustPolicy pinning() {
    TrustPolicy policy;
    policy.pin(library_, SealedFile::read(library_)->sha256());
    return policy;
  }
  Result<std::unique_ptr<NativeProvider>> load(PluginFile file) {
    PluginConfig config;
    config.name = "plain";
    auto services =
        std::make_unique<HostServices>(services_for(file.manifest, config, {.clock = clock_}));
    return NativeProvider::load(std::move(file), std::move(services));
  }

  SystemClock clock_;
  std::string folder_ = testing::TempDir() + "capstan-verified-" + std::to_string(::getpid());
  std::string library_ = folder_ + "/plain.so";
};

TEST_F(VerifiedLoadTest, a_file_that_is_exchanged_after_its_verification_is_not_what_runs) {
  auto file = open_plugin_file(library_, pinning(), clock_.now());
  ASSERT_TRUE(file.ok()) << file.error().message;
  put(fixture("crash-at-load"));
  auto provider = load(*std::move(file));
  ASSERT_TRUE(provider.ok()) << provider.error().message;
  ASSERT_TRUE((*provider)->activate(Json::object()).ok());
  EXPECT_EQ((*provider)->reconcile({}, "{}").status, Code::kOk);
  EXPECT_EQ((*provider)->origin(), library_) << "where it comes from, not where its bytes are";
  EXPECT_TRUE((*provider)->unload());
}

TEST_F(VerifiedLoadTest, the_loader_refuses_a_file_whose_bytes_are_not_the_pinned_ones) {
  LoaderOptions options{.ports = {.clock = clock_}};
  options.trust = pinning();
  PluginConfig config;
  config.name = "plain";
  config.file = library_;
  put(fixture("crash-in-create"));
  const PluginRegistry registry = load_plugins({config}, options);
  ASSERT_EQ(registry.problems().size(), 1u);
  EXPECT_EQ(registry.problems()[0].error.code, Code::kPermissionDenied);
  EXPECT_THAT(registry.problems()[0].error.message, HasSubstr("is pinned"));
}

TEST_F(VerifiedLoadTest,
       a_library_that_anybody_could_exchange_is_refused_even_where_all_is_trusted) {
  LoaderOptions options{.ports = {.clock = clock_}};
  PluginConfig config;
  config.name = "plain";
  config.file = library_;
  EXPECT_TRUE(load_plugins({config}, options).problems().empty());
  ::chmod(library_.c_str(), 0777);
  const PluginRegistry registry = load_plugins({config}, options);
  ASSERT_EQ(registry.problems().size(), 1u);
  EXPECT_THAT(registry.problems()[0].error.message, HasSubstr("can be written by anybody"));
}

TEST_F(VerifiedLoadTest, a_verified_library_is_unmapped_and_another_version_takes_its_place) {
  for (int round = 0; round < 20; ++round) {
    put(round % 2 == 0 ? fixture("plain") : CAPSTAN_HELLO_PLUGIN);
    auto file = open_plugin_file(library_, pinning(), clock_.now());
    ASSERT_TRUE(file.ok()) << file.error().message;
    const std::string name = file->manifest.name;
    auto library = SharedObject::open(file->path, file->image);
    ASSERT_TRUE(library.ok()) << library.error().message;
    EXPECT_TRUE(check_entry(*library, *file).ok()) << name << " in round " << round;
    EXPECT_TRUE(library->close()) << "pinned in round " << round;
  }
}

TEST_F(VerifiedLoadTest, a_verified_library_that_stays_mapped_is_never_taken_for_the_next_one) {
  put(CAPSTAN_HELLO_PLUGIN);
  {
    auto image = std::make_shared<const SealedFile>(*SealedFile::read(library_));
    auto library = SharedObject::open(library_, image);
    ASSERT_TRUE(library.ok()) << library.error().message;
    // Another user, who never closes it.
    ASSERT_NE(::dlopen(image->load_path().c_str(), RTLD_NOW), nullptr);
    image.reset();
    EXPECT_FALSE(library->close());
  }
  put(fixture("plain"));
  auto file = open_plugin_file(library_, pinning(), clock_.now());
  ASSERT_TRUE(file.ok()) << file.error().message;
  auto library = SharedObject::open(file->path, file->image);
  ASSERT_TRUE(library.ok()) << library.error().message;
  const auto entry = check_entry(*library, *file);
  EXPECT_TRUE(entry.ok()) << entry.error().message;
}

}  // namespace
}  // namespace capstan
