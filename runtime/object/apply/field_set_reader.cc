#include "runtime/object/apply/field_set_reader.h"

#include "runtime/base/simdjson_parser.h"

namespace capstan {
namespace {

namespace dom = simdjson::dom;

Result<void> read_members(const dom::object& members, FieldSet& into) {
  for (const auto& [name, below] : members) {
    if (name == ".") {
      into.set_member(true);
      continue;
    }
    dom::object inner;
    if (below.get(inner) != simdjson::SUCCESS) {
      return Error::invalid("a field set must be an object");
    }
    FieldSet& child = into.child(TRY(PathElement::parse(name)));
    if (inner.size() == 0) child.set_member(true);
    TRY(read_members(inner, child));
  }
  return {};
}

}  // namespace

Result<FieldSet> read_field_set(const dom::element& fields_v1) {
  dom::object members;
  if (fields_v1.get(members) != simdjson::SUCCESS) {
    return Error::invalid("a field set must be an object");
  }
  FieldSet set;
  TRY(read_members(members, set));
  return set;
}

Result<FieldSet> parse_field_set(std::string_view text) {
  SimdjsonParser parser(text.size());
  dom::element root;
  if (parser.get() == nullptr ||
      parser.get()->parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) {
    return Error::invalid("a field set must be JSON");
  }
  return read_field_set(root);
}

}  // namespace capstan
