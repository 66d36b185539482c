#include "runtime/workload/tls_identity.h"

#include <arpa/inet.h>

#include <array>

namespace capstan {
namespace {

using namespace openssl;

int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

// All certificates of the text, in order.
Result<std::vector<CertificatePtr>> read_certificates(std::string_view pem, const char* what) {
  std::vector<CertificatePtr> certificates;
  const BioPtr bio = view(pem);
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr)) {
    certificates.emplace_back(certificate);
  }
  const std::string reason = take_errors();  // the end of the text, or what is wrong with it
  if (certificates.empty()) {
    return Error::invalid(std::string(what) + " is no PEM certificate: " + reason);
  }
  return certificates;
}

Result<StorePtr> read_trust(std::string_view pem) {
  StorePtr store(X509_STORE_new());
  if (pem.empty()) {
    if (X509_STORE_set_default_paths(store.get()) == 1) return store;
    return Error::invalid("the system's CA certificates cannot be read: " + take_errors());
  }
  for (const CertificatePtr& certificate : TRY(read_certificates(pem, "the CA certificate"))) {
    if (X509_STORE_add_cert(store.get(), certificate.get()) != 1) {
      return Error::invalid("the CA certificate cannot be used: " + take_errors());
    }
  }
  // An intermediate that the kubeconfig names as its CA is trusted as such.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  return store;
}

bool is_ip_address(const std::string& name) {
  std::array<unsigned char, 16> bytes;
  return inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

bool set_name(X509_VERIFY_PARAM* parameters, const std::string& name) {
  if (is_ip_address(name)) return X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1;
  return X509_VERIFY_PARAM_set1_host(parameters, name.data(), name.size()) == 1;
}

Error cannot_set_up(const std::string& name) {
  return Error::invalid("TLS to '" + name + "' cannot be set up: " + take_errors());
}

}  // namespace

Result<std::shared_ptr<const TlsIdentity>> TlsIdentity::create(const TlsSettings& settings) {
  std::shared_ptr<TlsIdentity> identity(new TlsIdentity);
  identity->server_name_ = settings.server_name;
  identity->verify_ = settings.verify;
  if (settings.verify) identity->trust_ = TRY(read_trust(settings.ca_pem));
  if (!settings.certificate_pem.empty()) {
    identity->chain_ = TRY(read_certificates(settings.certificate_pem, "the client certificate"));
    identity->key_.reset(
        PEM_read_bio_PrivateKey(view(settings.key_pem).get(), nullptr, no_pass_phrase, nullptr));
    if (!identity->key_) {
      return Error::invalid("the client key is no unencrypted PEM key: " + take_errors());
    }
    if (X509_check_private_key(identity->chain_[0].get(), identity->key_.get()) != 1) {
      ERR_clear_error();
      return Error::invalid("the client key does not belong to the client certificate");
    }
  }
  return std::shared_ptr<const TlsIdentity>(std::move(identity));
}

Result<void> TlsIdentity::configure(SSL_CTX* context) const {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(context, verify_ ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  bool done = set_name(SSL_CTX_get0_param(context), server_name_);
  // Apart from the context's own store, to which a library may add the system's authorities.
  if (trust_) done = done && SSL_CTX_set1_verify_cert_store(context, trust_.get()) == 1;
  if (!chain_.empty()) {
    done = done && SSL_CTX_use_certificate(context, chain_[0].get()) == 1 &&
           SSL_CTX_use_PrivateKey(context, key_.get()) == 1;
    for (size_t i = 1; done && i < chain_.size(); ++i) {
      done = SSL_CTX_add1_chain_cert(context, chain_[i].get()) == 1;
    }
  }
  return done ? Result<void>() : cannot_set_up(server_name_);
}

Result<void> TlsIdentity::configure(SSL* connection) const {
  SSL_set_min_proto_version(connection, TLS1_2_VERSION);
  SSL_set_mode(connection, SSL_MODE_RELEASE_BUFFERS);
  SSL_set_verify(connection, verify_ ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  bool done = set_name(SSL_get0_param(connection), server_name_);
  if (trust_) done = done && SSL_set1_verify_cert_store(connection, trust_.get()) == 1;
  if (!is_ip_address(server_name_)) {
    done = done && SSL_set_tlsext_host_name(connection, server_name_.c_str()) == 1;
  }
  if (!chain_.empty()) {
    done = done && SSL_use_certificate(connection, chain_[0].get()) == 1 &&
           SSL_use_PrivateKey(connection, key_.get()) == 1;
    for (size_t i = 1; done && i < chain_.size(); ++i) {
      done = SSL_add1_chain_cert(connection, chain_[i].get()) == 1;
    }
  }
  return done ? Result<void>() : cannot_set_up(server_name_);
}

std::string tls_failure(const SSL* connection) {
  const long verification = SSL_get_verify_result(connection);
  const std::string reason = take_errors();
  if (verification == X509_V_OK) return reason;
  return std::string("the server's certificate is not accepted: ") +
         X509_verify_cert_error_string(verification);
}

}  // namespace capstan
