#include "runtime/trust/trust_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "runtime/system/file.h"
#include "runtime/trust/digest.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const Instant kNow = *parse_time("2026-06-01T00:00:00Z");

class TrustPolicyTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "capstan-trust-" + std::to_string(::getpid());
    fs::remove_all(folder_);
    fs::create_directories(folder_ + "/plugins");
    ::chmod(folder_.c_str(), 0755);
    ::chmod((folder_ + "/plugins").c_str(), 0755);
    write(file_, "the bytes of a plugin");
    write(folder_ + "/acme.pub", acme_.public_key().pem());
    write(folder_ + "/other.pub", other_.public_key().pem());
  }
  void TearDown() override { fs::remove_all(folder_); }

  static void write(const std::string& path, const std::string& text) {
    ASSERT_TRUE(write_file(path, text).ok()) << path;
  }
  void sign(const std::string& path, const PrivateKey& key, const std::string& publisher) {
    const std::string digest = sha256_hex(*read_file(path));
    write(path + ".sig", Signature::make(key, publisher, digest, kNow)->text());
  }
  TrustPolicy policy(TrustLevel level, std::optional<Instant> not_after = std::nullopt) {
    TrustConfig config;
    config.require = level;
    config.publishers = {{"acme", folder_ + "/acme.pub", not_after}};
    return *TrustPolicy::create(config);
  }
  Result<Verified> verify(const TrustPolicy& policy) {
    auto file = SealedFile::read(file_);
    if (!file.ok()) return file.error();
    return policy.verify(*file, kNow);
  }
  std::string refusal(const TrustPolicy& policy) {
    const auto verified = verify(policy);
    if (verified.ok()) return "it is accepted";
    EXPECT_EQ(verified.code(), Code::kPermissionDenied);
    return verified.error().message;
  }

  std::string folder_ = "";
  std::string file_ =
      testing::TempDir() + "capstan-trust-" + std::to_string(::getpid()) + "/plugins/acme.so";
  PrivateKey acme_ = *PrivateKey::generate();
  PrivateKey other_ = *PrivateKey::generate();
};

TEST_F(TrustPolicyTest, a_file_signed_by_a_known_publisher_is_accepted) {
  sign(file_, acme_, "acme");
  const auto verified = verify(policy(TrustLevel::kSigned));
  ASSERT_TRUE(verified.ok()) << verified.error().message;
  EXPECT_EQ(verified->level, TrustLevel::kSigned);
  EXPECT_EQ(verified->publisher, "acme");
  EXPECT_EQ(verified->key_id, acme_.public_key().id());
}

TEST_F(TrustPolicyTest, a_file_without_a_signature_is_refused_where_one_is_required) {
  EXPECT_THAT(refusal(policy(TrustLevel::kSigned)), HasSubstr("there is no " + file_ + ".sig"));
  EXPECT_TRUE(verify(policy(TrustLevel::kNone)).ok());
}

TEST_F(TrustPolicyTest, a_file_that_was_changed_after_signing_is_refused) {
  sign(file_, acme_, "acme");
  write(file_, "the bytes of A plugin");
  EXPECT_THAT(refusal(policy(TrustLevel::kSigned)), HasSubstr("is not the file that acme signed"));
}

TEST_F(TrustPolicyTest, a_signature_with_a_changed_member_is_refused) {
  sign(file_, acme_, "acme");
  std::string text = *read_file(file_ + ".sig");
  text.replace(text.find("2026-06-01"), 10, "2026-06-02");
  write(file_ + ".sig", text);
  EXPECT_THAT(refusal(policy(TrustLevel::kSigned)), HasSubstr("is not by the key of acme"));
}

TEST_F(TrustPolicyTest, a_signature_by_another_key_under_the_publishers_name_is_refused) {
  sign(file_, other_, "acme");
  EXPECT_THAT(refusal(policy(TrustLevel::kSigned)), HasSubstr("is not by the key of acme"));
}

TEST_F(TrustPolicyTest, a_publisher_that_nobody_trusts_is_named) {
  sign(file_, other_, "stranger");
  EXPECT_THAT(refusal(policy(TrustLevel::kSigned)),
              HasSubstr("is signed by stranger (key " + other_.public_key().id() +
                        "), which is none of trust.publishers"));
}

TEST_F(TrustPolicyTest, a_key_that_has_expired_is_refused_with_its_end) {
  sign(file_, acme_, "acme");
  EXPECT_THAT(refusal(policy(TrustLevel::kSigned, *parse_time("2026-05-31T00:00:00Z"))),
              HasSubstr("has expired on 2026-05-31T00:00:00Z"));
  EXPECT_TRUE(verify(policy(TrustLevel::kSigned, *parse_time("2026-06-02T00:00:00Z"))).ok());
}

TEST_F(TrustPolicyTest, a_directory_may_be_left_to_some_publishers) {
  sign(file_, acme_, "acme");
  TrustConfig config;
  config.publishers = {{"acme", folder_ + "/acme.pub", {}}, {"other", folder_ + "/other.pub", {}}};
  config.directories = {{folder_ + "/plugins", TrustLevel::kSigned, {"other"}}};
  EXPECT_THAT(refusal(*TrustPolicy::create(config)), HasSubstr("only other may sign"));
}

