#include "runtime/yaml/yaml_scalar.h"

#include <array>
#include <charconv>

#include "runtime/base/text.h"

namespace capstan {
namespace {

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_float(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  const size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) {
    std::string_view power = text.substr(exponent + 1);
    if (!power.empty() && (power[0] == '-' || power[0] == '+')) power.remove_prefix(1);
    if (!all_of(power, kDigits)) return false;
    text = text.substr(0, exponent);
  }
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos) return all_of(text, kDigits);
  const std::string_view whole = text.substr(0, dot);
  const std::string_view fraction = text.substr(dot + 1);
  if (whole.empty()) return all_of(fraction, kDigits);
  return all_of(whole, kDigits) && (fraction.empty() || all_of(fraction, kDigits));
}

Json read_float(std::string_view text) {
  if (text[0] == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return Json(Json::value_t::discarded);
  return value;
}

Json read_integer(std::string_view text, int base) {
  if (text[0] == '+') text.remove_prefix(1);
  int64_t value = 0;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, value, base).ec == std::errc()) return value;
  uint64_t large = 0;
  if (std::from_chars(text.data(), end, large, base).ec == std::errc()) return large;
  return base == 10 ? read_float(text) : Json(Json::value_t::discarded);
}

bool is_integer(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return all_of(text, "0123456789");
}

}  // namespace

Json plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return nullptr;
  }
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const std::string_view view = text;
  if (view.starts_with("0x") && all_of(view.substr(2), "0123456789abcdefABCDEF")) {
    return read_integer(view.substr(2), 16);
  }
  if (view.starts_with("0o") && all_of(view.substr(2), "01234567")) {
    return read_integer(view.substr(2), 8);
  }
  if (is_integer(view)) return read_integer(view, 10);
  if (is_float(view)) return read_float(view);
  const std::string lower = to_lower(view);
  if (lower == ".nan" || lower == ".inf" || lower == "+.inf" || lower == "-.inf") {
    return Json(Json::value_t::discarded);
  }
  return text;
}

bool needs_quotes(const std::string& text) {
  if (!plain_scalar(text).is_string()) return true;
  constexpr std::array<std::string_view, 8> kWords11 = {"y",  "n",   "yes", "no",
                                                        "on", "off", "=",   "<<"};
  const std::string lower = to_lower(text);
  for (const std::string_view word : kWords11) {
    if (lower == word) return true;
  }
  constexpr std::string_view kIndicators = "-?:,[]{}#&*!|>'\"%@` ";
  if (kIndicators.find(text.front()) != std::string_view::npos || text.back() == ' ') return true;
  // Sexagesimal numbers, times and binary numbers of YAML 1.1 start with a digit or a sign.
  constexpr std::string_view kNumeric = "0123456789abcdefABCDEFxob.:_+-TZt ";
  const bool numeric_start =
      (text.front() >= '0' && text.front() <= '9') || text.front() == '+' || text.front() == '.';
  if (numeric_start && text.find_first_not_of(kNumeric) == std::string::npos) return true;
  if (text.find(": ") != std::string::npos || text.find(" #") != std::string::npos) return true;
  if (text.back() == ':') return true;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  }
  return false;
}

}  // namespace capstan
