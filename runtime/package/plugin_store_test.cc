#include "runtime/package/plugin_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "runtime/package/lock_file.h"
#include "runtime/package/packer.h"
#include "runtime/package/repository.h"
#include "runtime/system/file.h"
#include "runtime/trust/digest.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const Instant kNow = *parse_time("2026-06-01T00:00:00Z");

// A package of a plugin in Python: it needs no compiler.
std::string package_bytes(const std::string& version, const std::string& code = "pass\n",
                          const Signer* signer = nullptr, int abi_minor = 0) {
  const std::string manifest = R"({"id":"test.acme","name":"acme","version":")" + version +
                               R"(","abi":{"major":1,"minMinor":)" + std::to_string(abi_minor) +
                               R"(,"maxMinor":)" + std::to_string(abi_minor) + "}}";
  PackageIndex index{"acme", version, "", {}};
  index.files["manifest.json"] = {sha256_hex(manifest), manifest.size()};
  index.files["plugin.yaml"] = {sha256_hex("a: b\n"), 5};
  index.files["code/provider.py"] = {sha256_hex(code), code.size()};
  std::vector<ArchiveMember> members = {{"index.json", index.text()},
                                        {"manifest.json", manifest},
                                        {"code/provider.py", code},
                                        {"plugin.yaml", "a: b\n"}};
  std::string bytes = *write_archive(members);
  if (signer == nullptr) return bytes;
  const auto package = Package::from_bytes(bytes);
  return *sign_package(*package, *signer, kNow);
}

class PluginStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(data_);
    fs::create_directories(data_);
  }
  void TearDown() override { fs::remove_all(data_); }

  Result<InstalledPlugin> install(PluginStore& store, const std::string& bytes) {
    const auto package = Package::from_bytes(bytes);
    if (!package.ok()) return package.error();
    return store.install(*package, {"/src/acme.capstan", {}}, kNow);
  }
  std::vector<std::string> versions() {
    std::vector<std::string> out;
    const auto listed = PluginStore(data_).list();
    for (const InstalledPlugin& plugin : *listed) {
      out.push_back(plugin.version + (plugin.current ? " current" : ""));
    }
    return out;
  }
  std::string data_ = testing::TempDir() + "capstan-store-" + std::to_string(::getpid());
};

TEST_F(PluginStoreTest, an_installed_plugin_stands_in_its_folder_and_in_the_lock_file) {
  PluginStore store(data_);
  EXPECT_TRUE(store.list()->empty());
  const auto installed = install(store, package_bytes("1.2.0"));
  ASSERT_TRUE(installed.ok()) << installed.error().message;
  EXPECT_EQ(installed->folder, data_ + "/plugins/acme/1.2.0");
  EXPECT_EQ(*read_file(installed->folder + "/code/provider.py"), "pass\n");
  EXPECT_EQ(installed->file(), installed->folder) << "a plugin in Python is its folder";
  ASSERT_EQ(store.list()->size(), 1u);
  EXPECT_EQ((*store.list())[0].source, "/src/acme.capstan");
  EXPECT_TRUE(store.check_files(*installed).ok());
}

TEST_F(PluginStoreTest, the_last_installed_version_is_the_current_one_also_when_going_back) {
  PluginStore store(data_);
  ASSERT_TRUE(install(store, package_bytes("1.2.0")).ok());
  ASSERT_TRUE(install(store, package_bytes("1.10.0")).ok());
  EXPECT_THAT(versions(), testing::ElementsAre("1.10.0 current", "1.2.0"));
  ASSERT_TRUE(install(store, package_bytes("1.2.0")).ok());
  EXPECT_THAT(versions(), testing::ElementsAre("1.10.0", "1.2.0 current"));
  ASSERT_TRUE(store.remove("acme", "1.2.0").ok());
  EXPECT_THAT(versions(), testing::ElementsAre("1.10.0 current"));
  EXPECT_FALSE(fs::exists(data_ + "/plugins/acme/1.2.0"));
  EXPECT_EQ(store.remove("acme", "9.9.9").code(), Code::kNotFound);
  ASSERT_TRUE(store.remove("acme", "").ok());
  EXPECT_TRUE(versions().empty());
  EXPECT_FALSE(fs::exists(data_ + "/plugins/acme"));
}

