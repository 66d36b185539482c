#include "runtime/system/pki.h"

#include <arpa/inet.h>
#include <openssl/rand.h>

#include <array>

#include "runtime/base/text.h"
#include "runtime/system/openssl_ptr.h"

namespace capstan {
namespace {

using namespace openssl;

constexpr auto kBackdate = std::chrono::minutes(5);
constexpr size_t kLongestName = 64;  // X.520's ub-common-name, which OpenSSL enforces

Error openssl_error(std::string_view what) {
  return Error::internal(std::string(what) + ": " + take_errors());
}

Result<KeyPtr> new_key(KeyAlgorithm algorithm) {
  EVP_PKEY* key = nullptr;
  switch (algorithm) {
    case KeyAlgorithm::kEcdsaP256:
      key = EVP_EC_gen("P-256");
      break;
    case KeyAlgorithm::kEcdsaP384:
      key = EVP_EC_gen("P-384");
      break;
    case KeyAlgorithm::kRsa2048:
      key = EVP_RSA_gen(2048);
      break;
    case KeyAlgorithm::kRsa3072:
      key = EVP_RSA_gen(3072);
      break;
    case KeyAlgorithm::kRsa4096:
      key = EVP_RSA_gen(4096);
      break;
  }
  if (key == nullptr) return openssl_error("a key cannot be generated");
  return KeyPtr(key);
}

Result<std::string> private_pem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey_traditional(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) !=
      1) {
    return openssl_error("a key cannot be written");
  }
  return contents(bio.get());
}

Result<std::string> public_pem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PUBKEY(bio.get(), key) != 1) return openssl_error("a key cannot be written");
  return contents(bio.get());
}

Result<std::string> certificate_pem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(bio.get(), certificate) != 1) {
    return openssl_error("a certificate cannot be written");
  }
  return contents(bio.get());
}

// Never asks the terminal for a pass phrase.
int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

Result<CertificatePtr> read_certificate(std::string_view pem, const std::string& name) {
  CertificatePtr certificate(PEM_read_bio_X509(view(pem).get(), nullptr, no_pass_phrase, nullptr));
  if (!certificate) return Error::invalid(name + " is no PEM certificate: " + take_errors());
  return certificate;
}

Result<KeyPtr> read_key(std::string_view pem, const std::string& name) {
  KeyPtr key(PEM_read_bio_PrivateKey(view(pem).get(), nullptr, no_pass_phrase, nullptr));
  if (!key) return Error::invalid(name + " is no unencrypted PEM private key: " + take_errors());
  return key;
}

Result<void> check_name(const std::string& value, const char* what) {
  if (value.size() <= kLongestName && value.find('\0') == std::string::npos) return {};
  return Error::invalid(std::string(what) + " '" + value.substr(0, kLongestName) +
                        "...' must have at most 64 bytes and no NUL");
}

Result<void> add_name(X509_NAME* name, const char* field, const std::string& value) {
  if (X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(value.data()),
                                 static_cast<int>(value.size()), -1, 0) == 1) {
    return {};
  }
  return Error::invalid("'" + value +
                        "' cannot stand in a certificate's subject: " + take_errors());
}

Result<void> add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) {
    return openssl_error("a certificate extension cannot be made");
  }
  return {};
}

Result<void> set_random_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes;
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return openssl_error("no random bytes");
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3f) | 0x40);  // positive, of full length
  const BignumPtr number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  if (BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr) {
    return openssl_error("a serial number cannot be set");
  }
  return {};
}

Result<void> set_validity(X509* certificate, int days, Instant now) {
  if (days < 1 || days > 36500) {
    return Error::invalid("days must be from 1 to 36500, not " + std::to_string(days));
  }
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  time_t from = std::chrono::system_clock::to_time_t(seconds - kBackdate);
  time_t until = std::chrono::system_clock::to_time_t(seconds + std::chrono::hours(24) * days);
  if (ASN1_TIME_adj(X509_getm_notBefore(certificate), from, 0, 0) == nullptr ||
      ASN1_TIME_adj(X509_getm_notAfter(certificate), until, 0, 0) == nullptr) {
    return openssl_error("a validity cannot be set");
  }
  return {};
}

Result<CertificatePtr> new_certificate(EVP_PKEY* key, int days, Instant now) {
  CertificatePtr certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      X509_set_pubkey(certificate.get(), key) != 1) {
    return openssl_error("a certificate cannot be made");
  }
  TRY(set_random_serial(certificate.get()));
  TRY(set_validity(certificate.get(), days, now));
  return certificate;
}

Result<CertificateAndKey> sign(X509* certificate, EVP_PKEY* key, EVP_PKEY* signer) {
  if (X509_sign(certificate, signer, EVP_sha256()) == 0) {
    return openssl_error("a certificate cannot be signed");
  }
  return CertificateAndKey{TRY(certificate_pem(certificate)), TRY(private_pem(key))};
}

// As OpenSSL's extension syntax has it. A name could otherwise smuggle further entries in.
Result<std::string> alternative_names(const CertificateRequest& request) {
  std::vector<std::string> names;
  for (const std::string& name : request.dns_names) {
    if (name.empty() || name.find_first_of(",:;\n\r \t\\\"") != std::string::npos) {
      return Error::invalid("dnsNames: '" + name + "' is no DNS name");
    }
    names.push_back("DNS:" + name);
  }
  for (const std::string& address : request.ip_addresses) {
    std::array<unsigned char, 16> bytes;
    if (inet_pton(AF_INET, address.c_str(), bytes.data()) != 1 &&
        inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) {
      return Error::invalid("ipAddresses: '" + address + "' is no IP address");
    }
    names.push_back("IP:" + address);
  }
  return join(names, ",");
}

