#include "runtime/api/http_tls.h"

#include <openssl/ssl.h>

#include "runtime/system/openssl.h"

namespace capstan {
namespace {

namespace ssl = boost::asio::ssl;

constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void*) {
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof kHttp11, in, in_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

// A bad certificate is remembered as the verify result instead of ending the handshake, so that the
// client gets 401 with a reason.
int keep_verify_error(int, X509_STORE_CTX*) {
  return 1;
}

Result<void> use_client_ca(SSL_CTX* context, const std::string& pem) {
  const CertificatePtr ca(PEM_read_bio_X509(memory_bio(pem).get(), nullptr, nullptr, nullptr));
  if (!ca) return openssl_error("read the client CA");
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca.get());
  SSL_CTX_add_client_CA(context, ca.get());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, keep_verify_error);
  return {};
}

std::vector<std::string> name_entries(X509_NAME* name, int id) {
  std::vector<std::string> values;
  for (int at = X509_NAME_get_index_by_NID(name, id, -1); at >= 0;
       at = X509_NAME_get_index_by_NID(name, id, at)) {
    unsigned char* utf8 = nullptr;
    const int size =
        ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (size < 0) continue;
    values.emplace_back(reinterpret_cast<char*>(utf8), static_cast<size_t>(size));
    OPENSSL_free(utf8);
  }
  return values;
}

}  // namespace

Result<std::unique_ptr<ssl::context>> make_tls_context(const HttpTls& tls) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // an idle watch keeps no 32 KiB of buffers
  SSL_CTX_set_alpn_select_cb(native, select_protocol, nullptr);
  boost::system::error_code error;
  const KeyPair& pair = tls.certificate;
  context->use_certificate_chain(boost::asio::buffer(pair.certificate_pem), error);
  if (error) return Error::invalid("cannot use the server certificate: " + error.message());
  context->use_private_key(boost::asio::buffer(pair.key_pem), ssl::context::pem, error);
  if (error) return Error::invalid("cannot use the server key: " + error.message());
  if (!tls.client_ca_pem.empty()) TRY(use_client_ca(native, tls.client_ca_pem));
  return context;
}

void read_tls_peer(SSL* connection, HttpPeer& peer) {
  const CertificatePtr certificate(SSL_get1_peer_certificate(connection));
  if (!certificate) return;
  peer.has_certificate = true;
  const long verified = SSL_get_verify_result(connection);
  if (verified != X509_V_OK) {
    peer.certificate_error = X509_verify_cert_error_string(verified);
    return;
  }
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const std::vector<std::string> names = name_entries(name, NID_commonName);
  if (!names.empty()) peer.common_name = names.front();
  peer.organizations = name_entries(name, NID_organizationName);
}

}  // namespace capstan
