#include "runtime/object/patch/strategic_merge.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

#include "runtime/object/patch/merge_keys.h"

namespace capstan {
namespace {

constexpr const char* kDirective = "$patch";
constexpr const char* kRetainKeys = "$retainKeys";
constexpr std::string_view kDeletePrefix = "$deleteFromPrimitiveList/";
constexpr std::string_view kOrderPrefix = "$setElementOrder/";

Error wrong(const std::string& path, const std::string& message) {
  const std::string field = path.empty() ? "patch" : path;
  Error error = Error::invalid(field + ": " + message);
  error.fields.push_back({field, "FieldValueInvalid", message});
  return error;
}

std::string below(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

// What is left of a value that a patch adds: directives act on nothing there.
Json without_directives(const Json& value) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& item : value) {
      if (get_string(item, {kDirective}).empty()) out.push_back(without_directives(item));
    }
    return out;
  }
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [name, member] : value.items()) {
    if (!name.starts_with('$') && !member.is_null()) out[name] = without_directives(member);
  }
  return out;
}

class StrategicMerge {
 public:
  explicit StrategicMerge(const GroupKind& kind) : kind_(kind) {}

  Result<void> object(Json& target, const Json& patch, const std::string& path) {
    const std::string directive = get_string(patch, {kDirective});
    if (directive == "replace") {
      target = without_directives(patch);
      return {};
    }
    if (directive == "delete") {
      target = Json::object();
      return {};
    }
    if (!directive.empty() && directive != "merge") {
      return wrong(path, "$patch must be replace, delete or merge, not \"" + directive + "\"");
    }
    if (!target.is_object()) target = Json::object();
    TRY(retain_keys(target, patch, path));
    TRY(delete_from_lists(target, patch, path));
    for (const auto& [name, value] : patch.items()) {
      if (!name.starts_with('$')) TRY(member(target, name, value, below(path, name)));
    }
    return set_orders(target, patch, path);
  }

 private:
  static Result<void> retain_keys(Json& target, const Json& patch, const std::string& path) {
    const auto keys = patch.find(kRetainKeys);
    if (keys == patch.end()) return {};
    if (!keys->is_array()) return wrong(below(path, kRetainKeys), "must be a list of names");
    for (auto member = target.begin(); member != target.end();) {
      const bool kept = std::find(keys->begin(), keys->end(), member.key()) != keys->end();
      member = kept ? std::next(member) : target.erase(member);
    }
    return {};
  }

  static Result<void> delete_from_lists(Json& target, const Json& patch, const std::string& path) {
    for (const auto& [name, values] : patch.items()) {
      if (!name.starts_with(kDeletePrefix)) continue;
      if (!values.is_array()) return wrong(below(path, name), "must be a list");
      const auto list = target.find(name.substr(kDeletePrefix.size()));
      if (list == target.end() || !list->is_array()) continue;
      Json kept = Json::array();
      for (Json& item : *list) {
        if (std::find(values.begin(), values.end(), item) == values.end()) {
          kept.push_back(std::move(item));
        }
      }
      *list = std::move(kept);
    }
    return {};
  }

  Result<void> member(Json& target, const std::string& name, const Json& value,
                      const std::string& path) {
    if (value.is_null()) {
      target.erase(name);
      return {};
    }
    if (value.is_object()) {
      if (get_string(value, {kDirective}) == "delete") {
        target.erase(name);
        return {};
      }
      return object(target[name], value, path);
    }
    const auto key = value.is_array() ? merge_key(kind_, path) : std::nullopt;
    if (!key) {
      target[name] = without_directives(value);
      return {};
    }
    Json& list = target[name];
    if (!list.is_array()) list = Json::array();
    return key->empty() ? primitives(list, value) : items(list, value, *key, path);
  }

  static Result<void> primitives(Json& list, const Json& patch) {
    for (const Json& item : patch) {
      if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
    }
    return {};
  }

  static Json* find_item(Json& list, const std::string& key, const Json& value) {
    for (Json& item : list) {
      const Json* own = find(item, {key});
      if (own != nullptr && *own == value) return &item;
    }
    return nullptr;
  }

  Result<void> items(Json& list, const Json& patch, const std::string& key,
                     const std::string& path) {
    for (const Json& item : patch) {
      // A lone {"$patch": "replace"} item makes the whole list be replaced.
      if (get_string(item, {kDirective}) == "replace" && item.size() == 1) {
        list = without_directives(patch);
        return {};
      }
    }
    for (size_t i = 0; i < patch.size(); ++i) {
      const std::string at = path + "[" + std::to_string(i) + "]";
      const Json* value = find(patch[i], {key});
      if (value == nullptr) return wrong(at, "must have the field \"" + key + "\"");
      Json* own = find_item(list, key, *value);
      if (get_string(patch[i], {kDirective}) == "delete") {
        if (own != nullptr) list.erase(static_cast<size_t>(own - &list[0]));
      } else if (own == nullptr) {
        list.push_back(without_directives(patch[i]));
      } else {
        TRY(object(*own, patch[i], path));
        (*own)[key] = *value;
      }
    }
    return {};
  }

  Result<void> set_orders(Json& target, const Json& patch, const std::string& path) {
    for (const auto& [name, order] : patch.items()) {
      if (!name.starts_with(kOrderPrefix)) continue;
      if (!order.is_array()) return wrong(below(path, name), "must be a list");
      const std::string field = name.substr(kOrderPrefix.size());
      const auto list = target.find(field);
      if (list == target.end() || !list->is_array()) continue;
      sort_as(*list, order, merge_key(kind_, below(path, field)).value_or(""));
    }
    return {};
  }

  // Items that the order names stand as it says; an item that it does not name stays behind the one
  // that it followed.
  static void sort_as(Json& list, const Json& order, const std::string& key) {
    const auto id = [&](const Json& item) {
      const Json* value = key.empty() ? &item : find(item, {key});
      return value == nullptr ? Json() : *value;
    };
    std::map<Json, size_t> places;
    for (size_t i = 0; i < order.size(); ++i) places.emplace(id(order[i]), i + 1);
    std::vector<std::pair<size_t, Json>> placed;
    size_t place = 0;
    for (Json& item : list) {
      const auto known = places.find(id(item));
      if (known != places.end()) place = known->second;
      placed.emplace_back(place, std::move(item));
    }
    std::stable_sort(placed.begin(), placed.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    list = Json::array();
    for (auto& [at, item] : placed) list.push_back(std::move(item));
  }

  const GroupKind& kind_;
};

}  // namespace

Result<void> apply_strategic_merge_patch(const GroupKind& kind, Json& target, const Json& patch) {
  if (!patch.is_object()) return wrong("", "a strategic merge patch must be an object");
  Json next = target;
  TRY(StrategicMerge(kind).object(next, patch, ""));
  target = std::move(next);
  return {};
}

}  // namespace capstan
