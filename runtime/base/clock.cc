#include "runtime/base/clock.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace capstan {
namespace {

using std::chrono::duration_cast;

std::tm utc(Instant time) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

std::string print(const std::tm& t) {
  char text[80];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", t.tm_year + 1900, t.tm_mon + 1,
                t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
  return text;
}

// Reads ".123456" as a duration and moves the cursor past it.
Duration read_fraction(const char*& cursor) {
  if (*cursor != '.') return Duration::zero();
  ++cursor;
  int64_t nanos = 0;
  int64_t unit = 100'000'000;
  for (; *cursor >= '0' && *cursor <= '9'; ++cursor, unit /= 10) nanos += (*cursor - '0') * unit;
  return Duration(nanos);
}

}  // namespace

Instant SystemClock::now() const {
  return std::chrono::system_clock::now();
}
MonotonicTime SystemClock::monotonic() const {
  return std::chrono::steady_clock::now();
}

ManualClock::ManualClock(Instant start) : now_(start) {}

Instant ManualClock::now() const {
  const std::scoped_lock lock(mutex_);
  return now_;
}

MonotonicTime ManualClock::monotonic() const {
  const std::scoped_lock lock(mutex_);
  return MonotonicTime(now_.time_since_epoch());
}

void ManualClock::advance(Duration by) {
  const std::scoped_lock lock(mutex_);
  now_ += by;
}

std::string format_time(Instant time) {
  return print(utc(time)) + "Z";
}

std::string format_micro_time(Instant time) {
  const auto micros =
      std::chrono::floor<std::chrono::microseconds>(time).time_since_epoch().count();
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%06dZ", static_cast<int>(micros % 1'000'000));
  return print(utc(time)) + fraction;
}

Instant instant_from_unix(int64_t seconds) {
  using std::chrono::duration_cast;
  constexpr int64_t kLast =
      duration_cast<std::chrono::seconds>(Instant::max().time_since_epoch()).count() -
      366 * 24 * 3600;
  return Instant(std::chrono::seconds(std::clamp(seconds, -kLast, kLast)));
}

Result<Instant> parse_time(std::string_view text) {
  const std::string copy(text);
  const Error bad =
      Error::invalid("\"" + copy + "\" is not a time; write it as 2026-01-02T03:04:05Z");
  std::tm t{};
  int used = 0;
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &t.tm_year, &t.tm_mon,
                  &t.tm_mday, &t.tm_hour, &t.tm_min, &t.tm_sec, &used) != 6 ||
      used == 0) {
    return bad;
  }
  t.tm_year -= 1900;
  t.tm_mon -= 1;
  const char* cursor = copy.c_str() + used;
  const Duration fraction = read_fraction(cursor);
  int offset_minutes = 0;
  if (*cursor == 'Z' || *cursor == 'z') {
    ++cursor;
  } else {
    int hours = 0, minutes = 0, length = 0;
    char sign = 0;
    if (std::sscanf(cursor, "%c%2d:%2d%n", &sign, &hours, &minutes, &length) != 3 ||
        (sign != '+' && sign != '-')) {
      return bad;
    }
    offset_minutes = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
    cursor += length;
  }
  if (*cursor != '\0') return bad;
  const Instant local = instant_from_unix(timegm(&t));
  return local - std::chrono::minutes(offset_minutes) + fraction;
}

std::string format_age(Duration age) {
  const int64_t seconds = duration_cast<std::chrono::seconds>(age).count();
  const auto pair = [](int64_t big, const char* big_unit, int64_t small, const char* small_unit) {
    std::string text = std::to_string(big) + big_unit;
    if (small != 0) text += std::to_string(small) + small_unit;
    return text;
  };
  if (seconds < 0) return "0s";
  if (seconds < 120) return std::to_string(seconds) + "s";
  const int64_t minutes = seconds / 60;
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return std::to_string(minutes) + "m";
  const int64_t hours = minutes / 60;
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (hours < 48) return std::to_string(hours) + "h";
  const int64_t days = hours / 24;
  if (days < 8) return pair(days, "d", hours % 24, "h");
  if (days < 730) return std::to_string(days) + "d";
  return pair(days / 365, "y", days % 365, "d");
}

}  // namespace capstan
