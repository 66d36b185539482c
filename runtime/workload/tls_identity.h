// Who we are to a server and whom we trust: a kubeconfig's PEM texts parsed once, and put into each
// TLS connection of the cluster.
//
// Thread safety: immutable once made.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/system/openssl_ptr.h"

namespace capstan {

struct TlsSettings {
  std::string ca_pem;  // trusts exactly these; "" the system's authorities
  std::string certificate_pem;
  std::string key_pem;
  std::string server_name;  // a name or an IP address, checked against the certificate
  bool verify = true;
};

class TlsIdentity {
 public:
  // Errors: kInvalid, saying which PEM text is wrong.
  static Result<std::shared_ptr<const TlsIdentity>> create(const TlsSettings& settings);

  // Client certificate, trust, name to check and versions for all connections of a context.
  Result<void> configure(SSL_CTX* context) const;
  // The same for one connection of a context that is shared by many identities; and the name to
  // send (SNI).
  Result<void> configure(SSL* connection) const;

 private:
  TlsIdentity() = default;

  openssl::StorePtr trust_;                     // null where nothing is verified
  std::vector<openssl::CertificatePtr> chain_;  // client certificate first; may be empty
  openssl::KeyPtr key_;
  std::string server_name_;
  bool verify_ = true;
};

// Why a handshake failed, from the connection's verification and the error queue.
std::string tls_failure(const SSL* connection);

}  // namespace capstan
