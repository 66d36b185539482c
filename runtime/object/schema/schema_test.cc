#include "runtime/object/schema/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/object/schema/field_errors.h"

namespace capstan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SchemaPtr spec_schema(const Json& spec) {
  Result<SchemaPtr> schema = Schema::compile({{"type", "object"},
                                              {"properties",
                                               {{"apiVersion", {{"type", "string"}}},
                                                {"kind", {{"type", "string"}}},
                                                {"metadata", {{"type", "object"}}},
                                                {"spec", spec}}}});
  EXPECT_TRUE(schema.ok()) << (schema.ok() ? "" : schema.error().message);
  return *schema;
}

SchemaPtr spec_schema(const char* text) {
  return spec_schema(*parse_json(text));
}

std::vector<std::string> texts(const std::vector<FieldError>& errors) {
  std::vector<std::string> out;
  for (const FieldError& error : errors) {
    out.push_back(error.field + ": " + error.message + " (" + error.reason + ")");
  }
  return out;
}

Json object(const char* spec) {
  return {{"apiVersion", "g/v1"},
          {"kind", "K"},
          {"metadata", {{"name", "n"}}},
          {"spec", *parse_json(spec)}};
}

TEST(SchemaPruneTest, unknown_fields_are_removed_and_named) {
  const SchemaPtr schema = spec_schema(R"({"type": "object", "properties": {
    "a": {"type": "string"},
    "list": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "string"}}}},
    "map": {"type": "object", "additionalProperties": {"type": "object", "properties": {}}}}})");
  Json value =
      object(R"({"a": "1", "b": 2, "list": [{"x": "1"}, {"y": 1}], "map": {"k": {"z": 1}}})");
  value["extra"] = 1;
  value["metadata"]["nickname"] = "x";
  EXPECT_THAT(schema->prune(value), ElementsAre("extra", "metadata.nickname", "spec.b",
                                                "spec.list[1].y", "spec.map.k.z"));
  EXPECT_EQ(value, object(R"({"a": "1", "list": [{"x": "1"}, {}], "map": {"k": {}}})"));
  EXPECT_THAT(schema->prune(value), IsEmpty());
}

TEST(SchemaPruneTest, preserved_parts_keep_what_is_unknown_but_prune_what_is_known) {
  const SchemaPtr schema = spec_schema(R"({"type": "object",
    "x-kubernetes-preserve-unknown-fields": true,
    "properties": {"known": {"type": "object", "properties": {"a": {"type": "string"}}}}})");
  Json value = object(R"({"any": {"thing": [1]}, "known": {"a": "1", "b": 2}})");
  EXPECT_THAT(schema->prune(value), ElementsAre("spec.known.b"));
  EXPECT_EQ(value["spec"], *parse_json(R"({"any": {"thing": [1]}, "known": {"a": "1"}})"));
}

TEST(SchemaPruneTest, an_embedded_resource_keeps_its_type_and_metadata) {
  const SchemaPtr schema = spec_schema(R"({"type": "object", "x-kubernetes-embedded-resource": true,
    "properties": {"spec": {"type": "object", "properties": {}}}})");
  Json value =
      object(R"({"apiVersion": "v1", "kind": "X", "metadata": {"name": "a", "x": 1}, "y": 1})");
  EXPECT_THAT(schema->prune(value), ElementsAre("spec.metadata.x", "spec.y"));
}

TEST(SchemaPruneTest, a_kind_without_a_schema_keeps_everything) {
  Json value = object(R"({"any": [1]})");
  EXPECT_THAT((*Schema::compile(Json::object()))->prune(value), IsEmpty());
}

TEST(SchemaDefaultTest, missing_fields_get_their_default_and_nested_ones_where_the_parent_is) {
  const SchemaPtr schema = spec_schema(R"({"type": "object", "properties": {
    "replicas": {"type": "integer", "default": 1},
    "made": {"type": "object", "default": {}, "properties": {"x": {"type": "string", "default": "y"}}},
    "absent": {"type": "object", "properties": {"x": {"type": "string", "default": "y"}}},
    "list": {"type": "array", "items": {"type": "object", "properties": {"p": {"type": "string", "default": "TCP"}}}}}})");
  Json value = object(R"({"list": [{}, {"p": "UDP"}]})");
  schema->apply_defaults(value);
  EXPECT_EQ(
      value["spec"],
      *parse_json(R"({"replicas": 1, "made": {"x": "y"}, "list": [{"p": "TCP"}, {"p": "UDP"}]})"));
}

