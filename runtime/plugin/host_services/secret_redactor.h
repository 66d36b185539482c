// Takes secrets out of texts on their way to logs, events and diagnostics: a plugin that puts a
// secret into an error message must not put it before everybody's eyes.
//
// It keeps no secret. Of each it has its length, a fingerprint that depends on a random number of
// this process, and a keyed digest; a text is searched with a rolling fingerprint and what looks
// like a secret is confirmed with the digest. Of a secret of several lines, such as a key in PEM
// form, every line that is long enough is known as well. Encodings of a secret are not found, nor
// secrets shorter than kShortest.
//
// Thread safety: all members from any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace capstan {

class SecretRedactor {
 public:
  static constexpr size_t kShortest = 6;
  static constexpr size_t kMost = 256;  // the oldest is forgotten

  SecretRedactor();

  void remember(std::string_view secret);
  // Puts "[secret]" in the place of each secret. True where there was one.
  bool redact(std::string& text) const;

 private:
  struct Known {
    size_t size = 0;
    uint64_t fingerprint = 0;
    std::string digest;
  };
  void remember_one(std::string_view secret);
  std::string digest_of(std::string_view text) const;
  bool is_secret(std::string_view text, uint64_t fingerprint) const;
  void mark(std::string_view text, size_t size, std::vector<bool>& secret) const;

  uint64_t base_ = 0;
  std::string key_;
  mutable std::mutex mutex_;
  std::vector<Known> known_;
};

}  // namespace capstan
