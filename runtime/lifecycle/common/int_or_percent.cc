#include "runtime/lifecycle/common/int_or_percent.h"

#include <charconv>
#include <optional>

namespace capstan::lifecycle {
namespace {

struct Count {
  int64_t number = 0;
  bool percent = false;
};

std::optional<Count> read(const Json& value) {
  if (value.is_number_integer()) return Count{value.get<int64_t>(), false};
  if (!value.is_string()) return std::nullopt;
  std::string_view text = value.get_ref<const std::string&>();
  Count count;
  if (text.ends_with('%')) {
    count.percent = true;
    text.remove_suffix(1);
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count.number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (count.number < 0 || count.number > 1'000'000'000) return std::nullopt;
  return count;
}

}  // namespace

bool is_count(const Json& value) {
  const auto count = read(value);
  return count && count->number >= 0;
}

int64_t resolve_count(const Json* value, int64_t total, bool round_up, int64_t fallback) {
  const auto count = value != nullptr ? read(*value) : std::nullopt;
  if (!count) return fallback;
  if (!count->percent) return count->number;
  const int64_t hundredths = count->number * total;
  return round_up ? (hundredths + 99) / 100 : hundredths / 100;
}

}  // namespace capstan::lifecycle