TEST(SchemaDefaultTest, a_null_is_dropped_or_defaulted_unless_the_field_is_nullable) {
  const SchemaPtr schema = spec_schema(R"({"type": "object", "properties": {
    "plain": {"type": "string"}, "defaulted": {"type": "string", "default": "d"},
    "nullable": {"type": "string", "nullable": true, "default": "d"}}})");
  Json value = object(R"({"plain": null, "defaulted": null, "nullable": null})");
  schema->apply_defaults(value);
  EXPECT_EQ(value["spec"], *parse_json(R"({"defaulted": "d", "nullable": null})"));
  EXPECT_THAT(schema->validate(value), IsEmpty());
}

struct Case {
  const char* schema;
  const char* value;
  const char* error;  // "" where the value is valid
};

class SchemaValidateTest : public ::testing::TestWithParam<Case> {};

TEST_P(SchemaValidateTest, says_what_kubernetes_says) {
  const SchemaPtr schema = spec_schema(GetParam().schema);
  const std::vector<FieldError> errors = schema->validate(object(GetParam().value));
  if (std::string_view(GetParam().error).empty()) {
    EXPECT_THAT(texts(errors), IsEmpty());
  } else {
    EXPECT_THAT(texts(errors), ::testing::Contains(std::string(GetParam().error)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Keywords, SchemaValidateTest,
    ::testing::Values(
        Case{
            R"({"type":"integer"})", R"("x")",
            R"(spec: Invalid value: "string": spec in body must be of type integer: "string" (FieldValueTypeInvalid))"},
        Case{
            R"({"type":"string"})", "1",
            R"(spec: Invalid value: "integer": spec in body must be of type string: "integer" (FieldValueTypeInvalid))"},
        Case{R"({"type":"integer"})", "2.0", ""},
        Case{
            R"({"type":"integer"})", "2.5",
            R"(spec: Invalid value: "number": spec in body must be of type integer: "number" (FieldValueTypeInvalid))"},
        Case{R"({"type":"number"})", "2", ""},
        Case{R"({"type":"string","nullable":true})", "null", ""},
        Case{
            R"({"type":"string"})", "null",
            R"(spec: Invalid value: "null": spec in body must be of type string: "null" (FieldValueTypeInvalid))"},
        Case{
            R"({"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]})",
            "\"50%\"", ""},
        Case{
            R"({"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]})",
            "true",
            R"(spec: Invalid value: "boolean": spec in body must be of type integer or string: "boolean" (FieldValueTypeInvalid))"},
        Case{R"({"type":"object","required":["a"],"properties":{"a":{"type":"string"}}})", "{}",
             "spec.a: Required value (FieldValueRequired)"},
        Case{
            R"({"type":"string","enum":["a","b"]})", R"("c")",
            R"(spec: Unsupported value: "c": supported values: "a", "b" (FieldValueNotSupported))"},
        Case{R"({"type":"string","maxLength":3})", R"("äöü")", ""},
        Case{R"({"type":"string","maxLength":3})", R"("abcd")",
             "spec: Too long: may not be more than 3 bytes (FieldValueTooLong)"},
        Case{
            R"({"type":"string","minLength":1})", R"("")",
            R"(spec: Invalid value: "": spec in body should be at least 1 chars long (FieldValueInvalid))"},
        Case{
            R"({"type":"string","pattern":"^[a-z]+$"})", R"("A")",
            R"(spec: Invalid value: "A": spec in body should match '^[a-z]+$' (FieldValueInvalid))"},
        Case{R"({"type":"string","pattern":"b"})", R"("abc")", ""},
        Case{R"({"type":"integer","minimum":1})", "0",
             "spec: Invalid value: 0: spec in body should be greater than or equal to 1 "
             "(FieldValueInvalid)"},
        Case{R"({"type":"integer","minimum":1,"exclusiveMinimum":true})", "1",
             "spec: Invalid value: 1: spec in body should be greater than 1 (FieldValueInvalid)"},
        Case{R"({"type":"integer","maximum":9})", "10",
             "spec: Invalid value: 10: spec in body should be less than or equal to 9 "
             "(FieldValueInvalid)"},
        Case{R"({"type":"integer","multipleOf":3})", "10",
             "spec: Invalid value: 10: spec in body should be a multiple of 3 (FieldValueInvalid)"},
        Case{R"({"type":"integer","format":"int32"})", "2147483648",
             "spec: Invalid value: 2147483648: Checked value must be of type integer with format "
             "int32 in spec (FieldValueInvalid)"},
        Case{R"({"type":"array","maxItems":1,"items":{"type":"string"}})", R"(["a","b"])",
             "spec: Too many: 2: must have at most 1 item (FieldValueTooMany)"},
        Case{R"({"type":"array","minItems":1,"items":{"type":"string"}})", "[]",
             "spec: Invalid value: 0: spec in body should have at least 1 items "
             "(FieldValueInvalid)"},
        Case{
            R"({"type":"array","items":{"type":"string"}})", R"(["a",1])",
            R"(spec[1]: Invalid value: "integer": spec[1] in body must be of type string: "integer" (FieldValueTypeInvalid))"},
        Case{R"({"type":"object","minProperties":1})", "{}",
             "spec: Invalid value: 0: spec in body should have at least 1 properties "
             "(FieldValueInvalid)"},
        Case{R"({"type":"object","maxProperties":1,"additionalProperties":{"type":"string"}})",
             R"({"a":"","b":""})",
             "spec: Too many: 2: must have at most 1 item (FieldValueTooMany)"},
        Case{R"({"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}})",
             R"(["a","b","a"])", R"(spec[2]: Duplicate value: "a" (FieldValueDuplicate))"},
        Case{R"({"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["n"],
              "items":{"type":"object","properties":{"n":{"type":"string"}}}})",
             R"([{"n":"a"},{"n":"a"}])",
             R"(spec[1]: Duplicate value: {"n":"a"} (FieldValueDuplicate))"},
        Case{
            R"({"type":"object","oneOf":[{"required":["a"]},{"required":["b"]}]})",
            R"({"a":1,"b":1})",
            R"(spec: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives (FieldValueInvalid))"},
        Case{
            R"({"type":"object","anyOf":[{"required":["a"]},{"required":["b"]}]})", "{}",
            R"(spec: Invalid value: "": "spec" must validate at least one schema (anyOf) (FieldValueInvalid))"},
        Case{
            R"({"type":"object","not":{"required":["a"]}})", R"({"a":1})",
            R"(spec: Invalid value: "": "spec" must not validate the schema (not) (FieldValueInvalid))"},
        Case{R"({"type":"string","allOf":[{"maxLength":1},{"pattern":"^a"}]})", R"("b")",
             R"(spec: Invalid value: "b": spec in body should match '^a' (FieldValueInvalid))"}));

