#include "runtime/trust/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "runtime/base/text.h"
#include "runtime/system/file.h"
#include "runtime/trust/digest.h"

namespace capstan {
namespace {

using testing::HasSubstr;

const Instant kNow = *parse_time("2026-01-02T03:04:05Z");
const std::string kDigest = sha256_hex("abc");

TEST(Ed25519Test, keys_survive_their_pem_form) {
  const PrivateKey key = *PrivateKey::generate();
  const PrivateKey again = *PrivateKey::parse(key.pem());
  EXPECT_EQ(again.public_key().id(), key.public_key().id());
  const PublicKey known = *PublicKey::parse(key.public_key().pem());
  EXPECT_EQ(known.id().size(), 16u);
  EXPECT_TRUE(known.verifies("text", *again.sign("text")));
  EXPECT_FALSE(known.verifies("texT", *again.sign("text")));
  EXPECT_FALSE(known.verifies("text", ""));
}

TEST(Ed25519Test, the_first_test_vector_of_rfc_8032_verifies) {
  const std::string key =
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
      "-----END PUBLIC KEY-----\n";
  // The vector's signature, as hexadecimal digits in the RFC.
  const std::string hex =
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
      "b4"
      "6bd25bf5f0595bbe24655141438e7a100b";
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  EXPECT_TRUE(PublicKey::parse(key)->verifies("", bytes));
}

TEST(Ed25519Test, what_is_no_key_of_this_kind_is_refused) {
  const PrivateKey key = *PrivateKey::generate();
  EXPECT_THAT(PublicKey::parse(key.pem()).error().message, HasSubstr("no Ed25519 public key"));
  EXPECT_THAT(PrivateKey::parse(key.public_key().pem()).error().message,
              HasSubstr("no Ed25519 private key"));
  EXPECT_FALSE(PublicKey::parse("").ok());
}

TEST(SignatureTest, a_signature_survives_its_text) {
  const PrivateKey key = *PrivateKey::generate();
  const Signature made = *Signature::make(key, "acme", kDigest, kNow);
  const Signature read = *Signature::parse(made.text());
  EXPECT_EQ(read.publisher, "acme");
  EXPECT_EQ(read.key_id, key.public_key().id());
  EXPECT_EQ(read.sha256, kDigest);
  EXPECT_EQ(read.signed_at, kNow);
  EXPECT_TRUE(key.public_key().verifies(read.signed_text(), read.bytes));
}

TEST(SignatureTest, openssl_verifies_it_as_well) {
  if (std::system("openssl version > /dev/null 2>&1") != 0) GTEST_SKIP() << "no openssl program";
  const PrivateKey key = *PrivateKey::generate();
  const Signature made = *Signature::make(key, "acme", kDigest, kNow);
  const std::string base = testing::TempDir() + "capstan-signature-" + std::to_string(::getpid());
  ASSERT_TRUE(write_file(base + ".pub", key.public_key().pem()).ok());
  ASSERT_TRUE(write_file(base + ".text", made.signed_text()).ok());
  ASSERT_TRUE(write_file(base + ".bytes", made.bytes).ok());
  const std::string command = "openssl pkeyutl -verify -pubin -inkey " + base + ".pub -rawin -in " +
                              base + ".text -sigfile " + base + ".bytes > /dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0);
  for (const char* suffix : {".pub", ".text", ".bytes"}) ::unlink((base + suffix).c_str());
}

TEST(SignatureTest, each_member_that_is_wrong_is_named) {
  const std::string good = Signature::make(*PrivateKey::generate(), "acme", kDigest, kNow)->text();
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return Signature::parse(text).error().message;
  };
  EXPECT_THAT(with("capstan.signature/1", "capstan.signature/2"), HasSubstr("is no signature"));
  EXPECT_THAT(with("publisher: acme", "publisher: A B"), HasSubstr("publisher"));
  EXPECT_THAT(with(kDigest, "12"), HasSubstr("sha256"));
  EXPECT_THAT(with("2026-01-02", "yesterday"), HasSubstr("signedAt"));
  EXPECT_FALSE(Signature::parse("").ok());
  EXPECT_FALSE(Signature::parse(std::string(100'000, 'a')).ok());
  EXPECT_FALSE(Signature::make(*PrivateKey::generate(), "A B", kDigest, kNow).ok());
}

}  // namespace
}  // namespace capstan
