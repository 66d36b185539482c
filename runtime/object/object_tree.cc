#include "runtime/object/object_tree.h"

#include <simdjson.h>

#include <array>

#include "runtime/base/plain_json.h"
#include "runtime/base/raw_json.h"
#include "runtime/object/object_text.h"

namespace capstan {
namespace {

constexpr std::array<std::string_view, 2> kManagedFields = {"metadata", "managedFields"};

bool is_compact(std::string_view text) {
  std::string out(text.size() + simdjson::SIMDJSON_PADDING, '\0');
  size_t length = 0;
  return simdjson::minify(text.data(), text.size(), out.data(), length) == simdjson::SUCCESS &&
         length == text.size();
}

std::optional<std::string_view> find_in_any(std::string_view text) {
  if (text.find(kManagedFields.back()) == std::string_view::npos) return std::nullopt;
  return is_compact(text) ? find_managed_fields(text) : std::nullopt;
}

Json* managed_fields(Json& object) {
  if (!object.is_object()) return nullptr;
  const auto metadata = object.find(kManagedFields.front());
  if (metadata == object.end() || !metadata->is_object()) return nullptr;
  const auto fields = metadata->find(kManagedFields.back());
  return fields == metadata->end() ? nullptr : &*fields;
}

// Raw text was JSON when it was made.
Json unpacked(const Json& raw) {
  return parse_json(raw_text(raw)).value_or(Json());
}

}  // namespace

Result<Json> parse_object_tree(std::string_view text) {
  if (auto tree = parse_plain_json(text, {kManagedFields, find_managed_fields})) {
    return *std::move(tree);
  }
  Json tree = TRY(parse_json(text));
  pack_managed_fields(tree);
  return tree;
}

std::optional<Json> parse_plain_object(std::string_view text) {
  return parse_plain_json(text, {kManagedFields, find_in_any});
}

void pack_managed_fields(Json& object) {
  Json* fields = managed_fields(object);
  if (fields != nullptr && fields->is_array()) *fields = raw_json(dump_json(*fields));
}

void unpack_managed_fields(Json& object) {
  Json* fields = managed_fields(object);
  if (fields != nullptr && is_raw_json(*fields)) *fields = unpacked(*fields);
}

Json managed_fields_of(const Json& object) {
  const Json* fields = find(object, {kManagedFields.front(), kManagedFields.back()});
  if (fields == nullptr) return nullptr;
  return is_raw_json(*fields) ? unpacked(*fields) : *fields;
}

bool same_at(const Json& before, const Json& after, std::initializer_list<std::string_view> path) {
  const Json* x = find(before, path);
  const Json* y = find(after, path);
  return x != nullptr && y != nullptr ? *x == *y : x == y;
}

}  // namespace capstan
