// FieldsV1 to sets, straight from the parser's document. Private to the component.
//
// Thread safety: functions of their arguments.
#pragma once

#include <simdjson.h>

#include "runtime/base/result.h"
#include "runtime/object/apply/field_set.h"

namespace capstan {

// Errors: kInvalid with the element that is malformed.
Result<FieldSet> read_field_set(const simdjson::dom::element& fields_v1);

// The same from its text.
Result<FieldSet> parse_field_set(std::string_view text);

}  // namespace capstan
