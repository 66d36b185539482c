// Values of CEL. Lists and maps of an object are looked at in place, never copied.
//
// Thread safety: values; concurrent reads are safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"

namespace capstan::cel {

struct Value;
using List = std::vector<Value>;
using Map = std::vector<std::pair<Value, Value>>;
struct Null {};
struct Bytes {
  std::string bytes;
};
// The name of a type, as type(x) gives it.
struct TypeName {
  std::string name;
};
// What may be there or not: optionalOldSelf.
struct Optional {
  std::shared_ptr<const Value> value;  // null for none
};

struct Value {
  // A list or map of the object that is validated.
  using Json = const capstan::Json*;
  std::variant<Null, bool, int64_t, uint64_t, double, std::string, Bytes, Duration, Instant, Json,
               std::shared_ptr<const List>, std::shared_ptr<const Map>, TypeName, Optional>
      data = Null{};

  template <typename T>
  const T* as() const {
    return std::get_if<T>(&data);
  }

  // Scalars become values of their own; lists and maps stay where they are.
  static Value from_json(const capstan::Json& json);

  bool is_list() const;
  bool is_map() const;
  size_t size() const;  // of lists and maps
  Value item(size_t index) const;
  std::optional<Value> member(const Value& key) const;
  std::vector<Value> keys() const;  // of maps
  std::string_view type_name() const;
};

bool equal(const Value& a, const Value& b);
// Less than 0, 0 or more; nothing where the two have no order.
std::optional<int> compare(const Value& a, const Value& b);

}  // namespace capstan::cel
