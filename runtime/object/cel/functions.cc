#include "runtime/object/cel/functions.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>

#include "runtime/base/text.h"
#include "runtime/object/duration_text.h"

namespace capstan::cel {
namespace {

using Arguments = std::vector<Value>;

Error wrong_type(const char* name, const Value& value) {
  return Error::invalid("no such overload: " + std::string(name) + "(" +
                        std::string(value.type_name()) + ")");
}

Result<std::string> text_of(const Value& value) {
  if (const auto* text = value.as<std::string>()) return *text;
  return Error::invalid("expected a string, found " + std::string(value.type_name()));
}

size_t characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

template <typename T>
Result<Value> parsed(const std::string& text, const char* type) {
  T value{};
  const auto done = std::from_chars(text.data(), text.data() + text.size(), value);
  if (done.ec == std::errc() && done.ptr == text.data() + text.size()) return Value{value};
  return Error::invalid("\"" + text + "\" is no " + type);
}

// --- conversions ---

Result<Value> size(const Arguments& in) {
  const Value& value = in[0];
  if (const auto* text = value.as<std::string>()) {
    return Value{static_cast<int64_t>(characters(*text))};
  }
  if (const auto* bytes = value.as<Bytes>()) {
    return Value{static_cast<int64_t>(bytes->bytes.size())};
  }
  if (value.is_list() || value.is_map()) return Value{static_cast<int64_t>(value.size())};
  return wrong_type("size", value);
}

Result<Value> to_int(const Arguments& in) {
  const Value& value = in[0];
  if (value.as<int64_t>() != nullptr) return value;
  if (const auto* natural = value.as<uint64_t>()) {
    if (*natural > static_cast<uint64_t>(INT64_MAX)) return Error::invalid("integer overflow");
    return Value{static_cast<int64_t>(*natural)};
  }
  if (const auto* real = value.as<double>()) {
    if (!(std::abs(*real) < 9223372036854775808.0)) return Error::invalid("integer overflow");
    return Value{static_cast<int64_t>(*real)};
  }
  if (const auto* time = value.as<Instant>()) {
    return Value{static_cast<int64_t>(
        std::chrono::floor<std::chrono::seconds>(*time).time_since_epoch().count())};
  }
  if (const auto* text = value.as<std::string>()) return parsed<int64_t>(*text, "int");
  return wrong_type("int", value);
}

Result<Value> to_uint(const Arguments& in) {
  const Value& value = in[0];
  if (value.as<uint64_t>() != nullptr) return value;
  if (const auto* text = value.as<std::string>()) return parsed<uint64_t>(*text, "uint");
  const Value integer = TRY(to_int(in));
  if (*integer.as<int64_t>() < 0) return Error::invalid("unsigned integer overflow");
  return Value{static_cast<uint64_t>(*integer.as<int64_t>())};
}

Result<Value> to_double(const Arguments& in) {
  const Value& value = in[0];
  if (value.as<double>() != nullptr) return value;
  if (const auto* integer = value.as<int64_t>()) return Value{static_cast<double>(*integer)};
  if (const auto* natural = value.as<uint64_t>()) return Value{static_cast<double>(*natural)};
  if (const auto* text = value.as<std::string>()) return parsed<double>(*text, "double");
  return wrong_type("double", value);
}

std::string duration_text(Duration length) {
  const int64_t nanoseconds = length.count();
  std::string text = std::to_string(nanoseconds / 1'000'000'000);
  if (nanoseconds < 0 && text == "0") text = "-0";
  std::string fraction = std::to_string(std::abs(nanoseconds % 1'000'000'000));
  fraction.insert(0, 9 - fraction.size(), '0');
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return text + (fraction.empty() ? "" : "." + fraction) + "s";
}

Result<Value> to_string(const Arguments& in) {
  const Value& value = in[0];
  if (value.as<std::string>() != nullptr) return value;
  if (const auto* truth = value.as<bool>()) return Value{std::string(*truth ? "true" : "false")};
  if (const auto* integer = value.as<int64_t>()) return Value{std::to_string(*integer)};
  if (const auto* natural = value.as<uint64_t>()) return Value{std::to_string(*natural)};
  if (const auto* real = value.as<double>()) {
    const bool whole = std::floor(*real) == *real && std::abs(*real) < 1e15;
    return Value{whole ? std::to_string(static_cast<int64_t>(*real)) : dump_json(*real)};
  }
  if (const auto* bytes = value.as<Bytes>()) return Value{bytes->bytes};
  if (const auto* length = value.as<Duration>()) return Value{duration_text(*length)};
  if (const auto* time = value.as<Instant>()) return Value{format_time(*time)};
  return wrong_type("string", value);
}

Result<Value> to_bool(const Arguments& in) {
  if (in[0].as<bool>() != nullptr) return in[0];
  const std::string text = TRY(text_of(in[0]));
  for (const char* yes : {"true", "True", "TRUE", "t", "1"}) {
    if (text == yes) return Value{true};
  }
  for (const char* no : {"false", "False", "FALSE", "f", "0"}) {
    if (text == no) return Value{false};
  }
  return Error::invalid("\"" + text + "\" is no bool");
}

Result<Value> to_bytes(const Arguments& in) {
  if (in[0].as<Bytes>() != nullptr) return in[0];
  return Value{Bytes{TRY(text_of(in[0]))}};
}

Result<Value> to_duration(const Arguments& in) {
  if (in[0].as<Duration>() != nullptr) return in[0];
  return Value{TRY(parse_duration(TRY(text_of(in[0]))))};
}

Result<Value> to_timestamp(const Arguments& in) {
  if (in[0].as<Instant>() != nullptr) return in[0];
  if (const auto* seconds = in[0].as<int64_t>()) {
    if (std::abs(*seconds) > 9'000'000'000) return Error::invalid("timestamp out of range");
    return Value{Instant(std::chrono::seconds(*seconds))};
  }
  return Value{TRY(parse_time(TRY(text_of(in[0]))))};
}

Result<Value> type(const Arguments& in) {
  return Value{TypeName{std::string(in[0].type_name())}};
}

Result<Value> same(const Arguments& in) {
  return in[0];
}

// --- texts ---

Result<Value> starts_with(const Arguments& in) {
  return Value{TRY(text_of(in[0])).starts_with(TRY(text_of(in[1])))};
}

Result<Value> ends_with(const Arguments& in) {
  return Value{TRY(text_of(in[0])).ends_with(TRY(text_of(in[1])))};
}

Result<Value> contains(const Arguments& in) {
  return Value{TRY(text_of(in[0])).find(TRY(text_of(in[1]))) != std::string::npos};
}

Result<Value> matches(const Arguments& in) {
  const std::string text = TRY(text_of(in[0]));
  const auto pattern = make_pattern(TRY(text_of(in[1])));
  if (!pattern->ok()) return Error::invalid("bad pattern: " + pattern->error());
  return Value{re2::RE2::PartialMatch(text, *pattern)};
}

template <char First, char Last>
Result<Value> change_case(const Arguments& in) {
  std::string text = TRY(text_of(in[0]));
  for (char& c : text) {
    if (c >= First && c <= Last) c = static_cast<char>(c ^ 0x20);
  }
  return Value{std::move(text)};
}

Result<Value> trimmed(const Arguments& in) {
  const std::string text = TRY(text_of(in[0]));
  return Value{std::string(trim(text))};
}

Result<Value> split_text(const Arguments& in) {
  const std::string text = TRY(text_of(in[0]));
  const std::string separator = TRY(text_of(in[1]));
  auto list = std::make_shared<List>();
  size_t start = 0;
  while (true) {
    // Without a separator every character is an item.
    size_t end = separator.empty() ? start + 1 : text.find(separator, start);
    while (separator.empty() && end < text.size() &&
           (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
      ++end;
    }
    if (end >= text.size() && separator.empty()) end = std::string::npos;
    list->push_back({text.substr(start, end == std::string::npos ? end : end - start)});
    if (end == std::string::npos) break;
    start = end + separator.size();
  }
  return Value{std::shared_ptr<const List>(std::move(list))};
}

Result<Value> join_list(const Arguments& in) {
  if (!in[0].is_list()) return wrong_type("join", in[0]);
  const std::string separator = in.size() > 1 ? TRY(text_of(in[1])) : "";
  std::string out;
  for (size_t i = 0; i < in[0].size(); ++i) {
    if (i > 0) out += separator;
    out += TRY(text_of(in[0].item(i)));
  }
  return Value{std::move(out)};
}

Result<Value> index_of(const Arguments& in) {
  if (in[0].is_list()) {
    for (size_t i = 0; i < in[0].size(); ++i) {
      if (equal(in[0].item(i), in[1])) return Value{static_cast<int64_t>(i)};
    }
    return Value{int64_t{-1}};
  }
  const std::string text = TRY(text_of(in[0]));
  const size_t found = text.find(TRY(text_of(in[1])));
  if (found == std::string::npos) return Value{int64_t{-1}};
  return Value{static_cast<int64_t>(characters(std::string_view(text).substr(0, found)))};
}

// --- lists ---

Result<Value> is_sorted(const Arguments& in) {
  if (!in[0].is_list()) return wrong_type("isSorted", in[0]);
  for (size_t i = 1; i < in[0].size(); ++i) {
    const auto order = compare(in[0].item(i - 1), in[0].item(i));
    if (!order) return Error::invalid("isSorted: items that have no order");
    if (*order > 0) return Value{false};
  }
  return Value{true};
}

Result<Value> sum(const Arguments& in) {
  if (!in[0].is_list()) return wrong_type("sum", in[0]);
  if (in[0].size() == 0) return Value{int64_t{0}};
  Value total = in[0].item(0);
  for (size_t i = 1; i < in[0].size(); ++i) {
    total = TRY(apply_operator("+", total, in[0].item(i)));
  }
  return total;
}

template <int Sign>
Result<Value> extreme(const Arguments& in) {
  if (!in[0].is_list() || in[0].size() == 0) return Error::invalid("min and max need items");
  Value best = in[0].item(0);
  for (size_t i = 1; i < in[0].size(); ++i) {
    const auto order = compare(in[0].item(i), best);
    if (!order) return Error::invalid("min and max: items that have no order");
    if (*order * Sign > 0) best = in[0].item(i);
  }
  return best;
}

// --- optionals ---

Result<Value> has_value(const Arguments& in) {
  const auto* optional = in[0].as<Optional>();
  if (optional == nullptr) return wrong_type("hasValue", in[0]);
  return Value{optional->value != nullptr};
}

Result<Value> value(const Arguments& in) {
  const auto* optional = in[0].as<Optional>();
  if (optional == nullptr) return wrong_type("value", in[0]);
  if (optional->value == nullptr) return Error::invalid("optional.none() has no value");
  return *optional->value;
}

Result<Value> or_value(const Arguments& in) {
  const auto* optional = in[0].as<Optional>();
  if (optional == nullptr) return wrong_type("orValue", in[0]);
  return optional->value == nullptr ? in[1] : *optional->value;
}

// --- times, all in UTC ---

Result<std::tm> calendar(const Value& value) {
  const Value time = TRY(to_timestamp({value}));
  const std::time_t seconds = static_cast<std::time_t>(
      std::chrono::floor<std::chrono::seconds>(*time.as<Instant>()).time_since_epoch().count());
  std::tm out{};
  gmtime_r(&seconds, &out);
  return out;
}

template <int std::tm::*Field, int Offset>
Result<Value> calendar_field(const Arguments& in) {
  return Value{static_cast<int64_t>(TRY(calendar(in[0])).*Field + Offset)};
}

// Of a duration its whole length in the unit; of a time the field.
template <int std::tm::*Field, int64_t Nanoseconds>
Result<Value> clock_field(const Arguments& in) {
  if (const auto* length = in[0].as<Duration>()) return Value{length->count() / Nanoseconds};
  return calendar_field<Field, 0>(in);
}

Result<Value> milliseconds(const Arguments& in) {
  if (const auto* length = in[0].as<Duration>()) return Value{length->count() / 1'000'000 % 1000};
  const Value time = TRY(to_timestamp(in));
  const int64_t all =
      std::chrono::floor<std::chrono::milliseconds>(*time.as<Instant>()).time_since_epoch().count();
  return Value{(all % 1000 + 1000) % 1000};
}

struct Known {
  std::string_view name;
  bool method;
  size_t count;
  Function* function;
};

constexpr Known kFunctions[] = {
    {"size", false, 1, size},
    {"size", true, 1, size},
    {"int", false, 1, to_int},
    {"uint", false, 1, to_uint},
    {"double", false, 1, to_double},
    {"string", false, 1, to_string},
    {"bool", false, 1, to_bool},
    {"bytes", false, 1, to_bytes},
    {"duration", false, 1, to_duration},
    {"timestamp", false, 1, to_timestamp},
    {"type", false, 1, type},
    {"dyn", false, 1, same},
    {"startsWith", true, 2, starts_with},
    {"endsWith", true, 2, ends_with},
    {"contains", true, 2, contains},
    {"matches", true, 2, matches},
    {"matches", false, 2, matches},
    {"lowerAscii", true, 1, change_case<'A', 'Z'>},
    {"upperAscii", true, 1, change_case<'a', 'z'>},
    {"trim", true, 1, trimmed},
    {"split", true, 2, split_text},
    {"join", true, 1, join_list},
    {"join", true, 2, join_list},
    {"indexOf", true, 2, index_of},
    {"isSorted", true, 1, is_sorted},
    {"sum", true, 1, sum},
    {"min", true, 1, extreme<-1>},
    {"max", true, 1, extreme<1>},
    {"hasValue", true, 1, has_value},
    {"value", true, 1, value},
    {"orValue", true, 2, or_value},
    {"getFullYear", true, 1, calendar_field<&std::tm::tm_year, 1900>},
    {"getMonth", true, 1, calendar_field<&std::tm::tm_mon, 0>},
    {"getDate", true, 1, calendar_field<&std::tm::tm_mday, 0>},
    {"getDayOfMonth", true, 1, calendar_field<&std::tm::tm_mday, -1>},
    {"getDayOfWeek", true, 1, calendar_field<&std::tm::tm_wday, 0>},
    {"getDayOfYear", true, 1, calendar_field<&std::tm::tm_yday, 0>},
    {"getHours", true, 1, clock_field<&std::tm::tm_hour, 3'600'000'000'000>},
    {"getMinutes", true, 1, clock_field<&std::tm::tm_min, 60'000'000'000>},
    {"getSeconds", true, 1, clock_field<&std::tm::tm_sec, 1'000'000'000>},
    {"getMilliseconds", true, 1, milliseconds},
};

}  // namespace

Function* find_function(std::string_view name, bool method, size_t count) {
  for (const Known& known : kFunctions) {
    if (known.name == name && known.method == method && known.count == count) {
      return known.function;
    }
  }
  return nullptr;
}

std::shared_ptr<const re2::RE2> make_pattern(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  return std::make_shared<const re2::RE2>(std::string(pattern), options);
}

}  // namespace capstan::cel
