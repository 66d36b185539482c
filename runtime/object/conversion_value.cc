#include "runtime/object/conversion_value.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "runtime/object/object_key.h"

namespace capstan {

namespace {

Error expected(std::string_view what, const Json& found) {
  return Error::invalid("expected " + std::string(what) + ", found " + describe_value(found));
}

// Seconds of a unit, and the length of its name at the start of `text`.
std::optional<std::pair<double, size_t>> read_unit(std::string_view text) {
  struct Unit {
    std::string_view name;
    double seconds;
  };
  static constexpr Unit kUnits[] = {{"ns", 1e-9},        {"us", 1e-6}, {"\u00b5s", 1e-6},
                                    {"\u03bcs", 1e-6}, {"ms", 1e-3}, {"s", 1},
                                    {"m", 60},           {"h", 3600}};
  for (const Unit& unit : kUnits) {
    if (text.starts_with(unit.name)) return std::pair(unit.seconds, unit.name.size());
  }
  return std::nullopt;
}

// A duration as Go writes it: "1h30m", "1.5s", "-10ms", "0".
std::optional<int64_t> parse_duration_seconds(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || std::signbit(number) || !std::isfinite(number)) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    const auto unit = read_unit(text);
    if (!unit) return std::nullopt;
    seconds += number * unit->first;
    text.remove_prefix(unit->second);
  }
  // Beyond this Go's durations, which count nanoseconds in 64 bits, do not go either.
  if (seconds > 9.2e9) return std::nullopt;
  // Sums such as 0.1 s * 10 come out a little short of the whole second that they mean.
  const auto whole = static_cast<int64_t>(std::floor(seconds + 1e-9));
  return negative ? -whole : whole;
}

std::string format_duration_seconds(int64_t seconds) {
  std::string text = seconds < 0 ? "-" : "";
  uint64_t total = static_cast<uint64_t>(seconds);
  if (seconds < 0) total = 0 - total;
  const uint64_t hours = total / 3600;
  const uint64_t minutes = total / 60 % 60;
  if (hours > 0) text += std::to_string(hours) + "h";
  if (hours > 0 || minutes > 0) text += std::to_string(minutes) + "m";
  return text + std::to_string(total % 60) + "s";
}

void copy_text(const Json& from, Json& to, const char* name) {
  const std::string text = get_string(from, {name});
  if (!text.empty()) to[name] = text;
}

Json reference_to_hub(const Json& value, const Json& options) {
  Json result = Json::object();
  copy_text(value, result, "name");
  if (!options.contains("kind")) {
    copy_text(value, result, "kind");
    if (options.contains("keep")) {
      copy_text(value, result, "apiVersion");
    } else {
      const auto version = GroupVersion::parse(get_string(value, {"apiVersion"}));
      if (!version.group.empty()) result["apiGroup"] = version.group;
    }
  }
  return result.empty() ? Json() : result;
}

Json reference_from_hub(const Json& value, const Json& options, const StepContext& context) {
  Json result = Json::object();
  copy_text(value, result, "name");
  if (options.contains("kind")) {
    result["apiVersion"] = options.at("apiVersion");
    result["kind"] = options.at("kind");
    return result;
  }
  copy_text(value, result, "kind");
  if (options.contains("keep")) {
    copy_text(value, result, "apiVersion");
  } else if (const std::string group = get_string(value, {"apiGroup"}); !group.empty()) {
    std::string version;
    if (context.version_of) version = context.version_of(group, get_string(value, {"kind"}));
    result["apiVersion"] = group + "/" + (version.empty() ? std::string(context.version) : version);
  }
  if (!context.ns.empty() && !result.empty()) result["namespace"] = std::string(context.ns);
  return result.empty() ? Json() : result;
}

Result<Json> map_to_list(Json value, const std::string& key, const std::string& value_name) {
  if (!value.is_object()) return expected("a map of names", value);
  Json list = Json::array();
  for (auto& [name, inner] : value.get_ref<Json::object_t&>()) {
    Json item = Json::object();
    if (!value_name.empty()) {
      item[value_name] = std::move(inner);
    } else if (inner.is_object()) {
      item = std::move(inner);
    } else if (!inner.is_null()) {
      return expected("an object at " + name, inner);
    }
    item[key] = name;
    list.push_back(std::move(item));
  }
  return list;
}

Result<Json> list_to_map(Json value, const std::string& key, const std::string& value_name) {
  if (!value.is_array()) return expected("a list", value);
  Json map = Json::object();
  for (Json& item : value) {
    const std::string name = get_string(item, {key});
    if (name.empty()) return expected("items that each have a " + key, item);
    if (value_name.empty()) {
      item.erase(key);
      map[name] = std::move(item);
    } else {
      map[name] = item.contains(value_name) ? item.at(value_name) : Json();
    }
  }
  return map;
}

}  // namespace

std::string describe_value(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  return dump_json(value);
}

Result<Json> convert_seconds(const Json& value, Direction direction) {
  if (value.is_null()) return value;
  if (direction == Direction::kFromHub) {
    if (!value.is_number_integer()) return expected("a number of seconds", value);
    return Json(format_duration_seconds(value.get<int64_t>()));
  }
  if (value.is_string()) {
    if (const auto seconds = parse_duration_seconds(value.get_ref<const std::string&>())) {
      return Json(*seconds);
    }
  }
  return expected("a duration such as 90s or 1h30m", value);
}

Result<Json> convert_reference(const Json& value, const Json& options, const StepContext& context) {
  if (value.is_null()) return value;
  if (!value.is_object()) return expected("a reference with kind and name", value);
  return context.direction == Direction::kToHub ? reference_to_hub(value, options)
                                                : reference_from_hub(value, options, context);
}

Result<Json> convert_named(Json value, const Json& options, Direction direction) {
  if (value.is_null()) return value;
  const std::string key = get_string(options, {"key"}, "name");
  const std::string value_name = get_string(options, {"value"});
  return direction == Direction::kToHub ? map_to_list(std::move(value), key, value_name)
                                        : list_to_map(std::move(value), key, value_name);
}

}  // namespace capstan
