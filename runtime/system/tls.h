// Keys and X.509 certificates: certificate authorities, and server and client certificates that
// they sign. OpenSSL is wrapped here once; everything travels as PEM text.
//
// Thread safety: free functions without state.
//
// Example:
//   const KeyPair ca = TRY(make_certificate_authority("capstan", {}, clock.now()));
//   CertificateOptions options;
//   options.common_name = "admin";
//   options.organizations = {"system:masters"};
//   options.client = true;
//   const KeyPair admin = TRY(issue_certificate(ca, options, clock.now()));
#pragma once

#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace capstan {

enum class KeyType { kEcdsaP256, kRsa2048 };

// A certificate and its private key (PKCS #8), as PEM.
struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;
};

struct CertificateOptions {
  std::string common_name;                 // the user, for a client certificate
  std::vector<std::string> organizations;  // the user's groups
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;  // "127.0.0.1", "::1"
  bool server = false;                    // extended key usage serverAuth
  bool client = false;                    // extended key usage clientAuth
  KeyType key_type = KeyType::kEcdsaP256;
  Duration validity = std::chrono::hours(24 * 365);
};

struct AuthorityOptions {
  KeyType key_type = KeyType::kEcdsaP256;
  Duration validity = std::chrono::hours(24 * 365 * 10);
};

Result<std::string> make_private_key(KeyType type);

// A self-signed certificate that may sign others. It is valid from five minutes before `now`, as
// are the certificates that it signs, for machines whose clocks differ a little.
Result<KeyPair> make_certificate_authority(const std::string& common_name,
                                           const AuthorityOptions& options, Instant now);

// A new key and a certificate for it that `authority` signed; it does not outlive the authority.
// Errors: kInvalid where the authority's PEM or an address cannot be read.
Result<KeyPair> issue_certificate(const KeyPair& authority, const CertificateOptions& options,
                                  Instant now);

// When the (first) certificate of the PEM ends. Errors: kInvalid.
Result<Instant> certificate_expiry(const std::string& certificate_pem);

}  // namespace capstan
