#include "runtime/object/conversion_remainder.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace capstan {

namespace {

const ConversionShape kPlain;

const ConversionShape& inner_shape(const ConversionShape* shape) {
  return shape == nullptr ? kPlain : *shape;
}

const ConversionShape& field_shape(const ConversionShape& shape, std::string_view name) {
  return inner_shape(shape.items != nullptr ? shape.items.get() : shape.field(name));
}

bool is_common(std::string_view name) {
  return name == "apiVersion" || name == "kind" || name == "metadata";
}

// The values that tell an item of a list apart; nothing where it lacks one of them.
std::optional<Json> item_key(const Json& item, const ConversionShape& shape) {
  Json key = Json::array();
  for (const std::string& name : shape.keys) {
    const Json* value = find(item, {name});
    if (value == nullptr) return std::nullopt;
    key.push_back(*value);
  }
  return key;
}

// Whether both lists have the same items in the same order, going by their keys.
// Precondition: they have the same length.
bool same_items(const Json& left, const Json& right, const ConversionShape& shape) {
  for (size_t index = 0; index < left.size(); ++index) {
    for (const std::string& name : shape.keys) {
      const Json* one = find(left[index], {name});
      const Json* other = find(right[index], {name});
      if (one == nullptr || other == nullptr || *one != *other) return false;
    }
  }
  return true;
}

Json leaf(const Json* after, const Json* before) {
  Json result = Json::object();
  if (after != nullptr) result["b"] = *after;
  if (before != nullptr) result["t"] = *before;
  return result;
}

Json value_remainder(const Json& after, const Json& before, const ConversionShape& shape);

// Both objects have sorted names, so one walk over both finds what differs.
Json object_remainder(const Json& after, const Json& before, const ConversionShape& shape,
                      bool is_root) {
  Json fields = Json::object();
  const auto& left = after.get_ref<const Json::object_t&>();
  const auto& right = before.get_ref<const Json::object_t&>();
  auto l = left.begin();
  auto r = right.begin();
  while (l != left.end() || r != right.end()) {
    const int order = l == left.end() ? 1 : r == right.end() ? -1 : l->first.compare(r->first);
    const std::string& name = order <= 0 ? l->first : r->first;
    if (!is_root || !is_common(name)) {
      Json rest = order < 0   ? leaf(&l->second, nullptr)
                  : order > 0 ? leaf(nullptr, &r->second)
                              : value_remainder(l->second, r->second, field_shape(shape, name));
      if (!rest.is_null()) fields[name] = std::move(rest);
    }
    if (order <= 0) ++l;
    if (order >= 0) ++r;
  }
  return fields.empty() ? Json() : Json{{"f", std::move(fields)}};
}

// Precondition: of one length, and with the same items where the schema names keys.
Json list_remainder(const Json& after, const Json& before, const ConversionShape& shape) {
  const ConversionShape& item = inner_shape(shape.items.get());
  Json keys = Json::array();
  Json indexes = Json::object();
  for (size_t index = 0; index < before.size(); ++index) {
    Json rest = value_remainder(after[index], before[index], item);
    if (rest.is_null()) continue;
    if (shape.keys.empty()) {
      indexes[std::to_string(index)] = std::move(rest);
    } else {
      keys.push_back({{"at", *item_key(before[index], shape)}, {"r", std::move(rest)}});
    }
  }
  if (!keys.empty()) return {{"k", std::move(keys)}};
  if (!indexes.empty()) return {{"n", before.size()}, {"i", std::move(indexes)}};
  return {};
}

// Null where the two are equal.
Json value_remainder(const Json& after, const Json& before, const ConversionShape& shape) {
  if (after.is_object() && before.is_object()) {
    return object_remainder(after, before, shape, false);
  }
  if (after.is_array() && before.is_array() && after.size() == before.size() &&
      (shape.keys.empty() || same_items(after, before, shape))) {
    return list_remainder(after, before, shape);
  }
  return after == before ? Json() : leaf(&after, &before);
}

void put_back(Json& value, const Json& remainder, const ConversionShape& shape);

// Puts `remainder` back at `name`, where there may be no value before or after.
void put_back_field(Json& object, const std::string& name, const Json& remainder,
                    const ConversionShape& shape) {
  const Json* after = find(remainder, {"b"});
  const Json* before = find(remainder, {"t"});
  const auto found = object.find(name);
  if (after == nullptr && before == nullptr) {
    if (found != object.end()) put_back(*found, remainder, shape);
    return;
  }
  const bool unchanged = after == nullptr ? found == object.end()
                                          : found != object.end() && *found == *after;
  if (!unchanged) return;
  if (before == nullptr) {
    object.erase(name);
  } else {
    object[name] = *before;
  }
}

void put_back_item(Json& item, const Json& remainder, const ConversionShape& shape) {
  const Json* after = find(remainder, {"b"});
  const Json* before = find(remainder, {"t"});
  if (after == nullptr || before == nullptr) {
    put_back(item, remainder, shape);
  } else if (item == *after) {
    item = *before;
  }
}

void put_back_list(Json& list, const Json& remainder, const ConversionShape& shape) {
  const ConversionShape& inner = inner_shape(shape.items.get());
  if (const Json* keyed = find(remainder, {"k"}); keyed != nullptr && keyed->is_array()) {
    for (const Json& entry : *keyed) {
      const Json* at = find(entry, {"at"});
      const Json* rest = find(entry, {"r"});
      if (at == nullptr || rest == nullptr) continue;
      const auto found = std::ranges::find_if(list, [&](const Json& item) {
        const auto key = item_key(item, shape);
        return key && *key == *at;
      });
      if (found != list.end()) put_back_item(*found, *rest, inner);
    }
  }
  const Json* indexes = find(remainder, {"i"});
  if (indexes == nullptr || !indexes->is_object()) return;
  if (get_int(remainder, {"n"}, -1) != static_cast<int64_t>(list.size())) return;
  for (const auto& [text, rest] : indexes->items()) {
    size_t index = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
    if (error == std::errc() && index < list.size()) put_back_item(list[index], rest, inner);
  }
}

void put_back(Json& value, const Json& remainder, const ConversionShape& shape) {
  if (value.is_array()) return put_back_list(value, remainder, shape);
  const Json* fields = find(remainder, {"f"});
  if (!value.is_object() || fields == nullptr || !fields->is_object()) return;
  for (const auto& [name, rest] : fields->items()) {
    put_back_field(value, name, rest, field_shape(shape, name));
  }
}

}  // namespace

Json find_remainder(const Json& after, const Json& before, const ConversionShape& shape) {
  if (!after.is_object() || !before.is_object()) return {};
  return object_remainder(after, before, shape, true);
}

void put_remainder_back(Json& object, const Json& remainder, const ConversionShape& shape) {
  const Json* fields = find(remainder, {"f"});
  if (!object.is_object() || fields == nullptr || !fields->is_object()) return;
  for (const auto& [name, rest] : fields->items()) {
    if (!is_common(name)) put_back_field(object, name, rest, inner_shape(shape.field(name)));
  }
}

}  // namespace capstan