INSTANTIATE_TEST_SUITE_P(
    Formats, SchemaValidateTest,
    ::testing::Values(
        Case{R"({"type":"string","format":"date-time"})", R"("2026-01-02T03:04:05Z")", ""},
        Case{
            R"({"type":"string","format":"date-time"})", R"("yesterday")",
            R"(spec: Invalid value: "yesterday": spec in body must be of type date-time: "yesterday" (FieldValueTypeInvalid))"},
        Case{R"({"type":"string","format":"byte"})", R"("YWI=")", ""},
        Case{
            R"({"type":"string","format":"byte"})", R"("YW!")",
            R"(spec: Invalid value: "YW!": spec in body must be of type byte: "YW!" (FieldValueTypeInvalid))"},
        Case{R"({"type":"string","format":"uuid"})", R"("3ba5c5c4-8d1f-4a8e-9a0e-2a8bfb1a8f1e")",
             ""},
        Case{
            R"({"type":"string","format":"uuid"})", R"("no")",
            R"(spec: Invalid value: "no": spec in body must be of type uuid: "no" (FieldValueTypeInvalid))"},
        Case{R"({"type":"string","format":"ipv4"})", R"("10.0.0.1")", ""},
        Case{
            R"({"type":"string","format":"ipv4"})", R"("10.0.0.256")",
            R"(spec: Invalid value: "10.0.0.256": spec in body must be of type ipv4: "10.0.0.256" (FieldValueTypeInvalid))"},
        Case{R"({"type":"string","format":"cidr"})", R"("10.0.0.0/8")", ""},
        Case{R"({"type":"string","format":"duration"})", R"("1h30m")", ""},
        Case{R"({"type":"number","format":"double"})", "1.5", ""},
        Case{R"({"type":"string","format":"unheard-of"})", R"("x")", ""}));

