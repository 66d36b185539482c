#include "runtime/system/pki.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "runtime/system/openssl_ptr.h"

namespace capstan {
namespace {

using namespace openssl;

CertificatePtr certificate_of(const std::string& pem) {
  return CertificatePtr(PEM_read_bio_X509(view(pem).get(), nullptr, nullptr, nullptr));
}

// What X509_verify_cert says of `pem` under exactly `ca_pem` for a purpose.
int verify(const std::string& pem, const std::string& ca_pem, int purpose) {
  const CertificatePtr certificate = certificate_of(pem);
  const CertificatePtr ca = certificate_of(ca_pem);
  const StorePtr store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), ca.get());
  X509_STORE_set_flags(store.get(), X509_V_FLAG_X509_STRICT);
  const std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr);
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  X509_verify_cert(context.get());
  return X509_STORE_CTX_get_error(context.get());
}

// What a command prints on both outputs.
std::string output_of(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::string text;
  std::array<char, 4096> buffer;
  while (const size_t count = fread(buffer.data(), 1, buffer.size(), pipe)) {
    text.append(buffer.data(), count);
  }
  pclose(pipe);
  return text;
}

class PkiTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / ("pki-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::ofstream(path) << text;
    return path;
  }

  CertificateAndKey ca() {
    auto made = make_ca({.common_name = "kubernetes"}, now_);
    EXPECT_TRUE(made.ok());
    return *made;
  }

  std::filesystem::path folder_;
  const Instant now_ = SystemClock().now();
};

TEST_F(PkiTest, an_authority_has_the_usages_and_constraints_of_kubeadms) {
  const std::string path = file("ca.pem", ca().certificate_pem);
  const std::string text = output_of("openssl x509 -noout -text -in " + path);
  EXPECT_NE(text.find("Subject: CN = kubernetes"), std::string::npos) << text;
  EXPECT_NE(text.find("Issuer: CN = kubernetes"), std::string::npos);
  EXPECT_NE(text.find("Digital Signature, Key Encipherment, Certificate Sign"), std::string::npos);
  EXPECT_NE(text.find("CA:TRUE, pathlen:0"), std::string::npos);
  EXPECT_NE(text.find("Subject Key Identifier"), std::string::npos);
  EXPECT_NE(text.find("prime256v1"), std::string::npos);
}

TEST_F(PkiTest, an_authority_is_valid_from_five_minutes_ago_for_ten_years) {
  const Instant now = *parse_time("2026-03-01T12:00:00Z");
  const auto made = make_ca({.common_name = "kubernetes"}, now);
  ASSERT_TRUE(made.ok());
  const auto info = inspect_certificate(made->certificate_pem);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(format_time(info->not_before), "2026-03-01T11:55:00Z");
  EXPECT_EQ(info->not_after, now + std::chrono::hours(24 * 3650));
  EXPECT_EQ(info->common_name, "kubernetes");
}

