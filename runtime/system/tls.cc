#include "runtime/system/tls.h"

#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "runtime/system/openssl.h"

namespace capstan {
namespace {

constexpr auto kClockSkew = std::chrono::minutes(5);

PrivateKeyPtr generate_key(KeyType type) {
  return PrivateKeyPtr(type == KeyType::kRsa2048 ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
}

Result<std::string> key_pem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return openssl_error("write a private key");
  }
  return bio_text(bio.get());
}

Result<std::string> certificate_pem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(bio.get(), certificate) != 1) return openssl_error("write a certificate");
  return bio_text(bio.get());
}

Result<CertificatePtr> read_certificate(const std::string& pem) {
  CertificatePtr certificate(PEM_read_bio_X509(memory_bio(pem).get(), nullptr, nullptr, nullptr));
  if (!certificate) return openssl_error("read a certificate");
  return certificate;
}

Result<PrivateKeyPtr> read_key(const std::string& pem) {
  PrivateKeyPtr key(PEM_read_bio_PrivateKey(memory_bio(pem).get(), nullptr, nullptr, nullptr));
  if (!key) return openssl_error("read a private key");
  return key;
}

Result<void> add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  if (extension == nullptr) return openssl_error("set a certificate's " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return {};
}

void add_name(X509_NAME* name, const char* field, const std::string& value) {
  X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(value.data()),
                             static_cast<int>(value.size()), -1, 0);
}

void set_random_serial(X509* certificate) {
  unsigned char bytes[16];
  RAND_bytes(bytes, sizeof bytes);
  bytes[0] &= 0x7f;  // positive
  BIGNUM* number = BN_bin2bn(bytes, sizeof bytes, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
}

CertificatePtr start_certificate(EVP_PKEY* key, Instant now, Duration validity) {
  CertificatePtr certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  set_random_serial(certificate.get());
  X509_set_pubkey(certificate.get(), key);
  const Instant start = now - kClockSkew;
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()),
                std::chrono::system_clock::to_time_t(
                    std::chrono::time_point_cast<std::chrono::system_clock::duration>(start)));
  ASN1_TIME_set(
      X509_getm_notAfter(certificate.get()),
      std::chrono::system_clock::to_time_t(
          std::chrono::time_point_cast<std::chrono::system_clock::duration>(now + validity)));
  return certificate;
}

// Names as the extension's text form has them; a comma would start another name.
Result<std::string> alternative_names(const CertificateOptions& options) {
  std::string names;
  const auto append = [&](const char* type, const std::string& value) -> Result<void> {
    if (value.empty() || value.find_first_of(",\n\r") != std::string::npos) {
      return Error::invalid("\"" + value + "\" cannot be a name in a certificate");
    }
    names += (names.empty() ? "" : ",") + std::string(type) + value;
    return {};
  };
  for (const std::string& name : options.dns_names) TRY(append("DNS:", name));
  for (const std::string& address : options.ip_addresses) TRY(append("IP:", address));
  return names;
}

Result<void> add_leaf_extensions(X509* certificate, X509* issuer,
                                 const CertificateOptions& options) {
  TRY(add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE"));
  TRY(add_extension(certificate, issuer, NID_key_usage,
                    options.key_type == KeyType::kRsa2048
                        ? "critical,digitalSignature,keyEncipherment"
                        : "critical,digitalSignature"));
  std::string usage = options.server ? "serverAuth" : "";
  if (options.client) usage += usage.empty() ? "clientAuth" : ",clientAuth";
  if (!usage.empty()) TRY(add_extension(certificate, issuer, NID_ext_key_usage, usage));
  TRY(add_extension(certificate, issuer, NID_subject_key_identifier, "hash"));
  TRY(add_extension(certificate, issuer, NID_authority_key_identifier, "keyid"));
  const std::string names = TRY(alternative_names(options));
  if (!names.empty()) TRY(add_extension(certificate, issuer, NID_subject_alt_name, names));
  return {};
}

Result<KeyPair> sign(X509* certificate, EVP_PKEY* key, EVP_PKEY* signing_key) {
  if (X509_sign(certificate, signing_key, EVP_sha256()) == 0) {
    return openssl_error("sign a certificate");
  }
  KeyPair pair;
  pair.certificate_pem = TRY(certificate_pem(certificate));
  pair.key_pem = TRY(key_pem(key));
  return pair;
}

}  // namespace

Result<std::string> make_private_key(KeyType type) {
  const PrivateKeyPtr key = generate_key(type);
  if (!key) return openssl_error("make a private key");
  return key_pem(key.get());
}

Result<KeyPair> make_certificate_authority(const std::string& common_name,
                                           const AuthorityOptions& options, Instant now) {
  const PrivateKeyPtr key = generate_key(options.key_type);
  if (!key) return openssl_error("make a private key");
  const CertificatePtr certificate = start_certificate(key.get(), now, options.validity);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  add_name(name, "CN", common_name);
  X509_set_issuer_name(certificate.get(), name);
  X509* self = certificate.get();
  TRY(add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE"));
  TRY(add_extension(self, self, NID_key_usage,
                    "critical,digitalSignature,keyEncipherment,keyCertSign"));
  TRY(add_extension(self, self, NID_subject_key_identifier, "hash"));
  return sign(self, key.get(), key.get());
}

Result<KeyPair> issue_certificate(const KeyPair& authority, const CertificateOptions& options,
                                  Instant now) {
  const CertificatePtr issuer = TRY(read_certificate(authority.certificate_pem));
  const PrivateKeyPtr issuer_key = TRY(read_key(authority.key_pem));
  const PrivateKeyPtr key = generate_key(options.key_type);
  if (!key) return openssl_error("make a private key");
  const Instant last = TRY(certificate_expiry(authority.certificate_pem));
  const Duration validity = std::min<Duration>(options.validity, last - now);
  const CertificatePtr certificate = start_certificate(key.get(), now, validity);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  for (const std::string& organization : options.organizations) add_name(name, "O", organization);
  add_name(name, "CN", options.common_name);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get()));
  TRY(add_leaf_extensions(certificate.get(), issuer.get(), options));
  return sign(certificate.get(), key.get(), issuer_key.get());
}

Result<Instant> certificate_expiry(const std::string& pem) {
  const CertificatePtr certificate = TRY(read_certificate(pem));
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &parts) != 1) {
    return openssl_error("read when a certificate ends");
  }
  return instant_from_unix(timegm(&parts));
}

}  // namespace capstan
