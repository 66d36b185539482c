#include "runtime/trust/ed25519.h"

#include "runtime/system/openssl_ptr.h"
#include "runtime/trust/digest.h"

namespace capstan {
namespace {

constexpr size_t kKeySize = 32;
constexpr size_t kSignatureSize = 64;

using ContextPtr = std::unique_ptr<EVP_MD_CTX, openssl::Deleter<EVP_MD_CTX_free>>;

EVP_PKEY* native(const std::shared_ptr<void>& key) {
  return static_cast<EVP_PKEY*>(key.get());
}

std::shared_ptr<void> owned(EVP_PKEY* key) {
  return {key, [](void* own) { EVP_PKEY_free(static_cast<EVP_PKEY*>(own)); }};
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string raw_public_key(const std::shared_ptr<void>& key) {
  std::string raw(kKeySize, '\0');
  size_t size = raw.size();
  EVP_PKEY_get_raw_public_key(native(key), reinterpret_cast<unsigned char*>(raw.data()), &size);
  return raw;
}

// Never asks the terminal for a password.
int no_password(char*, int, int, void*) {
  return 0;
}

}  // namespace

PublicKey::PublicKey(std::shared_ptr<void> key)
    : key_(std::move(key)), id_(sha256_hex(raw_public_key(key_)).substr(0, 16)) {}

Result<PublicKey> PublicKey::parse(std::string_view pem) {
  EVP_PKEY* key = PEM_read_bio_PUBKEY(openssl::view(pem).get(), nullptr, &no_password, nullptr);
  ERR_clear_error();
  auto owner = owned(key);
  if (key == nullptr || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
    return Error::invalid(
        "is no Ed25519 public key in PEM form; `capstan plugin keygen` writes one");
  }
  return PublicKey(std::move(owner));
}

std::string PublicKey::pem() const {
  const openssl::BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(out.get(), native(key_));
  return openssl::contents(out.get());
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  const ContextPtr context(EVP_MD_CTX_new());
  const bool good =
      signature.size() == kSignatureSize &&
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, native(key_)) == 1 &&
      EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message),
                       message.size()) == 1;
  ERR_clear_error();
  return good;
}

Result<PrivateKey> PrivateKey::generate() {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  if (key == nullptr) return Error::internal("cannot make a key: " + openssl::take_errors());
  return PrivateKey(owned(key));
}

Result<PrivateKey> PrivateKey::parse(std::string_view pem) {
  EVP_PKEY* key = PEM_read_bio_PrivateKey(openssl::view(pem).get(), nullptr, &no_password, nullptr);
  ERR_clear_error();
  auto owner = owned(key);
  if (key == nullptr || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
    return Error::invalid(
        "is no Ed25519 private key without a password in PEM form; `capstan plugin keygen` writes "
        "one");
  }
  return PrivateKey(std::move(owner));
}

std::string PrivateKey::pem() const {
  const openssl::BioPtr out(BIO_new(BIO_s_secmem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), native(key_), nullptr, nullptr, 0, nullptr, nullptr);
  return openssl::contents(out.get());
}

PublicKey PrivateKey::public_key() const {
  return PublicKey(key_);
}

Result<std::string> PrivateKey::sign(std::string_view message) const {
  const ContextPtr context(EVP_MD_CTX_new());
  std::string signature(kSignatureSize, '\0');
  size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, native(key_)) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes(message), message.size()) != 1) {
    return Error::internal("cannot sign: " + openssl::take_errors());
  }
  return signature;
}

}  // namespace capstan
