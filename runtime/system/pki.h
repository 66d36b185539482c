// Keys and X.509 certificates as clusters need them: certificate authorities, service-account key
// pairs, client and server certificates. Everything is PEM text; private keys are in the
// traditional form ("EC PRIVATE KEY", "RSA PRIVATE KEY") that kubeadm writes.
//
// Certificates are valid from five minutes before `now`, so that a machine whose clock is a little
// behind accepts them.
//
// Thread safety: functions of their arguments and of the kernel's randomness; any thread.
//
// Example:
//   const CertificateAndKey ca = TRY(make_ca({.common_name = "kubernetes"}, clock.now()));
//   const CertificateAndKey admin = TRY(issue_certificate(
//       {.ca = ca, .common_name = "kubernetes-admin", .organizations = {"system:masters"},
//        .client = true}, clock.now()));
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan {

enum class KeyAlgorithm { kEcdsaP256, kEcdsaP384, kRsa2048, kRsa3072, kRsa4096 };

// Cluster API's spelling: "ECDSA-P256", "RSA-2048", ...; "" is ECDSA-P256.
Result<KeyAlgorithm> parse_key_algorithm(std::string_view name);

struct SigningKey {
  std::string key_pem;
  std::string public_key_pem;
};

struct CertificateAndKey {
  std::string certificate_pem;
  std::string key_pem;
};

struct CaRequest {
  KeyAlgorithm algorithm = KeyAlgorithm::kEcdsaP256;
  std::string common_name = {};
  int days = 3650;
};

struct CertificateRequest {
  CertificateAndKey ca;
  KeyAlgorithm algorithm = KeyAlgorithm::kEcdsaP256;
  std::string common_name = {};
  std::vector<std::string> organizations = {};
  std::vector<std::string> dns_names = {};
  std::vector<std::string> ip_addresses = {};
  bool client = false;  // extended key usages; at least one
  bool server = false;
  int days = 365;
};

struct CertificateInfo {
  Instant not_before;
  Instant not_after;
  std::string common_name;
  std::string public_key_sha256;  // hex, of the SubjectPublicKeyInfo: kubeadm's discovery hash
};

Result<SigningKey> generate_key(KeyAlgorithm algorithm);

// Self-signed, for signing only end certificates (path length 0). Key usages, basic constraints and
// subject key identifier are those of kubeadm's authorities.
// Errors: kInvalid for a name over 64 bytes (X.520's limit) or days outside 1 to 36500.
Result<CertificateAndKey> make_ca(const CaRequest& request, Instant now);

// A new key with a certificate for it. Errors: kInvalid for names, addresses, usages or days that
// cannot be, and for a CA certificate and key that do not belong together.
Result<CertificateAndKey> issue_certificate(const CertificateRequest& request, Instant now);

// The first certificate of the text. Errors: kInvalid where there is none.
Result<CertificateInfo> inspect_certificate(std::string_view pem);

// The operations of the host service capstan.pki/1, as sdk/include/capstan/ext/services.h has them.
// Errors: kInvalid, naming the member that is wrong.
Result<Json> run_pki(const Json& request, Instant now = SystemClock().now());

}  // namespace capstan
