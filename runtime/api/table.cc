#include "runtime/api/table.h"

#include "runtime/api/computed_cells.h"

namespace capstan {
namespace {

PrinterColumn age_column() {
  PrinterColumn column;
  column.name = "Age";
  column.type = "date";
  column.json_path = ".metadata.creationTimestamp";
  return column;
}

Json column_definition(const PrinterColumn& column) {
  // A date is sent as the age that people read.
  const std::string type = column.type == "date" ? "string" : column.type;
  return {{"name", column.name},
          {"type", type},
          {"format", column.format},
          {"description", column.description},
          {"priority", column.priority}};
}

Json name_definition() {
  return {{"name", "Name"},
          {"type", "string"},
          {"format", "name"},
          {"description", "Name, unique in the namespace."},
          {"priority", 0}};
}

}  // namespace

Result<IncludeObject> parse_include_object(std::string_view text) {
  if (text.empty() || text == "Metadata") return IncludeObject::kMetadata;
  if (text == "Object") return IncludeObject::kObject;
  if (text == "None") return IncludeObject::kNone;
  return Error::invalid("unrecognized includeObject value \"" + std::string(text) +
                        "\"; use None, Metadata or Object");
}

TableRenderer::TableRenderer(const KindVersion& version, std::string meta_version,
                             IncludeObject include)
    : meta_version_(std::move(meta_version)), include_(include) {
  for (const PrinterColumn& column : version.columns) {
    Column compiled{column, std::nullopt};
    if (column.compute.empty()) {
      auto path = JsonPath::compile(column.json_path);
      if (path.ok()) compiled.path = std::move(*path);
    }
    columns_.push_back(std::move(compiled));
  }
  if (columns_.empty()) {
    columns_.push_back({age_column(), JsonPath::compile(age_column().json_path).value()});
  }
}

Json TableRenderer::table(Json metadata, bool with_columns) const {
  Json definitions = Json::array();
  if (with_columns) {
    definitions.push_back(name_definition());
    for (const Column& column : columns_) {
      definitions.push_back(column_definition(column.definition));
    }
  }
  return {{"kind", "Table"},
          {"apiVersion", "meta.k8s.io/" + meta_version_},
          {"metadata", std::move(metadata)},
          {"columnDefinitions", std::move(definitions)},
          {"rows", Json::array()}};
}

Json TableRenderer::cell(const Column& column, const Object& object, const Json& tree,
                         Instant now) const {
  if (!column.definition.compute.empty())
    return computed_cell(column.definition.compute, tree, now);
  // As Kubernetes' own tables have it: the time, not the age.
  if (column.definition.name == "Created At") return object.meta().creation_timestamp;
  if (!column.path) return nullptr;
  return table_cell(*column.path, column.definition.type, tree, now);
}

Json TableRenderer::row(const Object& object, Instant now) const {
  const JsonPtr tree = object.tree();
  Json cells = Json::array({object.meta().name});
  for (const Column& column : columns_) cells.push_back(cell(column, object, *tree, now));
  Json row = {{"cells", std::move(cells)}};
  if (include_ == IncludeObject::kObject) row["object"] = *tree;
  if (include_ == IncludeObject::kMetadata) row["object"] = partial_object(*tree, meta_version_);
  return row;
}

Json partial_object(const Json& tree, const std::string& meta_version) {
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", "meta.k8s.io/" + meta_version},
          {"metadata", tree.at("metadata")}};
}

}  // namespace capstan