TEST_F(PluginStoreTest, the_same_package_twice_changes_nothing_and_repairs_what_was_damaged) {
  PluginStore store(data_);
  const auto first = install(store, package_bytes("1.0.0"));
  EXPECT_EQ(install(store, package_bytes("1.0.0"))->folder, first->folder);
  ASSERT_TRUE(write_file(first->folder + "/code/provider.py", "evil\n").ok());
  EXPECT_EQ(store.check_files(*first).code(), Code::kDataLoss);
  const auto again = install(store, package_bytes("1.0.0"));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(store.check_files(*again).ok());
  EXPECT_THAT(versions(), testing::ElementsAre("1.0.0 current"));
}

TEST_F(PluginStoreTest, a_file_that_does_not_belong_to_the_package_is_found) {
  PluginStore store(data_);
  const auto plugin = install(store, package_bytes("1.0.0"));
  ASSERT_TRUE(write_file(plugin->folder + "/code/extra.py", "evil\n").ok());
  EXPECT_THAT(store.check_files(*plugin).error().message, HasSubstr("does not belong there"));
}

TEST_F(PluginStoreTest, other_content_under_a_version_takes_its_place) {
  PluginStore store(data_);
  const auto first = install(store, package_bytes("1.0.0", "old\n"));
  const auto second = install(store, package_bytes("1.0.0", "new\n"));
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_EQ(*read_file(second->folder + "/code/provider.py"), "new\n");
  EXPECT_FALSE(fs::exists(first->folder));
  EXPECT_THAT(versions(), testing::ElementsAre("1.0.0 current"));
}

