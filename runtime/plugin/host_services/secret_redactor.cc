#include "runtime/plugin/host_services/secret_redactor.h"

#include <string.h>  // explicit_bzero

#include <algorithm>
#include <set>

#include "runtime/base/random.h"
#include "runtime/base/text.h"

namespace capstan {
namespace {

constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;
constexpr size_t kShortestLine = 16;
constexpr std::string_view kMark = "[secret]";

uint64_t multiply(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  const auto sum = static_cast<uint64_t>(product & kPrime) + static_cast<uint64_t>(product >> 61);
  return sum >= kPrime ? sum - kPrime : sum;
}

// A polynomial in `base` of the last bytes that were pushed.
class RollingHash {
 public:
  RollingHash(uint64_t base, size_t window) : base_(base) {
    for (size_t i = 1; i < window; ++i) power_ = multiply(power_, base_);
  }
  void push(char c) { value_ = (multiply(value_, base_) + byte(c)) % kPrime; }
  void drop(char c) { value_ = (value_ + kPrime - multiply(byte(c), power_)) % kPrime; }
  uint64_t value() const { return value_; }

 private:
  static uint64_t byte(char c) { return static_cast<unsigned char>(c) + uint64_t{1}; }
  uint64_t base_;
  uint64_t power_ = 1;
  uint64_t value_ = 0;
};

}  // namespace

SecretRedactor::SecretRedactor() {
  SystemRandom random;
  base_ = 256 + random.next() % (kPrime - 256);
  for (int i = 0; i < 4; ++i) key_ += std::to_string(random.next());
}

std::string SecretRedactor::digest_of(std::string_view text) const {
  // Keyed at both ends, so that nothing can be appended.
  std::string keyed = key_;
  keyed.reserve(2 * key_.size() + text.size());
  keyed.append(text).append(key_);
  std::string digest = sha256(keyed);
  explicit_bzero(keyed.data(), keyed.size());
  return digest;
}

void SecretRedactor::remember(std::string_view secret) {
  remember_one(secret);
  if (secret.find_first_of("\r\n") == std::string_view::npos) return;
  while (!secret.empty()) {
    const std::string_view line = secret.substr(0, secret.find_first_of("\r\n"));
    if (line.size() >= kShortestLine) remember_one(line);
    secret.remove_prefix(std::min(secret.size(), line.size() + 1));
  }
}

void SecretRedactor::remember_one(std::string_view secret) {
  if (secret.size() < kShortest) return;
  RollingHash hash(base_, secret.size());
  for (const char c : secret) hash.push(c);
  Known known{secret.size(), hash.value(), digest_of(secret)};
  const std::scoped_lock lock(mutex_);
  const bool is_new = std::none_of(known_.begin(), known_.end(), [&](const Known& other) {
    return other.size == known.size && other.digest == known.digest;
  });
  if (!is_new) return;
  if (known_.size() == kMost) known_.erase(known_.begin());
  known_.push_back(std::move(known));
}

bool SecretRedactor::is_secret(std::string_view text, uint64_t fingerprint) const {
  return std::any_of(known_.begin(), known_.end(), [&](const Known& known) {
    return known.size == text.size() && known.fingerprint == fingerprint &&
           known.digest == digest_of(text);
  });
}

void SecretRedactor::mark(std::string_view text, size_t size, std::vector<bool>& secret) const {
  if (text.size() < size) return;
  RollingHash hash(base_, size);
  for (size_t end = 0; end < text.size(); ++end) {
    if (end >= size) hash.drop(text[end - size]);
    hash.push(text[end]);
    if (end + 1 < size) continue;
    const size_t begin = end + 1 - size;
    if (!is_secret(text.substr(begin, size), hash.value())) continue;
    std::fill_n(secret.begin() + static_cast<long>(begin), size, true);
  }
}

bool SecretRedactor::redact(std::string& text) const {
  const std::scoped_lock lock(mutex_);
  if (known_.empty() || text.empty()) return false;
  std::set<size_t> sizes;
  for (const Known& known : known_) sizes.insert(known.size);
  std::vector<bool> secret(text.size(), false);
  for (const size_t size : sizes) mark(text, size, secret);
  if (std::find(secret.begin(), secret.end(), true) == secret.end()) return false;
  std::string clean;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!secret[i]) {
      clean += text[i];
    } else if (i == 0 || !secret[i - 1]) {
      clean += kMark;
    }
  }
  explicit_bzero(text.data(), text.size());
  text = std::move(clean);
  return true;
}

}  // namespace capstan
