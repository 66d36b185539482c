// JSON in the SDK: nlohmann's value, with lookups that never throw.
//
// Thread safety: values; concurrent reads of one value are safe.
//
// Example:
//   const std::string image = string_at(machine.spec(), "image", "capstan-node");
//   if (bool_at(cluster, "status/initialization/infrastructureProvisioned")) ...
#pragma once

#include <capstan/plain_json.h>
#include <capstan/status.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace capstan::sdk {

using Json = nlohmann::json;

inline capstan_str to_abi(std::string_view text) {
  return {text.data(), text.size()};
}
inline std::string_view to_view(capstan_str text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}

// Throws Json::exception with the position.
inline Json parse_json_or_throw(std::string_view text) {
  Json tree;
  if (detail::PlainJsonReader(text).read(tree)) return tree;
  return Json::parse(text);
}

// Errors: kInvalid with the position.
inline Expected<Json> parse_json(std::string_view text) {
  try {
    return parse_json_or_throw(text);
  } catch (const Json::exception& error) {
    return Error::invalid(std::string("not JSON: ") + error.what());
  }
}

// Compact text; bytes that are no UTF-8 become U+FFFD.
inline std::string dump_json(const Json& value) {
  std::string text;
  detail::append_plain_json(text, value);
  return text;
}

// The value at a path of member names separated by '/', or null where a step is missing.
// Lifetime: of `value`.
inline const Json* find_at(const Json& value, std::string_view path) {
  const Json* current = &value;
  while (!path.empty()) {
    const size_t end = path.find('/');
    const std::string_view step = path.substr(0, end);
    path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
    if (step.empty()) continue;
    if (!current->is_object()) return nullptr;
    const auto member = current->find(step);
    if (member == current->end()) return nullptr;
    current = &*member;
  }
  return current;
}

// Missing or otherwise typed values give the fallback.
inline std::string string_at(const Json& value, std::string_view path, std::string fallback = "") {
  const Json* found = find_at(value, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::move(fallback);
}
inline bool bool_at(const Json& value, std::string_view path, bool fallback = false) {
  const Json* found = find_at(value, path);
  return found != nullptr && found->is_boolean() ? found->get<bool>() : fallback;
}
inline int64_t int_at(const Json& value, std::string_view path, int64_t fallback = 0) {
  const Json* found = find_at(value, path);
  return found != nullptr && found->is_number_integer() ? found->get<int64_t>() : fallback;
}

// The value at the path, made with objects where missing.
inline Json& make_at(Json& value, std::string_view path) {
  Json* current = &value;
  while (!path.empty()) {
    const size_t end = path.find('/');
    const std::string_view step = path.substr(0, end);
    path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
    if (step.empty()) continue;
    if (!current->is_object()) *current = Json::object();
    current = &(*current)[std::string(step)];
  }
  return *current;
}

// A member whose name has a '/' in it, as labels and annotations have: label_of(machine, kName).
inline std::string metadata_entry(const Json& object, const char* map, std::string_view key) {
  const Json* metadata = find_at(object, "metadata");
  if (metadata == nullptr || !metadata->is_object()) return "";
  const auto entries = metadata->find(map);
  if (entries == metadata->end() || !entries->is_object()) return "";
  const auto entry = entries->find(key);
  return entry != entries->end() && entry->is_string() ? entry->get<std::string>() : "";
}
inline bool has_metadata_entry(const Json& object, const char* map, std::string_view key) {
  const Json* entries = find_at(object, std::string("metadata/") + map);
  return entries != nullptr && entries->is_object() && entries->contains(key);
}
inline std::string label_of(const Json& object, std::string_view key) {
  return metadata_entry(object, "labels", key);
}
inline std::string annotation_of(const Json& object, std::string_view key) {
  return metadata_entry(object, "annotations", key);
}
inline bool has_label(const Json& object, std::string_view key) {
  return has_metadata_entry(object, "labels", key);
}
inline bool has_annotation(const Json& object, std::string_view key) {
  return has_metadata_entry(object, "annotations", key);
}

}  // namespace capstan::sdk
