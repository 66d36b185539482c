// Takes secrets out of a recording so that it can still be replayed: each value gets a stand-in,
// the same everywhere it stands, in plain text and in base64.
//
// What it takes for a secret: what capstan.secrets/1 gives, the data of Secret objects, private
// keys, and settings whose name says so. What a plugin derives from a secret (a hash, a signature)
// is not recognised.
//
// Thread safety: any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "runtime/base/json.h"

namespace capstan {

class Redactor {
 public:
  // The value and its base64 are replaced from now on. Shorter than 4 bytes is no secret.
  void learn(const std::string& value);
  // Learns what stands in Secret objects and under telling names, anywhere in the value.
  void learn_from(const Json& value);

  // With stand-ins. A text that is itself a JSON object or list is redacted inside of it.
  std::string redact(std::string_view text) const;
  Json redact(const Json& value) const;

 private:
  void add(const std::string& value, const std::string& stand_in);
  void learn_secret(const Json& secret);

  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::greater<>> stand_ins_;  // longer ones of a prefix first
  int count_ = 0;
};

}  // namespace capstan
