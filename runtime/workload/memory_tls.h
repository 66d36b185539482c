// The client's side of TLS over any channel of bytes: OpenSSL between two memory buffers.
//
// Thread safety: none.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/workload/tls_identity.h"

namespace capstan {

class MemoryTls {
 public:
  // Lifetime: the context outlives this.
  static Result<MemoryTls> create(SSL_CTX* context, const TlsIdentity& identity);

  // Bytes that came through the channel.
  void put(std::string_view sealed);
  // Bytes to send through the channel; empty where there are none.
  std::string take();

  // Whether the handshake is complete; it goes on with each call. Errors: kUnavailable.
  Result<bool> handshake();
  // Errors: kUnavailable.
  Result<void> write(std::string_view text);
  // What has arrived so far, maybe nothing. Errors: kUnavailable.
  Result<std::string> read();
  // The other side's certificate as PEM, after the handshake; "" where it has none.
  std::string peer_certificate() const;
  // The other side said that nothing more comes.
  bool ended() const { return ended_; }

 private:
  explicit MemoryTls(openssl::SessionPtr session);

  openssl::SessionPtr session_;  // owns both buffers
  BIO* incoming_;
  BIO* outgoing_;
  bool ended_ = false;
};

}  // namespace capstan
