// The port for randomness: uids, name suffixes, jitter.
//
// Thread safety: all implementations may be called from any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <random>
#include <string>

namespace capstan {

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t next() = 0;

  // A version 4 UUID, as metadata.uid has it.
  std::string uuid();
  // `length` characters of the alphabet that Kubernetes uses for generated names (no vowels, no
  // digits that read as letters).
  std::string suffix(size_t length = 5);
  // A number in [0, 1).
  double fraction();
};

// The kernel's generator, for uids, tokens and serials.
class SystemRandom final : public Random {
 public:
  uint64_t next() override;
};

// Repeatable, for tests and simulation.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  uint64_t next() override;

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace capstan