// The process ends before the k-th change of the disk, for every k.
TEST_F(PluginStoreTest, a_crash_at_any_moment_leaves_the_old_version_or_the_new_one) {
  int steps = 0;
  for (int crash_at = 0;; ++crash_at) {
    fs::remove_all(data_);
    fs::create_directories(data_);
    PluginStore before(data_);
    ASSERT_TRUE(install(before, package_bytes("1.0.0", "old\n")).ok());
    const pid_t child = ::fork();
    if (child == 0) {
      int step = 0;
      PluginStore store(data_, [&](std::string_view) {
        if (step++ == crash_at) ::_exit(3);
      });
      ::_exit(install(store, package_bytes("1.0.0", "new\n")).ok() ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    PluginStore after(data_);
    const auto plugins = after.list();
    ASSERT_TRUE(plugins.ok()) << plugins.error().message;
    ASSERT_EQ(plugins->size(), 1u) << "crash at step " << crash_at;
    EXPECT_TRUE(after.check_files((*plugins)[0]).ok()) << "crash at step " << crash_at;
    const std::string code = *read_file((*plugins)[0].folder + "/code/provider.py");
    EXPECT_THAT(code, testing::AnyOf("old\n", "new\n"));
    // The next change goes on from there and tidies up.
    ASSERT_TRUE(install(after, package_bytes("1.1.0")).ok());
    EXPECT_TRUE(after.strays()->empty()) << "crash at step " << crash_at;
    if (WEXITSTATUS(status) == 0) {
      EXPECT_EQ(code, "new\n");
      break;
    }
    ASSERT_EQ(WEXITSTATUS(status), 3);
    ++steps;
  }
  EXPECT_GT(steps, 5) << "the crashes were at many steps";
}

TEST_F(PluginStoreTest, installed_files_are_loaded_only_with_the_digests_of_the_lock_file) {
  PluginStore store(data_);
  const auto plugin = install(store, package_bytes("1.0.0"));
  TrustPolicy policy;
  ASSERT_TRUE(store.protect(policy).ok());
  const std::string file = plugin->folder + "/plugin.yaml";
  EXPECT_EQ(policy.required(file), TrustLevel::kDigest);
  const auto verify = [&] { return policy.verify(*SealedFile::read(file), kNow); };
  ASSERT_TRUE(verify().ok()) << verify().error().message;
  // Whoever changes the file and the index beside it is still found out by the lock file.
  ASSERT_TRUE(write_file(file, "a: c\n").ok());
  EXPECT_THAT(verify().error().message, HasSubstr("has changed since its package was made"));
  PackageIndex index = *PackageIndex::parse(*read_file(plugin->folder + "/index.json"));
  index.files["plugin.yaml"].sha256 = sha256_hex("a: c\n");
  ASSERT_TRUE(write_file(plugin->folder + "/index.json", index.text()).ok());
  EXPECT_THAT(verify().error().message, HasSubstr("has changed since the package was installed"));
}

TEST_F(PluginStoreTest, a_plugin_that_is_a_folder_is_verified_file_by_file) {
  PluginStore store(data_);
  const auto plugin = install(store, package_bytes("1.0.0"));
  TrustPolicy policy;
  ASSERT_TRUE(store.protect(policy).ok());
  ASSERT_TRUE(policy.demands_evidence(plugin->folder));
  const auto reason = [&] {
    const auto verified = policy.verify_folder(plugin->folder, kNow);
    return verified.ok() ? "it is accepted" : verified.error().message;
  };
  EXPECT_EQ(policy.verify_folder(plugin->folder, kNow)->level, TrustLevel::kDigest);
  ASSERT_TRUE(write_file(plugin->folder + "/code/extra.py", "evil\n").ok());
  EXPECT_THAT(reason(), HasSubstr("extra.py does not belong there"));
  fs::remove(plugin->folder + "/code/extra.py");
  ASSERT_TRUE(write_file(plugin->folder + "/code/provider.py", "evil\n").ok());
  EXPECT_THAT(reason(), HasSubstr("provider.py has changed"));
  ASSERT_TRUE(write_file(plugin->folder + "/code/provider.py", "pass\n").ok());
  EXPECT_EQ(reason(), "it is accepted");
  fs::permissions(plugin->folder + "/code", fs::perms::all);
  EXPECT_THAT(reason(), HasSubstr("can be written by anybody"));
}

TEST_F(PluginStoreTest, files_are_installed_with_one_time_so_that_none_seems_newer) {
  PluginStore store(data_);
  const auto plugin = install(store, package_bytes("1.0.0"));
  EXPECT_EQ(fs::last_write_time(plugin->folder + "/manifest.json"),
            fs::last_write_time(plugin->folder + "/plugin.yaml"));
}

TEST_F(PluginStoreTest, a_package_whose_content_is_not_what_its_index_says_is_not_installed) {
  PackageIndex index{"acme", "1.0.0", "", {}};
  const std::string manifest =
      R"({"id":"a","name":"acme","version":"1.0.0","abi":{"major":1,"minMinor":0,"maxMinor":0}})";
  index.files["manifest.json"] = {sha256_hex(manifest), manifest.size()};
  index.files["plugin.yaml"] = {sha256_hex("good"), 4};
  PluginStore store(data_);
  const auto reason = [&](std::vector<ArchiveMember> rest) {
    rest.insert(rest.begin(), {{"index.json", index.text()}, {"manifest.json", manifest}});
    return install(store, *write_archive(rest)).error().message;
  };
  EXPECT_THAT(reason({{"plugin.yaml", "evil"}}), HasSubstr("plugin.yaml is not what"));
  EXPECT_THAT(reason({{"plugin.yaml", "good"}, {"more", "x"}}), HasSubstr("more is not in the"));
  EXPECT_THAT(reason({}), HasSubstr("lacks 1 of the files"));
  EXPECT_TRUE(store.list()->empty());
  EXPECT_TRUE(store.strays()->empty()) << "nothing is left of what was refused";
}

TEST(PackageTest, a_signature_is_put_into_the_package_and_verifies_by_its_index) {
  const PrivateKey key = *PrivateKey::generate();
  const Signer signer{key, "acme"};
  const std::string bytes = package_bytes("1.0.0", "pass\n", &signer);
  const auto package = Package::from_bytes(bytes);
  ASSERT_TRUE(package.ok()) << package.error().message;
  const Signature signature = *Signature::parse(package->signature());
  EXPECT_EQ(signature.sha256, sha256_hex(package->index_text()));
  EXPECT_TRUE(key.public_key().verifies(signature.signed_text(), signature.bytes));
  const std::string again = *sign_package(*package, signer, kNow);
  EXPECT_EQ(again, bytes) << "Ed25519 and the packing are deterministic";
}

TEST(PackageTest, what_is_no_package_is_refused_with_what_makes_one) {
  EXPECT_THAT(Package::from_bytes(*write_archive({{"a", ""}})).error().message,
              HasSubstr("its first member is a, not index.json; `capstan plugin pack` makes one"));
  EXPECT_THAT(Package::from_bytes("").error().message, HasSubstr("is no package"));
  const std::string index = PackageIndex{"acme", "1.0.0", "", {}}.text();
  EXPECT_THAT(Package::from_bytes(*write_archive({{"index.json", index}})).error().message,
              HasSubstr("it has no manifest.json"));
}

TEST(LockFileTest, damage_is_named_and_no_folder_leads_out_of_the_store) {
  const auto reason = [](const std::string& text) {
    return parse_lock_file(text, "/data/plugins").error().message;
  };
  EXPECT_THAT(reason("[]"), HasSubstr("is no PluginLock"));
  const std::string head = "apiVersion: capstan.dev/v1alpha1\nkind: PluginLock\n";
  EXPECT_THAT(reason(head), HasSubstr("plugins: must be a list"));
  const std::string entry =
      head + "plugins:\n- {name: a, version: 1.0.0, index: 'sha256:" + sha256_hex("") +
      "', folder: ";
  EXPECT_TRUE(parse_lock_file(entry + "a/1.0.0}", "/data/plugins").ok());
  for (const char* folder : {"../../etc", "a", "/etc/a", "a/b/c"}) {
    EXPECT_THAT(reason(entry + folder + "}"), HasSubstr("plugins[0]: folder: must be NAME/VERSION"))
        << folder;
  }
}

class RepositoryTest : public PluginStoreTest {
 protected:
  void put(const std::string& folder, const std::string& bytes) {
    fs::create_directories(data_ + "/repo/" + folder);
    ASSERT_TRUE(write_file(data_ + "/repo/" + folder + "/acme.capstan", bytes).ok());
  }
  Repository repository_{data_ + "/repo"};
};

TEST_F(RepositoryTest, the_highest_version_that_fits_the_abi_is_found) {
  put("acme/v1.9.0", package_bytes("1.9.0"));
  put("acme/1.10.0", package_bytes("1.10.0"));
  put("acme/v2.0.0-rc.1", package_bytes("2.0.0-rc.1"));
  put("acme/v3.0.0", package_bytes("3.0.0", "pass\n", nullptr, 99));
  EXPECT_THAT(*repository_.find("acme"), HasSubstr("/acme/1.10.0/"));
  EXPECT_THAT(*repository_.find("acme", "v1.9.0"), HasSubstr("/acme/v1.9.0/"));
  EXPECT_THAT(*repository_.find("acme", "2.0.0-rc.1"), HasSubstr("/acme/v2.0.0-rc.1/"));
  EXPECT_THAT(repository_.find("acme", "3.0.0").error().message, HasSubstr("needs ABI 1.99"));
  EXPECT_THAT(repository_.find("acme", "7.0.0").error().message,
              HasSubstr("has no acme 7.0.0; it has 3.0.0, 1.10.0, 1.9.0, 2.0.0-rc.1"));
}

TEST_F(RepositoryTest, what_is_not_there_or_does_not_fit_is_said) {
  EXPECT_THAT(repository_.find("acme").error().message, HasSubstr("there is no repository folder"));
  put("acme/v3.0.0", package_bytes("3.0.0", "pass\n", nullptr, 99));
  EXPECT_THAT(repository_.find("acme").error().message,
              HasSubstr("has no acme that fits: 3.0.0 needs ABI 1.99"));
  EXPECT_EQ(repository_.find("other").code(), Code::kNotFound);
  EXPECT_EQ(repository_.find("../acme").code(), Code::kInvalid);
}

}  // namespace
}  // namespace capstan
