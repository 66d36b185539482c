#include "runtime/system/tls.h"

#include <gtest/gtest.h>

#include "runtime/system/openssl.h"

namespace capstan {
namespace {

const Instant kNow = *parse_time("2026-01-02T03:04:05Z");

CertificatePtr certificate(const std::string& pem) {
  return CertificatePtr(PEM_read_bio_X509(memory_bio(pem).get(), nullptr, nullptr, nullptr));
}

bool verifies(const KeyPair& ca, const KeyPair& leaf, int purpose) {
  X509_STORE* store = X509_STORE_new();
  X509_STORE_add_cert(store, certificate(ca.certificate_pem).get());
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  const CertificatePtr subject = certificate(leaf.certificate_pem);
  X509_STORE_CTX_init(context, store, subject.get(), nullptr);
  X509_STORE_CTX_set_purpose(context, purpose);
  X509_STORE_CTX_set_time(
      context, 0,
      std::chrono::system_clock::to_time_t(
          std::chrono::time_point_cast<std::chrono::system_clock::duration>(kNow)));
  const bool good = X509_verify_cert(context) == 1;
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return good;
}

TEST(TlsTest, a_server_certificate_is_trusted_through_its_authority_only) {
  for (const KeyType type : {KeyType::kEcdsaP256, KeyType::kRsa2048}) {
    const KeyPair ca = *make_certificate_authority("one", {type}, kNow);
    const KeyPair other = *make_certificate_authority("one", {type}, kNow);
    CertificateOptions options;
    options.common_name = "server";
    options.server = true;
    options.key_type = type;
    options.ip_addresses = {"127.0.0.1", "::1"};
    options.dns_names = {"localhost"};
    const KeyPair server = *issue_certificate(ca, options, kNow);
    EXPECT_TRUE(verifies(ca, server, X509_PURPOSE_SSL_SERVER));
    EXPECT_FALSE(verifies(ca, server, X509_PURPOSE_SSL_CLIENT));
    EXPECT_FALSE(verifies(other, server, X509_PURPOSE_SSL_SERVER));
    const CertificatePtr read = certificate(server.certificate_pem);
    EXPECT_EQ(X509_check_ip_asc(read.get(), "127.0.0.1", 0), 1);
    EXPECT_EQ(X509_check_host(read.get(), "localhost", 0, 0, nullptr), 1);
    EXPECT_EQ(X509_check_host(read.get(), "example.com", 0, 0, nullptr), 0);
  }
}

TEST(TlsTest, a_client_certificate_names_the_user_and_groups) {
  const KeyPair ca = *make_certificate_authority("ca", {}, kNow);
  CertificateOptions options;
  options.common_name = "admin";
  options.organizations = {"system:masters", "ops"};
  options.client = true;
  const KeyPair admin = *issue_certificate(ca, options, kNow);
  EXPECT_TRUE(verifies(ca, admin, X509_PURPOSE_SSL_CLIENT));
  char text[256];
  X509_NAME_oneline(X509_get_subject_name(certificate(admin.certificate_pem).get()), text,
                    sizeof text);
  EXPECT_STREQ(text, "/O=system:masters/O=ops/CN=admin");
}

TEST(TlsTest, a_certificate_does_not_outlive_its_authority) {
  const KeyPair ca =
      *make_certificate_authority("ca", {KeyType::kEcdsaP256, std::chrono::hours(1)}, kNow);
  CertificateOptions options;
  options.common_name = "x";
  const KeyPair leaf = *issue_certificate(ca, options, kNow);
  EXPECT_EQ(*certificate_expiry(leaf.certificate_pem), kNow + std::chrono::hours(1));
}

TEST(TlsTest, what_is_no_certificate_or_name_is_refused) {
  EXPECT_FALSE(issue_certificate({"nonsense", "nonsense"}, {}, kNow).ok());
  EXPECT_FALSE(certificate_expiry("").ok());
  const KeyPair ca = *make_certificate_authority("ca", {}, kNow);
  CertificateOptions options;
  options.common_name = "x";
  options.ip_addresses = {"not an address"};
  EXPECT_FALSE(issue_certificate(ca, options, kNow).ok());
  options.ip_addresses = {};
  options.dns_names = {"a,DNS:evil"};
  EXPECT_FALSE(issue_certificate(ca, options, kNow).ok());
}

}  // namespace
}  // namespace capstan
