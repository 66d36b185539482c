// Objects as rows of a meta.k8s.io Table, which is how kubectl prints them; and as
// PartialObjectMetadata.
//
// Thread safety: a TableRenderer is immutable.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/object/json_path.h"
#include "runtime/object/kind.h"
#include "runtime/object/object.h"

namespace capstan {

// What the row carries besides its cells: the query parameter includeObject.
enum class IncludeObject { kMetadata, kObject, kNone };
// Errors: kInvalid for an unknown word.
Result<IncludeObject> parse_include_object(std::string_view text);

class TableRenderer {
 public:
  // `meta_version` is "v1" or "v1beta1". Lifetime: of nothing that is passed.
  TableRenderer(const KindVersion& version, std::string meta_version, IncludeObject include);

  // {"kind": "Table", ...} without rows; `metadata` is the list's or the object's.
  Json table(Json metadata, bool with_columns = true) const;
  Json row(const Object& object, Instant now) const;

 private:
  struct Column {
    PrinterColumn definition;
    std::optional<JsonPath> path;
  };
  Json cell(const Column& column, const Object& object, const Json& tree, Instant now) const;

  std::vector<Column> columns_;
  std::string meta_version_;
  IncludeObject include_;
};

// {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": ...}
Json partial_object(const Json& tree, const std::string& meta_version);

}  // namespace capstan