TEST(SchemaRatchetTest, what_was_wrong_and_has_not_changed_is_tolerated) {
  const SchemaPtr schema = spec_schema(R"({"type": "object", "properties": {
    "a": {"type": "string", "maxLength": 1}, "b": {"type": "string", "maxLength": 1},
    "list": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"],
      "items": {"type": "object", "properties": {"n": {"type": "string"}, "v": {"type": "string", "maxLength": 1}}}}}})");
  const Json old = object(R"({"a": "long", "list": [{"n": "x", "v": "long"}]})");
  EXPECT_THAT(texts(schema->validate(old)).size(), 2U);
  EXPECT_THAT(
      texts(schema->validate(
          object(R"({"a": "long", "b": "s", "list": [{"n": "y"}, {"n": "x", "v": "long"}]})"),
          &old)),
      IsEmpty());
  EXPECT_THAT(texts(schema->validate(object(R"({"a": "longer"})"), &old)),
              ElementsAre(HasSubstr("spec.a: Too long")));
}

TEST(SchemaRatchetTest, a_missing_required_field_is_new_where_the_object_changed) {
  const SchemaPtr schema = spec_schema(
      R"({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}})");
  const Json old = object("{}");
  EXPECT_THAT(texts(schema->validate(object("{}"), &old)), IsEmpty());
  EXPECT_THAT(texts(schema->validate(object(R"({"b": "x"})"), &old)),
              ElementsAre("spec.a: Required value (FieldValueRequired)"));
}

TEST(SchemaRuleTest, a_rule_that_does_not_hold_is_told_with_its_message) {
  const SchemaPtr schema = spec_schema(R"json({"type": "object",
    "x-kubernetes-validations": [
      {"rule": "self.min <= self.max", "message": "min must not be above max"},
      {"rule": "self.max < 10", "messageExpression": "'max is ' + string(self.max)", "fieldPath": ".max", "reason": "FieldValueForbidden"},
      {"rule": "self.min != 3"}],
    "properties": {"min": {"type": "integer"}, "max": {"type": "integer"}}})json");
  EXPECT_THAT(schema->validate(object(R"({"min": 1, "max": 2})")), IsEmpty());
  EXPECT_THAT(
      texts(schema->validate(object(R"({"min": 11, "max": 10})"))),
      ElementsAre(R"(spec: Invalid value: "object": min must not be above max (FieldValueInvalid))",
                  "spec.max: Forbidden: max is 10 (FieldValueForbidden)"));
  EXPECT_THAT(
      texts(schema->validate(object(R"({"min": 3, "max": 9})"))),
      ElementsAre(
          R"(spec: Invalid value: "object": failed rule: self.min != 3 (FieldValueInvalid))"));
  EXPECT_THAT(texts(schema->validate(object(R"({"min": 3})"))).at(0),
              HasSubstr("no such key: max"));
}

TEST(SchemaRuleTest, a_transition_rule_runs_only_against_an_old_value) {
  const SchemaPtr schema = spec_schema(R"({"type": "object", "properties": {
    "region": {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "region is immutable"}]},
    "list": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["n"],
      "items": {"type": "object", "properties": {"n": {"type": "string"},
        "v": {"type": "integer", "x-kubernetes-validations": [{"rule": "self >= oldSelf", "message": "may only grow"}]}}}}}})");
  const Json old = object(R"({"region": "a", "list": [{"n": "x", "v": 2}]})");
  EXPECT_THAT(schema->validate(old), IsEmpty());
  EXPECT_THAT(schema->validate(old, &old), IsEmpty());
  const Json next = object(R"({"region": "b", "list": [{"n": "y", "v": 1}, {"n": "x", "v": 1}]})");
  EXPECT_THAT(
      texts(schema->validate(next, &old)),
      ElementsAre(
          R"(spec.list[1].v: Invalid value: "integer": may only grow (FieldValueInvalid))",
          R"(spec.region: Invalid value: "string": region is immutable (FieldValueInvalid))"));
}

