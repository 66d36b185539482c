#include "runtime/object/cel/value.h"

#include <cmath>

namespace capstan::cel {
namespace {

std::optional<double> number(const Value& value) {
  if (const auto* integer = value.as<int64_t>()) return static_cast<double>(*integer);
  if (const auto* natural = value.as<uint64_t>()) return static_cast<double>(*natural);
  if (const auto* real = value.as<double>()) return *real;
  return std::nullopt;
}

template <typename T>
int order(const T& a, const T& b) {
  if (a < b) return -1;
  return b < a ? 1 : 0;
}

template <typename T>
std::optional<int> same_type_order(const Value& a, const Value& b) {
  const T* left = a.as<T>();
  const T* right = b.as<T>();
  if (left == nullptr || right == nullptr) return std::nullopt;
  return order(*left, *right);
}

// Fields of format date-time are texts here, so a text is read as a time beside a time.
std::optional<Instant> time_of(const Value& value) {
  if (const auto* time = value.as<Instant>()) return *time;
  const auto* text = value.as<std::string>();
  if (text == nullptr) return std::nullopt;
  const Result<Instant> parsed = parse_time(*text);
  if (!parsed.ok()) return std::nullopt;
  return *parsed;
}

std::optional<int> time_order(const Value& a, const Value& b) {
  if (a.as<Instant>() == nullptr && b.as<Instant>() == nullptr) return std::nullopt;
  const auto left = time_of(a);
  const auto right = time_of(b);
  if (!left || !right) return std::nullopt;
  return order(*left, *right);
}

bool equal_lists(const Value& a, const Value& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!equal(a.item(i), b.item(i))) return false;
  }
  return true;
}

bool equal_maps(const Value& a, const Value& b) {
  if (a.size() != b.size()) return false;
  for (const Value& key : a.keys()) {
    const auto left = a.member(key);
    const auto right = b.member(key);
    if (!left || !right || !equal(*left, *right)) return false;
  }
  return true;
}

}  // namespace

Value Value::from_json(const capstan::Json& json) {
  switch (json.type()) {
    case capstan::Json::value_t::boolean:
      return {json.get<bool>()};
    case capstan::Json::value_t::number_integer:
      return {json.get<int64_t>()};
    case capstan::Json::value_t::number_unsigned:
      // Beyond what an integer holds only where the schema says nothing.
      if (json.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) return {json.get<uint64_t>()};
      return {json.get<int64_t>()};
    case capstan::Json::value_t::number_float:
      return {json.get<double>()};
    case capstan::Json::value_t::string:
      return {json.get<std::string>()};
    case capstan::Json::value_t::array:
    case capstan::Json::value_t::object:
      return {&json};
    default:
      return {};
  }
}

bool Value::is_list() const {
  if (const auto* json = as<Json>()) return (*json)->is_array();
  return as<std::shared_ptr<const List>>() != nullptr;
}

bool Value::is_map() const {
  if (const auto* json = as<Json>()) return (*json)->is_object();
  return as<std::shared_ptr<const Map>>() != nullptr;
}

size_t Value::size() const {
  if (const auto* json = as<Json>()) return (*json)->size();
  if (const auto* list = as<std::shared_ptr<const List>>()) return (*list)->size();
  if (const auto* map = as<std::shared_ptr<const Map>>()) return (*map)->size();
  return 0;
}

Value Value::item(size_t index) const {
  if (const auto* json = as<Json>()) return from_json((**json)[index]);
  return (**as<std::shared_ptr<const List>>())[index];
}

std::optional<Value> Value::member(const Value& key) const {
  if (const auto* json = as<Json>()) {
    const auto* name = key.as<std::string>();
    if (name == nullptr) return std::nullopt;
    const auto found = (*json)->find(*name);
    if (found == (*json)->end()) return std::nullopt;
    return from_json(*found);
  }
  for (const auto& [known, value] : **as<std::shared_ptr<const Map>>()) {
    if (equal(known, key)) return value;
  }
  return std::nullopt;
}

std::vector<Value> Value::keys() const {
  std::vector<Value> out;
  if (const auto* json = as<Json>()) {
    for (auto member = (*json)->begin(); member != (*json)->end(); ++member) {
      out.push_back({member.key()});
    }
  } else if (const auto* map = as<std::shared_ptr<const Map>>()) {
    for (const auto& [key, value] : **map) out.push_back(key);
  }
  return out;
}

std::string_view Value::type_name() const {
  if (is_list()) return "list";
  if (is_map()) return "map";
  static constexpr std::string_view kNames[] = {"null_type",
                                                "bool",
                                                "int",
                                                "uint",
                                                "double",
                                                "string",
                                                "bytes",
                                                "google.protobuf.Duration",
                                                "google.protobuf.Timestamp",
                                                "map",
                                                "list",
                                                "map",
                                                "type",
                                                "optional_type"};
  return kNames[data.index()];
}

bool equal(const Value& a, const Value& b) {
  if (a.is_list() || b.is_list()) return a.is_list() && b.is_list() && equal_lists(a, b);
  if (a.is_map() || b.is_map()) return a.is_map() && b.is_map() && equal_maps(a, b);
  if (const auto* left = a.as<TypeName>()) {
    const auto* right = b.as<TypeName>();
    return right != nullptr && left->name == right->name;
  }
  if (const auto* left = a.as<Optional>()) {
    const auto* right = b.as<Optional>();
    if (right == nullptr || !left->value || !right->value) {
      return right != nullptr && !left->value && !right->value;
    }
    return equal(*left->value, *right->value);
  }
  if (a.as<Null>() != nullptr) return b.as<Null>() != nullptr;
  return compare(a, b) == 0;
}

std::optional<int> compare(const Value& a, const Value& b) {
  if (auto found = same_type_order<int64_t>(a, b)) return found;
  if (auto found = same_type_order<uint64_t>(a, b)) return found;
  if (auto found = same_type_order<std::string>(a, b)) return found;
  if (auto found = same_type_order<bool>(a, b)) return found;
  if (auto found = same_type_order<Duration>(a, b)) return found;
  if (auto found = time_order(a, b)) return found;
  if (a.as<Bytes>() != nullptr && b.as<Bytes>() != nullptr) {
    return order(a.as<Bytes>()->bytes, b.as<Bytes>()->bytes);
  }
  const auto left = number(a);
  const auto right = number(b);
  if (!left || !right || std::isnan(*left) || std::isnan(*right)) return std::nullopt;
  return order(*left, *right);
}

}  // namespace capstan::cel
