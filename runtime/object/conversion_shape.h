// What a conversion has to know of a version's schema: a sparse tree of the fields that need care.
//
// Thread safety: values.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan {

struct ConversionShape {
  bool drop = false;              // the other version has no such field
  bool omit = false;              // the schema refuses an empty value here, so it is left out
  bool leftover = false;          // the other version's; here is what remains when its parts moved
  std::vector<std::string> keys;  // fields that tell the items of a list apart
  std::map<std::string, ConversionShape, std::less<>> fields;
  std::unique_ptr<ConversionShape> items;  // of a list, or the values of a map

  static Result<ConversionShape> create(const Json& compiled);
  const ConversionShape* field(std::string_view name) const;  // null where nothing needs care
};

// Removes what the other version has no field for, and objects that thereby become empty.
void drop_foreign_fields(Json& object, const ConversionShape& shape);

// Removes leftovers, and empty values ("", 0, [], {}) where the schema refuses them.
void tidy_converted(Json& object, const ConversionShape& shape);

}  // namespace capstan
