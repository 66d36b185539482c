// A detached signature, the file FILE.sig beside FILE: who vouches for which bytes, since when.
//
//   format: capstan.signature/1
//   keyId: 5f1d0c9b2a4e8f70
//   publisher: acme
//   sha256: 9f86d081884c7d65...
//   signature: <base64 of 64 bytes>
//   signedAt: 2026-01-02T03:04:05Z
//
// What is signed with Ed25519 is the text of signed_text(), so that no member can be exchanged.
//
// Thread safety: values.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/trust/ed25519.h"

namespace capstan {

struct Signature {
  std::string publisher;
  std::string key_id;
  std::string sha256;  // of the file
  Instant signed_at;
  std::string bytes;

  // Errors: kInvalid with what is wrong.
  static Result<Signature> parse(std::string_view text);
  static Result<Signature> make(const PrivateKey& key, const std::string& publisher,
                                const std::string& sha256, Instant now);

  std::string text() const;         // of the file
  std::string signed_text() const;  // what the key signs
};

// Lower-case letters, digits, '-' and '.', at most 63 of them.
bool is_publisher_name(std::string_view name);

}  // namespace capstan