Result<void> add_end_extensions(X509* certificate, X509* ca, const CertificateRequest& request) {
  if (!request.client && !request.server) {
    return Error::invalid("usages must have \"client\" or \"server\"");
  }
  const std::string usages = std::string(request.client ? "clientAuth" : "") +
                             (request.client && request.server ? "," : "") +
                             (request.server ? "serverAuth" : "");
  TRY(add_extension(certificate, ca, NID_key_usage, "critical,digitalSignature,keyEncipherment"));
  TRY(add_extension(certificate, ca, NID_ext_key_usage, usages));
  TRY(add_extension(certificate, ca, NID_basic_constraints, "critical,CA:FALSE"));
  if (X509_get_ext_by_NID(ca, NID_subject_key_identifier, -1) >= 0) {
    TRY(add_extension(certificate, ca, NID_authority_key_identifier, "keyid:always"));
  }
  const std::string names = TRY(alternative_names(request));
  if (names.empty()) return {};
  return add_extension(certificate, ca, NID_subject_alt_name, names);
}

Result<Instant> instant_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    return Error::invalid("the certificate's validity is no time: " + take_errors());
  }
  return instant_from_unix(timegm(&parts));
}

std::string common_name_of(X509* certificate) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0) return "";
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
  if (size < 0) {
    ERR_clear_error();
    return "";
  }
  std::string name(reinterpret_cast<char*>(text), static_cast<size_t>(size));
  OPENSSL_free(text);
  return name;
}

std::string public_key_sha256(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) {
    ERR_clear_error();
    return "";
  }
  std::string digest =
      sha256(std::string_view(reinterpret_cast<char*>(der), static_cast<size_t>(size)));
  OPENSSL_free(der);
  return hex_encode(digest);
}

}  // namespace

Result<KeyAlgorithm> parse_key_algorithm(std::string_view name) {
  if (name.empty() || name == "ECDSA-P256") return KeyAlgorithm::kEcdsaP256;
  if (name == "ECDSA-P384") return KeyAlgorithm::kEcdsaP384;
  if (name == "RSA-2048") return KeyAlgorithm::kRsa2048;
  if (name == "RSA-3072") return KeyAlgorithm::kRsa3072;
  if (name == "RSA-4096") return KeyAlgorithm::kRsa4096;
  return Error::invalid("algorithm '" + std::string(name) +
                        "' is unknown; ECDSA-P256, ECDSA-P384, RSA-2048, RSA-3072 and RSA-4096 "
                        "are supported");
}

Result<SigningKey> generate_key(KeyAlgorithm algorithm) {
  const KeyPtr key = TRY(new_key(algorithm));
  return SigningKey{TRY(private_pem(key.get())), TRY(public_pem(key.get()))};
}

Result<CertificateAndKey> make_ca(const CaRequest& request, Instant now) {
  TRY(check_name(request.common_name, "commonName"));
  if (request.common_name.empty()) return Error::invalid("commonName must not be empty");
  const KeyPtr key = TRY(new_key(request.algorithm));
  const CertificatePtr owned = TRY(new_certificate(key.get(), request.days, now));
  X509* certificate = owned.get();
  TRY(add_name(X509_get_subject_name(certificate), "CN", request.common_name));
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  TRY(add_extension(certificate, certificate, NID_key_usage,
                    "critical,digitalSignature,keyEncipherment,keyCertSign"));
  TRY(add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
  TRY(add_extension(certificate, certificate, NID_subject_key_identifier, "hash"));
  return sign(certificate, key.get(), key.get());
}

Result<CertificateAndKey> issue_certificate(const CertificateRequest& request, Instant now) {
  const CertificatePtr ca = TRY(read_certificate(request.ca.certificate_pem, "caCertificate"));
  const KeyPtr ca_key = TRY(read_key(request.ca.key_pem, "caKey"));
  if (X509_check_private_key(ca.get(), ca_key.get()) != 1) {
    ERR_clear_error();
    return Error::invalid("caKey is not the key of caCertificate (" + common_name_of(ca.get()) +
                          ")");
  }
  TRY(check_name(request.common_name, "commonName"));
  const KeyPtr key = TRY(new_key(request.algorithm));
  const CertificatePtr owned = TRY(new_certificate(key.get(), request.days, now));
  X509* certificate = owned.get();
  X509_NAME* subject = X509_get_subject_name(certificate);
  for (const std::string& organization : request.organizations) {
    TRY(check_name(organization, "organizations"));
    TRY(add_name(subject, "O", organization));
  }
  if (!request.common_name.empty()) TRY(add_name(subject, "CN", request.common_name));
  X509_set_issuer_name(certificate, X509_get_subject_name(ca.get()));
  TRY(add_end_extensions(certificate, ca.get(), request));
  return sign(certificate, key.get(), ca_key.get());
}

Result<CertificateInfo> inspect_certificate(std::string_view pem) {
  const CertificatePtr certificate = TRY(read_certificate(pem, "certificate"));
  CertificateInfo info;
  info.not_before = TRY(instant_of(X509_get0_notBefore(certificate.get())));
  info.not_after = TRY(instant_of(X509_get0_notAfter(certificate.get())));
  info.common_name = common_name_of(certificate.get());
  info.public_key_sha256 = public_key_sha256(certificate.get());
  return info;
}

}  // namespace capstan
