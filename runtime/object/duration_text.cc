#include "runtime/object/duration_text.h"

#include <limits>
#include <string>

namespace capstan {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int64_t unit_nanoseconds(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\u00b5s" || unit == "\u03bcs") return 1'000;
  if (unit == "ms") return 1'000'000;
  if (unit == "s") return 1'000'000'000;
  if (unit == "m") return 60'000'000'000;
  if (unit == "h") return 3'600'000'000'000;
  return 0;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const Error malformed =
      Error::invalid("\"" + std::string(text) + "\" is no duration such as 1h30m or 1.5s");
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  if (text.empty()) return malformed;
  if (text == "0") return Duration(0);
  long double total = 0;
  while (!text.empty()) {
    size_t end = 0;
    size_t digits = 0;
    long double amount = 0;
    long double scale = 1;
    for (bool fraction = false; end < text.size(); ++end) {
      if (text[end] == '.' && !fraction) {
        fraction = true;
        continue;
      }
      if (!is_digit(text[end])) break;
      ++digits;
      amount = amount * 10 + (text[end] - '0');
      if (fraction) scale *= 10;
    }
    if (digits == 0) return malformed;
    text.remove_prefix(end);
    size_t unit_end = 0;
    while (unit_end < text.size() && text[unit_end] != '.' && !is_digit(text[unit_end])) ++unit_end;
    const int64_t unit = unit_nanoseconds(text.substr(0, unit_end));
    if (unit == 0) return malformed;
    total += amount / scale * static_cast<long double>(unit);
    text.remove_prefix(unit_end);
  }
  if (!(total < static_cast<long double>(std::numeric_limits<int64_t>::max()))) return malformed;
  const auto nanoseconds = static_cast<int64_t>(total);
  return Duration(negative ? -nanoseconds : nanoseconds);
}

}  // namespace capstan
