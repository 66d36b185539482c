// Ed25519 keys and signatures, over OpenSSL.
//
// A private key is PEM text (PKCS #8, "PRIVATE KEY"), a public one is PEM text ("PUBLIC KEY");
// `openssl pkey` reads and writes both.
//
// Thread safety: const members from any thread.
//
// Example:
//   const PrivateKey key = TRY(PrivateKey::parse(TRY(read_file("acme.key"))));
//   const std::string signature = TRY(key.sign(text));
//   TRY(PublicKey::parse(TRY(read_file("acme.pub")))).verifies(text, signature);
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace capstan {

class PublicKey {
 public:
  // Errors: kInvalid where the text is no Ed25519 public key.
  static Result<PublicKey> parse(std::string_view pem);

  std::string pem() const;
  // The first 16 hexadecimal digits of the SHA-256 of the key's 32 bytes: what people compare.
  const std::string& id() const { return id_; }
  bool verifies(std::string_view message, std::string_view signature) const;

 private:
  friend class PrivateKey;
  explicit PublicKey(std::shared_ptr<void> key);
  std::shared_ptr<void> key_;
  std::string id_;
};

class PrivateKey {
 public:
  static Result<PrivateKey> generate();
  // Errors: kInvalid where the text is no Ed25519 private key, or one with a password.
  static Result<PrivateKey> parse(std::string_view pem);

  std::string pem() const;  // the caller wipes it
  PublicKey public_key() const;
  Result<std::string> sign(std::string_view message) const;  // 64 bytes

 private:
  explicit PrivateKey(std::shared_ptr<void> key) : key_(std::move(key)) {}
  std::shared_ptr<void> key_;
};

}  // namespace capstan
