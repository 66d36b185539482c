#include "runtime/object/conversion_shape.h"

namespace capstan {

namespace {

bool is_empty_value(const Json& value) {
  switch (value.type()) {
    case Json::value_t::string:
      return value.get_ref<const std::string&>().empty();
    case Json::value_t::array:
    case Json::value_t::object:
      return value.empty();
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return value == 0;
    default:
      return false;
  }
}

// Calls `edit(child, its shape)` for the children that the shape names; a true return removes one.
template <typename Edit>
void edit_children(Json& value, const ConversionShape& shape, const Edit& edit) {
  if (value.is_object()) {
    for (const auto& [name, inner] : shape.fields) {
      const auto found = value.find(name);
      if (found != value.end() && edit(*found, inner)) value.erase(found);
    }
  }
  if (shape.items != nullptr && value.is_structured()) {
    for (Json& item : value) edit(item, *shape.items);
  }
}

}  // namespace

Result<ConversionShape> ConversionShape::create(const Json& compiled) {
  ConversionShape shape;
  if (!compiled.is_object()) return Error::invalid("conversion rules: a shape must be an object");
  shape.drop = get_bool(compiled, {"drop"});
  shape.omit = get_bool(compiled, {"omit"});
  shape.leftover = get_bool(compiled, {"leftover"});
  if (const Json* keys = find(compiled, {"keys"}); keys != nullptr && keys->is_array()) {
    for (const Json& key : *keys) {
      if (key.is_string()) shape.keys.push_back(key.get<std::string>());
    }
  }
  if (const Json* fields = find(compiled, {"fields"}); fields != nullptr && fields->is_object()) {
    for (const auto& [name, inner] : fields->items()) {
      shape.fields.emplace(name, TRY(create(inner)));
    }
  }
  if (const Json* items = find(compiled, {"items"}); items != nullptr) {
    shape.items = std::make_unique<ConversionShape>(TRY(create(*items)));
  }
  return shape;
}

const ConversionShape* ConversionShape::field(std::string_view name) const {
  const auto found = fields.find(name);
  return found == fields.end() ? nullptr : &found->second;
}

void drop_foreign_fields(Json& object, const ConversionShape& shape) {
  edit_children(object, shape, [](Json& child, const ConversionShape& inner) {
    if (inner.drop) return true;
    const bool was_empty = child.empty();
    drop_foreign_fields(child, inner);
    return child.is_object() && child.empty() && !was_empty;
  });
}

void tidy_converted(Json& object, const ConversionShape& shape) {
  edit_children(object, shape, [](Json& child, const ConversionShape& inner) {
    if (inner.leftover) return true;
    tidy_converted(child, inner);
    return inner.omit && is_empty_value(child);
  });
}

}  // namespace capstan
