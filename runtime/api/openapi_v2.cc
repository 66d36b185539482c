#include "runtime/api/openapi_v2.h"

#include "runtime/api/openapi_schemas.h"
#include "runtime/api/protobuf_wire.h"
#include "runtime/base/json.h"

namespace capstan {
namespace {

constexpr const char* kSwagger = "2.0";
constexpr const char* kTitle = "Capstan";
constexpr const char* kVersion = "v1";
constexpr const char* kGvk = "x-kubernetes-group-version-kind";
constexpr const char* kWriteParameters[] = {"dryRun", "fieldManager", "fieldValidation"};

template <typename Use>
void for_each_kind(const std::vector<ServedGroup>& groups, Use&& use) {
  for (const ServedGroup& group : groups) {
    for (const ServedVersion& version : group.versions) {
      for (const ServedKind& served : version.kinds) use(served);
    }
  }
}

std::string object_path(const ServedKind& served) {
  return collection_path(served) + "/{name}";
}

// One field that holds a message or text.
std::string field(uint32_t number, std::string_view bytes) {
  std::string encoded;
  append_protobuf_field(number, bytes, encoded);
  return encoded;
}

// ParametersItem.parameter > Parameter.non_body_parameter >
// NonBodyParameter.query_parameter_sub_schema
std::string parameter_message(const char* name) {
  const std::string query = field(2, "query") + field(4, name) + field(6, "string");
  return field(1, field(2, field(3, query)));
}

// Operation, with its parameters and, as vendor extension, what kind it is about.
std::string patch_message(const ServedKind& served) {
  std::string operation;
  for (const char* name : kWriteParameters) operation += field(8, parameter_message(name));
  const std::string any = field(2, dump_json(group_version_kind(served)));
  return operation + field(13, field(1, kGvk) + field(2, any));
}

}  // namespace

std::string openapi_v2_json(const std::vector<ServedGroup>& groups) {
  Json parameters = Json::array();
  for (const char* name : kWriteParameters) {
    parameters.push_back({{"name", name}, {"in", "query"}, {"type", "string"}});
  }
  Json paths = Json::object();
  for_each_kind(groups, [&](const ServedKind& served) {
    paths[object_path(served)] = {{"patch",
                                   {{"parameters", parameters},
                                    {"responses", {{"200", {{"description", "OK"}}}}},
                                    {kGvk, group_version_kind(served)}}}};
  });
  return dump_json({{"swagger", kSwagger},
                    {"info", {{"title", kTitle}, {"version", kVersion}}},
                    {"paths", std::move(paths)},
                    {"definitions", Json::object()}});
}

std::string openapi_v2_protobuf(const std::vector<ServedGroup>& groups) {
  std::string paths;
  for_each_kind(groups, [&](const ServedKind& served) {
    const std::string item = field(8, patch_message(served));
    paths += field(2, field(1, object_path(served)) + field(2, item));
  });
  const std::string info = field(1, kTitle) + field(2, kVersion);
  return field(1, kSwagger) + field(2, info) + field(8, paths);
}

bool wants_openapi_protobuf(std::string_view accept) {
  return accept.find("application/com.github.proto-openapi.spec.v2") != std::string_view::npos;
}

}  // namespace capstan
