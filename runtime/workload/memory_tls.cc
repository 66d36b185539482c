#include "runtime/workload/memory_tls.h"

#include <openssl/pem.h>

namespace capstan {

MemoryTls::MemoryTls(openssl::SessionPtr session)
    : session_(std::move(session)),
      incoming_(BIO_new(BIO_s_mem())),
      outgoing_(BIO_new(BIO_s_mem())) {
  SSL_set_bio(session_.get(), incoming_, outgoing_);
  SSL_set_connect_state(session_.get());
}

Result<MemoryTls> MemoryTls::create(SSL_CTX* context, const TlsIdentity& identity) {
  openssl::SessionPtr session(SSL_new(context));
  if (!session) return Error::internal("TLS: " + openssl::take_errors());
  TRY(identity.configure(session.get()));
  return MemoryTls(std::move(session));
}

void MemoryTls::put(std::string_view sealed) {
  BIO_write(incoming_, sealed.data(), static_cast<int>(sealed.size()));
}

std::string MemoryTls::take() {
  std::string sealed(BIO_ctrl_pending(outgoing_), '\0');
  if (sealed.empty()) return sealed;
  const int count = BIO_read(outgoing_, sealed.data(), static_cast<int>(sealed.size()));
  sealed.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return sealed;
}

Result<bool> MemoryTls::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(session_.get());
  if (result == 1) return true;
  if (SSL_get_error(session_.get(), result) == SSL_ERROR_WANT_READ) return false;
  return Error::unavailable("TLS: " + tls_failure(session_.get()));
}

Result<void> MemoryTls::write(std::string_view text) {
  ERR_clear_error();
  const int count = SSL_write(session_.get(), text.data(), static_cast<int>(text.size()));
  if (count == static_cast<int>(text.size())) return {};  // memory takes all
  return Error::unavailable("TLS: " + tls_failure(session_.get()));
}

Result<std::string> MemoryTls::read() {
  std::string text;
  char buffer[16 * 1024];
  for (;;) {
    ERR_clear_error();
    const int count = SSL_read(session_.get(), buffer, sizeof buffer);
    if (count > 0) {
      text.append(buffer, static_cast<size_t>(count));
      continue;
    }
    const int reason = SSL_get_error(session_.get(), count);
    if (reason == SSL_ERROR_ZERO_RETURN) ended_ = true;
    if (reason == SSL_ERROR_ZERO_RETURN || reason == SSL_ERROR_WANT_READ) return text;
    return Error::unavailable("TLS: " + tls_failure(session_.get()));
  }
}

std::string MemoryTls::peer_certificate() const {
  const openssl::CertificatePtr certificate(SSL_get1_peer_certificate(session_.get()));
  const openssl::BioPtr buffer(BIO_new(BIO_s_mem()));
  if (!certificate || !buffer || PEM_write_bio_X509(buffer.get(), certificate.get()) != 1)
    return "";
  std::string pem(BIO_ctrl_pending(buffer.get()), '\0');
  const int count = BIO_read(buffer.get(), pem.data(), static_cast<int>(pem.size()));
  pem.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return pem;
}

}  // namespace capstan