TEST_F(TrustPolicyTest, the_deepest_directory_decides) {
  TrustConfig config;
  config.require = TrustLevel::kSigned;
  config.directories = {{folder_, TrustLevel::kDigest, {}},
                        {folder_ + "/plugins", TrustLevel::kNone, {}}};
  const TrustPolicy policy = *TrustPolicy::create(config);
  EXPECT_EQ(policy.required(file_), TrustLevel::kNone);
  EXPECT_EQ(policy.required(folder_ + "/x.so"), TrustLevel::kDigest);
  EXPECT_EQ(policy.required(folder_ + "/plugins/../x.so"), TrustLevel::kDigest);
  EXPECT_EQ(policy.required(folder_ + "/pluginsx/x.so"), TrustLevel::kDigest);
  EXPECT_EQ(policy.required("/elsewhere/x.so"), TrustLevel::kSigned);
}

TEST_F(TrustPolicyTest, a_link_out_of_a_trusting_directory_is_judged_by_where_it_leads_too) {
  TrustConfig config;
  config.directories = {{folder_ + "/plugins", TrustLevel::kSigned, {}}};
  const TrustPolicy policy = *TrustPolicy::create(config);
  const std::string link = folder_ + "/link.so";
  fs::create_symlink(file_, link);
  EXPECT_EQ(policy.required(link), TrustLevel::kNone);
  EXPECT_TRUE(policy.demands_evidence(link));
  const auto verified = policy.verify(*SealedFile::read(link), kNow);
  ASSERT_FALSE(verified.ok());
  EXPECT_THAT(verified.error().message, HasSubstr("trust requires a signature"));
}

TEST_F(TrustPolicyTest, a_pinned_digest_must_fit_whatever_is_required) {
  for (const TrustLevel level : {TrustLevel::kNone, TrustLevel::kDigest}) {
    TrustPolicy good = policy(level);
    good.pin(file_, sha256_hex("the bytes of a plugin"));
    EXPECT_EQ(verify(good)->level, TrustLevel::kDigest);
    TrustPolicy bad = policy(level);
    bad.pin(file_, sha256_hex("other bytes"));
    EXPECT_THAT(refusal(bad), HasSubstr("is pinned"));
  }
  EXPECT_THAT(refusal(policy(TrustLevel::kDigest)), HasSubstr("a digest or a signature"));
}

TEST_F(TrustPolicyTest, a_signature_serves_where_a_digest_is_required_but_not_the_other_way) {
  sign(file_, acme_, "acme");
  EXPECT_EQ(verify(policy(TrustLevel::kDigest))->level, TrustLevel::kSigned);
  fs::remove(file_ + ".sig");
  TrustPolicy pinned = policy(TrustLevel::kSigned);
  pinned.pin(file_, sha256_hex("the bytes of a plugin"));
  EXPECT_THAT(refusal(pinned), HasSubstr("there is only a digest"));
}

TEST_F(TrustPolicyTest, a_file_of_a_package_is_vouched_for_by_the_packages_signed_index) {
  PackageIndex index{"acme", "1.0.0", "acme.so", {}};
  index.files["acme.so"] = {sha256_hex("the bytes of a plugin"), 21};
  const std::string index_file = folder_ + "/plugins/index.json";
  write(index_file, index.text());
  EXPECT_THAT(refusal(policy(TrustLevel::kSigned)), HasSubstr("trust requires a signature"));
  sign(index_file, acme_, "acme");
  EXPECT_EQ(verify(policy(TrustLevel::kSigned))->publisher, "acme");
  write(file_, "other bytes");
  EXPECT_THAT(refusal(policy(TrustLevel::kSigned)),
              HasSubstr("has changed since its package was made"));
  write(file_, "the bytes of a plugin");
  write(index_file, PackageIndex{"acme", "1.0.0", "", {}}.text());
  EXPECT_THAT(refusal(policy(TrustLevel::kSigned)),
              HasSubstr("is none of the files of its package"));
}

TEST_F(TrustPolicyTest, a_file_or_folder_that_others_can_write_is_refused) {
  sign(file_, acme_, "acme");
  ::chmod(file_.c_str(), 0666);
  EXPECT_THAT(refusal(policy(TrustLevel::kNone)), HasSubstr("can be written by anybody"));
  if (::chown(file_.c_str(), -1, 12345) != 0) GTEST_SKIP() << "only root gives files away";
  ::chmod(file_.c_str(), 0664);
  EXPECT_THAT(refusal(policy(TrustLevel::kSigned)), HasSubstr("can be written by its group"));
  EXPECT_THAT(verify(policy(TrustLevel::kNone))->warnings,
              testing::Contains(HasSubstr("can be written by its group")));
  ::chmod(file_.c_str(), 0644);
  ::chmod((folder_ + "/plugins").c_str(), 0777);
  EXPECT_THAT(refusal(policy(TrustLevel::kSigned)),
              HasSubstr("folder " + folder_ +
                        "/plugins can be written by anybody, so that the "
                        "plugin could be exchanged"));
  ::chmod((folder_ + "/plugins").c_str(), 01777);
  EXPECT_TRUE(verify(policy(TrustLevel::kSigned)).ok()) << "sticky, as /tmp is";
}

TEST_F(TrustPolicyTest, a_key_file_that_is_absent_or_no_key_is_named_with_its_publisher) {
  TrustConfig config;
  config.publishers = {{"acme", folder_ + "/none.pub", {}}};
  EXPECT_THAT(TrustPolicy::create(config).error().message, HasSubstr("trust.publishers acme: "));
  config.publishers = {{"acme", file_, {}}};
  EXPECT_THAT(TrustPolicy::create(config).error().message, HasSubstr("is no Ed25519 public key"));
}

}  // namespace
}  // namespace capstan
