// A file is read once until it is loaded, and trusted anew at each opening.
#include "runtime/plugin/plugin_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "runtime/plugin/plugin_loader.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PluginReaderTest : public testing::Test {
 protected:
  PluginReaderTest() {
    fs::create_directories(folder_);
    ::chmod(folder_.c_str(), 0755);
    put(fixture("plain"));
  }
  ~PluginReaderTest() override { fs::remove_all(folder_); }

  static std::string fixture(const std::string& name) {
    return std::string(CAPSTAN_FIXTURES) + "/" + name + ".so";
  }
  // Another file takes the library's place.
  void put(const std::string& source) {
    fs::copy_file(source, library_ + ".new", fs::copy_options::overwrite_existing);
    ::chmod((library_ + ".new").c_str(), 0755);
    fs::rename(library_ + ".new", library_);
  }
  TrustPolicy pinning(const std::string& file) const {
    TrustPolicy policy;
    policy.pin(library_, SealedFile::read(file)->sha256());
    return policy;
  }
  Result<PluginFile> open(const TrustPolicy& trust) {
    return reader_.open(library_, trust, clock_.now());
  }
  Result<std::unique_ptr<Provider>> load(PluginFile file) {
    PluginConfig config;
    config.name = file.manifest.name;
    config.file = library_;
    ProbeCache cache("");
    return load_plugin(config, std::move(file), LoaderOptions{.ports = {.clock = clock_}}, cache);
  }

  SystemClock clock_;
  PluginReader reader_;
  const std::string folder_ = testing::TempDir() + "capstan-reader-" + std::to_string(::getpid());
  const std::string library_ = folder_ + "/plugin.so";
};

TEST_F(PluginReaderTest, a_file_is_read_once_until_it_is_forgotten) {
  const auto trusted = open(pinning(library_));
  ASSERT_TRUE(trusted.ok()) << trusted.error().message;
  EXPECT_EQ(open(pinning(library_))->image, trusted->image);
  reader_.forget(library_);
  const auto anew = open(pinning(library_));
  ASSERT_TRUE(anew.ok()) << anew.error().message;
  EXPECT_NE(anew->image, trusted->image);
  reader_.forget_all();
  EXPECT_NE(open(pinning(library_))->image, anew->image);
}

TEST_F(PluginReaderTest, a_file_that_took_the_place_of_what_was_read_is_read) {
  ASSERT_EQ(reader_.read(library_)->manifest.name, "plain");
  put(CAPSTAN_HELLO_PLUGIN);
  EXPECT_EQ(reader_.read(library_)->manifest.name, "hello");
  put(fixture("plain"));
  EXPECT_EQ(open({})->manifest.name, "plain");
  fs::remove(library_);
  EXPECT_EQ(open({}).code(), Code::kNotFound);
  EXPECT_EQ(reader_.read(library_).code(), Code::kNotFound);
}

TEST_F(PluginReaderTest, what_was_only_read_is_verified_when_it_is_opened) {
  ASSERT_TRUE(reader_.read(library_).ok());
  const auto refused = open(pinning(CAPSTAN_HELLO_PLUGIN));
  EXPECT_EQ(refused.code(), Code::kPermissionDenied);
  EXPECT_THAT(refused.error().message, HasSubstr("is pinned"));
  const auto opened = open(pinning(library_));
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  ASSERT_NE(opened->image, nullptr) << "the bytes that were verified are those to load";
  EXPECT_EQ(opened->image->sha256(), SealedFile::read(library_)->sha256());
}

TEST_F(PluginReaderTest, what_was_trusted_once_is_judged_by_the_policy_of_each_opening) {
  ASSERT_TRUE(open(pinning(library_)).ok());
  EXPECT_EQ(open(pinning(CAPSTAN_HELLO_PLUGIN)).code(), Code::kPermissionDenied);
  ASSERT_TRUE(open({}).ok());
  EXPECT_EQ(open({})->image, nullptr) << "where nothing is demanded it is loaded from its path";
  ::chmod(library_.c_str(), 0777);
  EXPECT_THAT(open({}).error().message, HasSubstr("can be written by anybody"));
}

TEST_F(PluginReaderTest, a_file_that_is_exchanged_after_it_was_verified_is_not_what_runs) {
  ASSERT_TRUE(open(pinning(library_)).ok());
  auto file = open(pinning(library_));  // of what was read before
  ASSERT_TRUE(file.ok()) << file.error().message;
  put(fixture("crash-at-load"));
  const auto provider = load(*std::move(file));
  ASSERT_TRUE(provider.ok()) << provider.error().message;
  EXPECT_TRUE((*provider)->activate(Json::object()).ok());
  EXPECT_EQ(open(pinning(fixture("plain"))).code(), Code::kPermissionDenied);
}

TEST_F(PluginReaderTest, a_file_that_nobody_verifies_is_refused_where_it_is_not_what_was_read) {
  auto file = open({});
  ASSERT_TRUE(file.ok()) << file.error().message;
  put(CAPSTAN_HELLO_PLUGIN);
  EXPECT_THAT(load(*std::move(file)).error().message,
              HasSubstr("differs from the manifest in its file"));
}

TEST_F(PluginReaderTest, what_only_tries_a_library_out_is_told_all_that_is_checked) {
  const auto file = open(pinning(library_));
  ASSERT_TRUE(file.ok()) << file.error().message;
  const Json told = file->to_brief_json();
  EXPECT_FALSE(told.contains("manifest"));
  auto there = PluginFile::from_json(told);
  ASSERT_TRUE(there.ok()) << there.error().message;
  EXPECT_EQ(there->image->sha256(), file->image->sha256());
  auto library = SharedObject::open(there->library, there->image);
  ASSERT_TRUE(library.ok()) << library.error().message;
  EXPECT_TRUE(check_entry(*library, *there).ok());
  there->library_manifest_sha256 = std::string(64, '0');
  EXPECT_THAT(check_entry(*library, *there).error().message,
              HasSubstr("differs from the manifest in its file"));
  put(CAPSTAN_HELLO_PLUGIN);
  EXPECT_EQ(PluginFile::from_json(told).code(), Code::kFailedPrecondition);
}

}  // namespace
}  // namespace capstan