TEST_F(PkiTest, an_issued_certificate_is_accepted_for_its_usages_and_no_others) {
  const CertificateAndKey authority = ca();
  const auto client = issue_certificate({.ca = authority,
                                         .common_name = "kubernetes-admin",
                                         .organizations = {"system:masters"},
                                         .client = true},
                                        now_);
  const auto server = issue_certificate({.ca = authority,
                                         .common_name = "etcd",
                                         .dns_names = {"etcd-1", "localhost"},
                                         .ip_addresses = {"10.0.0.1", "::1"},
                                         .server = true},
                                        now_);
  ASSERT_TRUE(client.ok() && server.ok());
  const std::string& root = authority.certificate_pem;
  EXPECT_EQ(verify(client->certificate_pem, root, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
  EXPECT_NE(verify(client->certificate_pem, root, X509_PURPOSE_SSL_SERVER), X509_V_OK);
  EXPECT_EQ(verify(server->certificate_pem, root, X509_PURPOSE_SSL_SERVER), X509_V_OK);
  const CertificatePtr certificate = certificate_of(server->certificate_pem);
  EXPECT_EQ(X509_check_host(certificate.get(), "etcd-1", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "10.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "::1", 0), 1);
  EXPECT_NE(X509_check_host(certificate.get(), "etcd-2", 0, 0, nullptr), 1);
}

TEST_F(PkiTest, the_openssl_command_accepts_every_algorithm) {
  for (const char* name : {"ECDSA-P256", "ECDSA-P384", "RSA-2048", "RSA-3072"}) {
    const KeyAlgorithm algorithm = *parse_key_algorithm(name);
    const auto authority = make_ca({.algorithm = algorithm, .common_name = "kubernetes"}, now_);
    ASSERT_TRUE(authority.ok()) << name;
    const auto leaf = issue_certificate(
        {.ca = *authority, .algorithm = algorithm, .common_name = "x", .client = true}, now_);
    ASSERT_TRUE(leaf.ok()) << name;
    const std::string ca_path = file("ca.pem", authority->certificate_pem);
    const std::string path = file("leaf.pem", leaf->certificate_pem);
    const std::string said =
        output_of("openssl verify -x509_strict -purpose sslclient -CAfile " + ca_path + " " + path);
    EXPECT_EQ(said, path + ": OK\n") << name;
    const std::string key = file("leaf.key", leaf->key_pem);
    EXPECT_EQ(output_of("openssl pkey -pubout -in " + key),
              output_of("openssl x509 -pubkey -noout -in " + path))
        << name;
  }
}

TEST_F(PkiTest, a_key_pair_has_the_public_key_of_its_private_key) {
  const auto pair = generate_key(KeyAlgorithm::kRsa2048);
  ASSERT_TRUE(pair.ok());
  EXPECT_EQ(pair->key_pem.find("-----BEGIN RSA PRIVATE KEY-----"), 0u);
  EXPECT_EQ(output_of("openssl pkey -pubout -in " + file("sa.key", pair->key_pem)),
            pair->public_key_pem);
}

TEST_F(PkiTest, the_hash_of_the_public_key_is_kubeadms_discovery_hash) {
  const std::string path = file("ca.pem", ca().certificate_pem);
  std::ifstream stream(path);
  const std::string pem((std::istreambuf_iterator<char>(stream)), {});
  const std::string said = output_of("openssl x509 -pubkey -noout -in " + path +
                                     " | openssl pkey -pubin -outform der | sha256sum");
  EXPECT_EQ(inspect_certificate(pem)->public_key_sha256, said.substr(0, 64));
}

TEST_F(PkiTest, a_key_of_another_authority_is_refused) {
  const auto issued = issue_certificate(
      {.ca = {ca().certificate_pem, ca().key_pem}, .common_name = "x", .client = true}, now_);
  EXPECT_EQ(issued.code(), Code::kInvalid);
  EXPECT_NE(issued.error().message.find("caKey is not the key of caCertificate"),
            std::string::npos);
}

TEST_F(PkiTest, the_service_makes_authorities_and_certificates) {
  const auto authority = run_pki({{"op", "ca"}, {"commonName", "etcd-ca"}}, now_);
  ASSERT_TRUE(authority.ok());
  const auto issued = run_pki({{"op", "issue"},
                               {"caCertificate", (*authority)["certificate"]},
                               {"caKey", (*authority)["key"]},
                               {"commonName", "member"},
                               {"organizations", {"a", "b"}},
                               {"dnsNames", {"localhost"}},
                               {"ipAddresses", {"127.0.0.1"}},
                               {"usages", {"client", "server"}},
                               {"days", 30}},
                              now_);
  ASSERT_TRUE(issued.ok()) << issued.error().message;
  const auto info = run_pki({{"op", "inspect"}, {"certificate", (*issued)["certificate"]}}, now_);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ((*info)["commonName"], "member");
  EXPECT_EQ((*info)["notAfter"], format_time(now_ + std::chrono::hours(24 * 30)));
  EXPECT_EQ((*info)["publicKeySha256"].get<std::string>().size(), 64u);
}

TEST_F(PkiTest, the_service_names_the_member_that_is_wrong) {
  const CertificateAndKey authority = ca();
  const Json good = {{"op", "issue"},
                     {"caCertificate", authority.certificate_pem},
                     {"caKey", authority.key_pem},
                     {"commonName", "x"},
                     {"usages", {"client"}}};
  ASSERT_TRUE(run_pki(good, now_).ok());
  const std::vector<std::pair<std::string, Json>> wrong = {{"op", "burn"},
                                                           {"op", 1},
                                                           {"algorithm", "DSA"},
                                                           {"commonName", std::string(65, 'x')},
                                                           {"days", 0},
                                                           {"days", 1e9},
                                                           {"days", "ten"},
                                                           {"usages", {"client", "code"}},
                                                           {"usages", Json::array()},
                                                           {"dnsNames", {"a,IP:10.0.0.1"}},
                                                           {"ipAddresses", {"10.0.0"}},
                                                           {"organizations", "system:masters"},
                                                           {"caKey", "nothing"},
                                                           {"caCertificate", ""}};
  for (const auto& [member, value] : wrong) {
    Json request = good;
    request[member] = value;
    const auto result = run_pki(request, now_);
    EXPECT_EQ(result.code(), Code::kInvalid) << member << " " << value;
    EXPECT_NE(result.error().message.find(member), std::string::npos) << result.error().message;
  }
}

TEST_F(PkiTest, a_text_that_is_no_certificate_is_an_error) {
  std::string pem = ca().certificate_pem;
  EXPECT_FALSE(inspect_certificate("").ok());
  EXPECT_FALSE(inspect_certificate(pem.substr(0, pem.size() / 2)).ok());
  for (size_t at = 30; at < pem.size(); at += 7) {
    std::string damaged = pem;
    damaged[at] = damaged[at] == 'A' ? 'B' : 'A';
    const auto info = inspect_certificate(damaged);
    EXPECT_TRUE(info.ok() || info.code() == Code::kInvalid);
  }
}

}  // namespace
}  // namespace capstan
