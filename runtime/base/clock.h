// The ports for time. Nothing outside an adapter reads the clock or sleeps, so a test or a
// simulation moves time itself.
//
// Thread safety: all implementations may be called from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace capstan {

using Duration = std::chrono::nanoseconds;
using Instant = std::chrono::time_point<std::chrono::system_clock, Duration>;  // wall clock, UTC
using MonotonicTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;  // intervals

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  virtual MonotonicTime monotonic() const = 0;
};

class SystemClock final : public Clock {
 public:
  Instant now() const override;
  MonotonicTime monotonic() const override;
};

// Stands still until a test moves it.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start = Instant(std::chrono::hours(24 * 365 * 50)));
  Instant now() const override;
  MonotonicTime monotonic() const override;
  void advance(Duration by);

 private:
  mutable std::mutex mutex_;
  Instant now_;
};

// Kubernetes' time form: RFC 3339 in UTC with whole seconds, "2026-01-02T03:04:05Z".
std::string format_time(Instant time);
// With microseconds, as Lease and MicroTime fields have it.
std::string format_micro_time(Instant time);
// Seconds since 1970. Nanoseconds since 1970 reach from 1677 to 2262: what is outside (certificates
// "without an end" are of the year 9999) becomes that end of the range, less a year to reckon with.
Instant instant_from_unix(int64_t seconds);
// Any RFC 3339 time, with offset and fraction; far ones as instant_from_unix.
Result<Instant> parse_time(std::string_view text);
// "45s", "3m20s", "7d3h": an age as kubectl prints it.
std::string format_age(Duration age);

}  // namespace capstan
