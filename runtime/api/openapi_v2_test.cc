#include "runtime/api/openapi_v2.h"

#include <gtest/gtest.h>

#include "runtime/api/protobuf_wire.h"
#include "runtime/base/json.h"

namespace capstan {
namespace {

std::vector<ServedGroup> one_kind() {
  auto kind = std::make_shared<Kind>();
  kind->id = {"example.dev", "Box"};
  kind->plural = "boxes";
  kind->versions.resize(1);
  kind->versions.front().name = "v1";
  return {{"example.dev", {{"v1", {{kind, &kind->versions.front()}}}}}};
}

// What stands at a path of field numbers: the first field of each number.
std::string_view at(std::string_view message, std::initializer_list<uint32_t> numbers) {
  for (const uint32_t number : numbers) {
    std::string_view found;
    for (ProtobufReader reader(message); !reader.at_end() && found.empty();) {
      const auto field = reader.next();
      if (!field.ok()) return "bytes that are no protobuf";
      if (field->number == number) found = field->bytes;
    }
    message = found;
  }
  return message;
}

TEST(OpenApiV2Test, a_kinds_patch_tells_its_parameters_as_json) {
  const Json document = Json::parse(openapi_v2_json(one_kind()));
  EXPECT_EQ(document["swagger"], "2.0");
  const Json& patch =
      document["paths"]["/apis/example.dev/v1/namespaces/{namespace}/boxes/{name}"]["patch"];
  EXPECT_EQ(patch["x-kubernetes-group-version-kind"]["kind"], "Box");
  EXPECT_EQ(patch["parameters"][2]["name"], "fieldValidation");
}

TEST(OpenApiV2Test, a_kinds_patch_tells_its_parameters_as_protobuf) {
  const std::string document = openapi_v2_protobuf(one_kind());
  EXPECT_EQ(at(document, {1}), "2.0");
  const std::string_view path = at(document, {8, 2});
  EXPECT_EQ(at(path, {1}), "/apis/example.dev/v1/namespaces/{namespace}/boxes/{name}");
  const std::string_view patch = at(path, {2, 8});
  EXPECT_EQ(at(patch, {8, 1, 2, 3, 4}), "dryRun");
  EXPECT_EQ(at(patch, {13, 1}), "x-kubernetes-group-version-kind");
  EXPECT_EQ(Json::parse(at(patch, {13, 2, 2})),
            Json({{"group", "example.dev"}, {"version", "v1"}, {"kind", "Box"}}));
}

TEST(OpenApiV2Test, protobuf_is_given_to_those_who_ask_for_it) {
  EXPECT_TRUE(wants_openapi_protobuf(kOpenApiV2Protobuf));
  EXPECT_TRUE(wants_openapi_protobuf("application/com.github.proto-openapi.spec.v2@v1.0+protobuf"));
  EXPECT_FALSE(wants_openapi_protobuf("application/json"));
  EXPECT_FALSE(wants_openapi_protobuf(""));
}

}  // namespace
}  // namespace capstan
