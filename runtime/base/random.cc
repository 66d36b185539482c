#include "runtime/base/random.h"

#include <sys/random.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace capstan {

std::string Random::uuid() {
  const uint64_t high = (next() & 0xffffffffffff0fffULL) | 0x4000ULL;
  const uint64_t low = (next() & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;
  char text[40];
  std::snprintf(text, sizeof text, "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>((high >> 16) & 0xffff), static_cast<unsigned>(high & 0xffff),
                static_cast<unsigned>(low >> 48),
                static_cast<unsigned long long>(low & 0xffffffffffffULL));
  return text;
}

std::string Random::suffix(size_t length) {
  constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string text;
  for (size_t i = 0; i < length; ++i) text += kAlphabet[next() % kAlphabet.size()];
  return text;
}

double Random::fraction() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

uint64_t SystemRandom::next() {
  // Refilled in blocks: one system call for many numbers.
  thread_local uint64_t block[32];
  thread_local size_t used = 32;
  if (used == 32) {
    // Reads of up to 256 bytes are never cut short once the pool is initialised.
    if (getrandom(block, sizeof block, 0) != sizeof block) std::abort();
    used = 0;
  }
  return block[used++];
}

uint64_t SeededRandom::next() {
  const std::scoped_lock lock(mutex_);
  return engine_();
}

}  // namespace capstan
