#include "runtime/api/openapi_schemas.h"

#include <algorithm>

#include "runtime/base/text.h"

namespace capstan {
namespace {

constexpr const char* kMetaPrefix = "io.k8s.apimachinery.pkg.apis.meta.v1.";
constexpr const char* kGvk = "x-kubernetes-group-version-kind";

Json schema_ref(const std::string& name) {
  return {{"$ref", "#/components/schemas/" + name}};
}

Json described(const char* type, const char* description) {
  return {{"type", type}, {"description", description}};
}

Json string_map(const char* description) {
  return {{"type", "object"},
          {"description", description},
          {"additionalProperties", {{"type", "string"}}}};
}

Json query_parameter(const char* name, const char* type, const char* description) {
  return {{"name", name},
          {"in", "query"},
          {"description", description},
          {"schema", {{"type", type}, {"uniqueItems", true}}}};
}

Json write_parameters() {
  return {query_parameter("dryRun", "string", "All: nothing is stored"),
          query_parameter("fieldManager", "string", "who makes the change"),
          query_parameter("fieldValidation", "string",
                          "Ignore, Warn or Strict: what is done about unknown and doubled fields")};
}

Json operation(const ServedKind& served, const char* action, bool writes) {
  Json operation = {
      {"description", std::string(action) + " " + served.kind->id.kind},
      {"x-kubernetes-action", action},
      {kGvk, group_version_kind(served)},
      {"responses",
       {{"200",
         {{"description", "OK"},
          {"content", {{"application/json", {{"schema", schema_ref(schema_name(served))}}}}}}}}}};
  if (writes) operation["parameters"] = write_parameters();
  return operation;
}

Json patch_operation(const ServedKind& served) {
  Json patch = operation(served, "patch", true);
  patch["parameters"].push_back(
      query_parameter("force", "boolean", "take fields that others apply"));
  Json content = Json::object();
  for (const char* type : {"application/apply-patch+yaml", "application/json-patch+json",
                           "application/merge-patch+json"}) {
    content[type] = {{"schema", {{"type", "object"}}}};
  }
  if (served.kind->builtin) {
    content["application/strategic-merge-patch+json"] = {{"schema", {{"type", "object"}}}};
  }
  patch["requestBody"] = {{"content", std::move(content)}, {"required", true}};
  return patch;
}

Json object_operations(const ServedKind& served) {
  return {{"get", operation(served, "get", false)},
          {"put", operation(served, "put", true)},
          {"patch", patch_operation(served)},
          {"delete", operation(served, "delete", false)}};
}

std::string version_path(const ServedKind& served) {
  const std::string& group = served.kind->id.group;
  return (group.empty() ? "/api/" : "/apis/" + group + "/") + served.version->name;
}

}  // namespace

Json group_version_kind(const ServedKind& served) {
  return {{"group", served.kind->id.group},
          {"version", served.version->name},
          {"kind", served.kind->id.kind}};
}

std::string collection_path(const ServedKind& served) {
  return version_path(served) + (served.kind->namespaced ? "/namespaces/{namespace}/" : "/") +
         served.kind->plural;
}

std::string schema_name(const ServedKind& served) {
  const std::string& group = served.kind->id.group;
  std::string prefix;
  if (served.kind->builtin && group.find('.') == std::string::npos) {
    prefix = "io.k8s.api." + (group.empty() ? std::string("core") : group);
  } else {
    std::vector<std::string> parts = split(group, '.');
    std::reverse(parts.begin(), parts.end());
    prefix = join(parts, ".");
  }
  return prefix + "." + served.version->name + "." + served.kind->id.kind;
}

Json kind_schema(const ServedKind& served) {
  Json schema = Json::object();
  if (served.version->schema != nullptr) {
    Result<Json> parsed = parse_json(*served.version->schema);
    if (parsed.ok() && parsed->is_object()) schema = *std::move(parsed);
  }
  schema["type"] = "object";
  Json& properties = make(schema, {"properties"});
  properties["apiVersion"] = described(
      "string", "Group and version of the object's form, such as cluster.x-k8s.io/v1beta2.");
  properties["kind"] = described("string", "Kind of the object.");
  properties["metadata"] = {{"description", "Standard metadata of the object."},
                            {"allOf", {schema_ref(std::string(kMetaPrefix) + "ObjectMeta")}},
                            {"default", Json::object()}};
  schema[kGvk] = Json::array({group_version_kind(served)});
  return schema;
}

void add_kind_paths(const ServedKind& served, Json& paths) {
  const Kind& kind = *served.kind;
  const std::string collection = collection_path(served);
  Json collection_operations = {{"get", operation(served, "list", false)},
                                {"post", operation(served, "post", true)},
                                {"delete", operation(served, "deletecollection", false)}};
  paths[collection] = std::move(collection_operations);
  paths[collection + "/{name}"] = object_operations(served);
  if (kind.namespaced)
    paths[version_path(served) + "/" + kind.plural] = {{"get", operation(served, "list", false)}};
  if (!served.version->status_subresource) return;
  paths[collection + "/{name}/status"] = {{"get", operation(served, "get", false)},
                                          {"put", operation(served, "put", true)},
                                          {"patch", patch_operation(served)}};
}

Json metadata_schemas() {
  const std::string prefix = kMetaPrefix;
  Json owner = {
      {"type", "object"},
      {"description", "An object that owns this one."},
      {"required", {"apiVersion", "kind", "name", "uid"}},
      {"properties",
       {{"apiVersion", described("string", "API version of the owner.")},
        {"kind", described("string", "Kind of the owner.")},
        {"name", described("string", "Name of the owner.")},
        {"uid", described("string", "UID of the owner.")},
        {"controller", described("boolean", "Whether the owner manages the object.")},
        {"blockOwnerDeletion",
         described("boolean",
                   "Whether a foreground deletion of the owner waits for the object.")}}}};
  Json managed = {
      {"type", "object"},
      {"description", "Which fields a manager set."},
      {"properties",
       {{"manager", described("string", "Who set the fields.")},
        {"operation", described("string", "Apply or Update.")},
        {"apiVersion", described("string", "Version that the fields are of.")},
        {"time", {{"type", "string"}, {"format", "date-time"}, {"description", "When."}}},
        {"fieldsType", described("string", "FieldsV1.")},
        {"fieldsV1", described("object", "The fields.")},
        {"subresource", described("string", "The subresource that was written.")}}}};
  Json time = {{"type", "string"}, {"format", "date-time"}};
  const auto timed = [&](const char* description) {
    Json copy = time;
    copy["description"] = description;
    return copy;
  };
  Json meta = {
      {"type", "object"},
      {"description", "Metadata that all objects have."},
      {"properties",
       {{"name", described("string", "Name, unique in the namespace.")},
        {"generateName", described("string", "Prefix of a name that the server completes.")},
        {"namespace", described("string", "Namespace of the object.")},
        {"uid", described("string", "Identity of the object in time and space.")},
        {"resourceVersion", described("string", "Revision of the object's last change.")},
        {"generation", described("integer", "Grows with every change of the desired state.")},
        {"creationTimestamp", timed("When the object was made.")},
        {"deletionTimestamp", timed("When the deletion began.")},
        {"deletionGracePeriodSeconds", described("integer", "Seconds until the deletion.")},
        {"labels", string_map("Labels, by which objects are selected.")},
        {"annotations", string_map("Annotations, which tools read and write.")},
        {"finalizers",
         {{"type", "array"},
          {"items", {{"type", "string"}}},
          {"description", "What must happen before the object can go."},
          {"x-kubernetes-list-type", "set"},
          {"x-kubernetes-patch-strategy", "merge"}}},
        {"ownerReferences",
         {{"type", "array"},
          {"items", schema_ref(prefix + "OwnerReference")},
          {"description", "Objects that own this one."},
          {"x-kubernetes-list-type", "map"},
          {"x-kubernetes-list-map-keys", {"uid"}},
          {"x-kubernetes-patch-merge-key", "uid"},
          {"x-kubernetes-patch-strategy", "merge"}}},
        {"managedFields",
         {{"type", "array"},
          {"items", schema_ref(prefix + "ManagedFieldsEntry")},
          {"description", "Who set which fields."}}}}}};
  return {{prefix + "ObjectMeta", std::move(meta)},
          {prefix + "OwnerReference", std::move(owner)},
          {prefix + "ManagedFieldsEntry", std::move(managed)}};
}

}  // namespace capstan