TEST(SchemaRuleTest, a_rule_that_did_not_hold_before_is_tolerated_where_nothing_changed) {
  const SchemaPtr schema =
      spec_schema(R"({"type": "object", "properties": {"other": {"type": "string"},
    "a": {"type": "string", "x-kubernetes-validations": [{"rule": "self == 'x'"}]}}})");
  const Json old = object(R"({"a": "y"})");
  EXPECT_THAT(schema->validate(object(R"({"a": "y", "other": "o"})"), &old), IsEmpty());
  EXPECT_EQ(schema->validate(object(R"({"a": "z"})"), &old).size(), 1U);
}

TEST(SchemaRuleTest, rules_wait_until_the_schema_is_satisfied) {
  const SchemaPtr schema = spec_schema(R"json({"type": "object", "properties": {
    "a": {"type": "string", "x-kubernetes-validations": [{"rule": "self.size() < 3"}]}}})json");
  EXPECT_THAT(texts(schema->validate(object(R"({"a": 1})"))),
              ElementsAre(HasSubstr("must be of type string")));
}

TEST(SchemaRuleTest, a_rule_that_does_not_compile_refuses_the_schema) {
  const Result<SchemaPtr> schema =
      Schema::compile(*parse_json(R"({"x-kubernetes-validations": [{"rule": "self.a =="}]})"));
  ASSERT_FALSE(schema.ok());
  EXPECT_THAT(schema.error().message,
              HasSubstr("openAPIV3Schema.x-kubernetes-validations[0]: rule `self.a ==`"));
}

TEST(SchemaCompileTest, a_mistake_is_named_with_its_path) {
  const Result<SchemaPtr> schema = Schema::compile(
      *parse_json(R"({"type":"object","properties":{"a":{"type":"string","pattern":"("}}})"));
  ASSERT_FALSE(schema.ok());
  EXPECT_THAT(schema.error().message,
              HasSubstr("openAPIV3Schema.properties[a].pattern: \"(\" is no regular expression"));
  EXPECT_FALSE(Schema::compile({{"type", "strng"}}).ok());
  EXPECT_FALSE(Schema::compile({{"maxLength", -1}}).ok());
  EXPECT_TRUE(Schema::compile({{"maxLength", 1}}).ok()) << "also of a signed type";
  EXPECT_FALSE(Schema::compile({{"x-kubernetes-list-type", "map"}}).ok());
}

TEST(SchemaCompileTest, a_pattern_that_backtracks_elsewhere_takes_linear_time_here) {
  const SchemaPtr schema = spec_schema(R"({"type": "string", "pattern": "^(a+)+$"})");
  Json value = object("\"\"");
  value["spec"] = std::string(50000, 'a') + "!";
  EXPECT_EQ(schema->validate(value).size(), 1U);
}

TEST(SchemaValidateLimitTest, a_list_of_many_mistakes_is_answered_with_a_hundred) {
  const SchemaPtr schema = spec_schema(R"({"type": "array", "items": {"type": "string"}})");
  Json value = object("[]");
  for (int i = 0; i < 10000; ++i) value["spec"].push_back(i);
  EXPECT_EQ(schema->validate(value).size(), 100U);
}

TEST(SchemaCacheTest, one_document_is_compiled_once) {
  SchemaCache cache;
  KindVersion version;
  version.schema = std::make_shared<const std::string>(R"({"type":"object"})");
  const SchemaPtr first = *cache.get(version);
  EXPECT_EQ(*cache.get(version), first);
  version.schema = std::make_shared<const std::string>(R"({"type":"object"})");
  EXPECT_NE(*cache.get(version), first);
}

TEST(FieldErrorsTest, an_invalid_object_is_described_as_kubernetes_does) {
  const GroupKind kind{"cluster.x-k8s.io", "Machine"};
  EXPECT_EQ(invalid_object(kind, "m", {field_required("spec.a", "")}).message,
            R"(Machine.cluster.x-k8s.io "m" is invalid: spec.a: Required value)");
  EXPECT_EQ(
      invalid_object(kind, "m", {field_required("spec.a", ""), field_invalid("spec.b", "x", "no")})
          .message,
      R"(Machine.cluster.x-k8s.io "m" is invalid: [spec.a: Required value, spec.b: Invalid value: "x": no])");
  EXPECT_EQ(strict_decoding_error({"spec.x", "spec.y"}).message,
            R"(strict decoding error: unknown field "spec.x", unknown field "spec.y")");
}

}  // namespace
}  // namespace capstan
