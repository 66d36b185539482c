#include "runtime/object/apply/apply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/object/apply/managed_fields.h"
#include "runtime/object/object_tree.h"

namespace capstan {
namespace {

using ::testing::HasSubstr;

const SchemaPtr kSchema = *Schema::compile(*parse_json(R"({"type": "object", "properties": {
  "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
  "spec": {"type": "object", "properties": {
    "replicas": {"type": "integer"}, "color": {"type": "string"},
    "ports": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
      "items": {"type": "object", "properties": {"name": {"type": "string"}, "port": {"type": "integer"}, "protocol": {"type": "string"}}}},
    "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
    "args": {"type": "array", "items": {"type": "string"}},
    "env": {"type": "object", "additionalProperties": {"type": "string"}},
    "ref": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"name": {"type": "string"}, "kind": {"type": "string"}}},
    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}},
  "status": {"type": "object", "properties": {"phase": {"type": "string"}}}}})"));

class ApplyTest : public ::testing::Test {
 protected:
  static Json config(const std::string& spec) {
    Json object = {{"apiVersion", "v1"}, {"kind", "K"}, {"metadata", {{"name", "n"}}}};
    object["spec"] = *parse_json(spec);
    return object;
  }

  Writer writer(const std::string& manager) {
    now_ += std::chrono::seconds(1);
    return {.manager = manager, .api_version = "v1", .now = now_, .has_status_subresource = true};
  }

  Result<void> apply(const std::string& manager, const std::string& spec, bool force = false) {
    Result<Json> next =
        server_side_apply(live_, config(spec), {.root = &kSchema->root()}, writer(manager), force);
    if (!next.ok()) return next.error();
    live_ = *std::move(next);
    return {};
  }

  void update(const std::string& manager, const std::string& spec, Writer* as = nullptr) {
    Json next = live_.is_null() ? config(spec) : live_;
    next["spec"] = *parse_json(spec);
    const Writer by = as == nullptr ? writer(manager) : *as;
    ASSERT_TRUE(update_managed_fields(live_, next, {.root = &kSchema->root()}, by).ok());
    live_ = next;
  }

  // The FieldsV1 of a manager's entry; null where it has none.
  Json fields(const std::string& manager, const std::string& subresource = "") const {
    const ManagedFields entries = *read_managed_fields(live_);
    for (const ManagedEntry& entry : entries) {
      if (entry.id.manager == manager && entry.id.subresource == subresource) {
        return *parse_json(entry.fields.text());
      }
    }
    return nullptr;
  }

  Json spec() const { return live_["spec"]; }

  Instant now_ = *parse_time("2026-01-01T00:00:00Z");
  Json live_;
};

TEST_F(ApplyTest, the_first_apply_makes_the_object_and_owns_what_it_says) {
  ASSERT_TRUE(apply("kubectl", R"({"replicas": 1, "ports": [{"name": "a", "port": 80}],
    "tags": ["x"], "args": ["1"], "env": {"k": "v"}, "ref": {"name": "r"}, "free": {"a": {"b": 1}}})")
                  .ok());
  EXPECT_EQ(fields("kubectl"), *parse_json(R"({"f:spec": {"f:replicas": {},
    "f:ports": {"k:{\"name\":\"a\"}": {".": {}, "f:name": {}, "f:port": {}}},
    "f:tags": {"v:\"x\"": {}}, "f:args": {}, "f:env": {"f:k": {}}, "f:ref": {},
    "f:free": {"f:a": {".": {}, "f:b": {}}}}})"));
  const Json entries = managed_fields_of(live_);
  EXPECT_EQ(entries[0]["operation"], "Apply");
  EXPECT_EQ(entries[0]["time"], "2026-01-01T00:00:01Z");
}

TEST_F(ApplyTest, applying_the_same_again_changes_nothing_not_even_the_time) {
  ASSERT_TRUE(apply("a", R"({"replicas": 1, "tags": ["x"]})").ok());
  const Json before = live_;
  ASSERT_TRUE(apply("a", R"({"replicas": 1, "tags": ["x"]})").ok());
  EXPECT_EQ(live_, before);
}

TEST_F(ApplyTest, what_is_no_longer_applied_and_nobody_elses_is_removed) {
  ASSERT_TRUE(apply("a", R"({"replicas": 1, "color": "red", "tags": ["x", "y"]})").ok());
  ASSERT_TRUE(apply("b", R"({"color": "red", "tags": ["y"]})").ok());
  ASSERT_TRUE(apply("a", R"({"replicas": 1})").ok());
  EXPECT_EQ(spec(), *parse_json(R"({"replicas": 1, "color": "red", "tags": ["y"]})"));
  EXPECT_EQ(fields("a"), *parse_json(R"({"f:spec": {"f:replicas": {}}})"));
  ASSERT_TRUE(apply("b", "{}").ok());
  EXPECT_EQ(spec(), *parse_json(R"({"replicas": 1})"));
}

TEST_F(ApplyTest, another_managers_field_with_another_value_is_a_conflict) {
  ASSERT_TRUE(apply("a", R"({"replicas": 1})").ok());
  const Result<void> done = apply("b", R"({"replicas": 2})");
  ASSERT_EQ(done.code(), Code::kConflict);
  EXPECT_EQ(done.error().message,
            R"(Apply failed with 1 conflict: conflict with "a": .spec.replicas)");
  ASSERT_EQ(done.error().fields.size(), 1U);
  EXPECT_EQ(done.error().fields[0].field, ".spec.replicas");
  EXPECT_EQ(done.error().fields[0].reason, "FieldManagerConflict");
  EXPECT_EQ(done.error().fields[0].message, R"(conflict with "a")");
}

TEST_F(ApplyTest, a_conflict_with_an_update_names_its_version) {
  update("kubectl", R"({"replicas": 1, "ports": [{"name": "a", "port": 80}]})");
  const Result<void> done = apply("b", R"({"replicas": 2, "ports": [{"name": "a", "port": 81}]})");
  ASSERT_EQ(done.code(), Code::kConflict);
  EXPECT_EQ(done.error().message,
            "Apply failed with 2 conflicts: conflicts with \"kubectl\" using v1:\n"
            "- .spec.ports[name=\"a\"].port\n- .spec.replicas");
}

TEST_F(ApplyTest, the_same_value_is_shared_without_conflict) {
  ASSERT_TRUE(apply("a", R"({"replicas": 1})").ok());
  ASSERT_TRUE(apply("b", R"({"replicas": 1})").ok());
  EXPECT_EQ(fields("a"), fields("b"));
}

TEST_F(ApplyTest, force_takes_the_field_and_an_owner_of_nothing_disappears) {
  ASSERT_TRUE(apply("a", R"({"replicas": 1})").ok());
  ASSERT_TRUE(apply("b", R"({"replicas": 2})", true).ok());
  EXPECT_EQ(spec(), *parse_json(R"({"replicas": 2})"));
  EXPECT_EQ(fields("a"), nullptr);
  EXPECT_EQ(fields("b"), *parse_json(R"({"f:spec": {"f:replicas": {}}})"));
}

TEST_F(ApplyTest, list_items_are_merged_by_key_in_the_applied_order) {
  ASSERT_TRUE(
      apply("a", R"({"ports": [{"name": "a", "port": 1}, {"name": "b", "port": 2}]})").ok());
  ASSERT_TRUE(
      apply("b", R"({"ports": [{"name": "c", "port": 3}, {"name": "b", "protocol": "UDP"}]})")
          .ok());
  EXPECT_EQ(spec(), *parse_json(R"({"ports": [{"name": "a", "port": 1}, {"name": "c", "port": 3},
    {"name": "b", "port": 2, "protocol": "UDP"}]})"));
  ASSERT_TRUE(apply("a", R"({"ports": [{"name": "a", "port": 1}]})").ok());
  EXPECT_EQ(spec(), *parse_json(R"({"ports": [{"name": "a", "port": 1}, {"name": "c", "port": 3},
    {"name": "b", "protocol": "UDP"}]})"));
}

TEST_F(ApplyTest, an_applied_list_that_names_an_item_twice_is_refused) {
  EXPECT_THAT(apply("a", R"({"tags": ["x", "x"]})").error().message,
              HasSubstr(R"(.spec.tags: duplicate entries for key [="x"])"));
  EXPECT_EQ(apply("a", R"({"ports": [{"port": 1}]})").code(), Code::kInvalid);
}

TEST_F(ApplyTest, an_update_owns_what_it_changes_and_takes_it_from_others) {
  ASSERT_TRUE(apply("a", R"({"replicas": 1, "color": "red"})").ok());
  update("edit", R"({"replicas": 2, "color": "red"})");
  EXPECT_EQ(fields("a"), *parse_json(R"({"f:spec": {"f:color": {}}})"));
  EXPECT_EQ(fields("edit"), *parse_json(R"({"f:spec": {"f:replicas": {}}})"));
  update("edit", R"({"replicas": 2})");
  EXPECT_EQ(fields("a"), nullptr) << "a removed field has no owner";
}

TEST_F(ApplyTest, an_update_that_changes_nothing_leaves_the_times) {
  update("a", R"({"replicas": 1})");
  const Json before = live_;
  update("b", R"({"replicas": 1})");
  EXPECT_EQ(live_, before);
}

TEST_F(ApplyTest, what_the_server_sets_is_owned_by_nobody) {
  update("a", R"({"replicas": 1})");
  Json next = live_;
  next["metadata"]["uid"] = "u";
  next["metadata"]["resourceVersion"] = "9";
  next["metadata"]["generation"] = 2;
  next["metadata"]["labels"] = {{"x", "y"}};
  ASSERT_TRUE(update_managed_fields(live_, next, {.root = &kSchema->root()}, writer("b")).ok());
  live_ = next;
  EXPECT_EQ(fields("b"), *parse_json(R"({"f:metadata": {"f:labels": {".": {}, "f:x": {}}}})"));
}

TEST_F(ApplyTest, a_status_write_owns_nothing_but_status_and_is_apart) {
  update("a", R"({"replicas": 1})");
  Json next = live_;
  next["status"] = {{"phase", "Up"}};
  next["spec"]["replicas"] = 7;
  Writer by = writer("a");
  by.subresource = "status";
  ASSERT_TRUE(update_managed_fields(live_, next, {.root = &kSchema->root()}, by).ok());
  live_ = next;
  EXPECT_EQ(fields("a", "status"), *parse_json(R"({"f:status": {".": {}, "f:phase": {}}})"));
  EXPECT_EQ(fields("a"), *parse_json(R"({"f:spec": {".": {}, "f:replicas": {}}})"));
}

TEST_F(ApplyTest, a_client_that_sends_no_managed_fields_does_not_lose_them) {
  update("a", R"({"replicas": 1})");
  Json next = live_;
  next["metadata"].erase("managedFields");
  ASSERT_TRUE(update_managed_fields(live_, next, {.root = &kSchema->root()}, writer("b")).ok());
  EXPECT_EQ(next, live_);
}

TEST_F(ApplyTest, an_entry_of_nothing_resets_them) {
  update("a", R"({"replicas": 1})");
  Json next = live_;
  next["metadata"]["managedFields"] = {Json::object()};
  ASSERT_TRUE(update_managed_fields(live_, next, {.root = &kSchema->root()}, writer("b")).ok());
  EXPECT_EQ(find(next, {"metadata", "managedFields"}), nullptr);
}

TEST_F(ApplyTest, the_first_apply_to_an_untracked_object_respects_what_stood_there) {
  live_ = config(R"({"replicas": 1, "color": "red"})");
  EXPECT_EQ(apply("a", R"({"replicas": 2})").error().fields[0].message,
            "conflict with \"before-first-apply\" using v1");
  ASSERT_TRUE(apply("a", R"({"replicas": 1})").ok());
  EXPECT_EQ(fields("before-first-apply"),
            *parse_json(R"({"f:spec": {".": {}, "f:color": {}, "f:replicas": {}}})"));
}

TEST_F(ApplyTest, applied_managed_fields_are_refused) {
  Json applied = config("{}");
  applied["metadata"]["managedFields"] = {{{"manager", "x"}}};
  EXPECT_EQ(server_side_apply(nullptr, applied, {}, writer("a"), false).code(), Code::kInvalid);
}

TEST_F(ApplyTest, without_a_schema_lists_are_one_piece_and_maps_are_fields) {
  const Json first = config(R"({"list": [{"a": 1}], "map": {"x": {"y": 1}}})");
  live_ = *server_side_apply(nullptr, first, {}, writer("a"), false);
  EXPECT_EQ(fields("a"), *parse_json(R"({"f:spec": {".": {}, "f:list": {},
    "f:map": {".": {}, "f:x": {".": {}, "f:y": {}}}}})"));
}

TEST_F(ApplyTest, old_updates_are_merged_when_there_are_too_many) {
  Json env = Json::object();
  for (int i = 0; i < 14; ++i) {
    env["k" + std::to_string(i)] = "v";
    update("m" + std::to_string(i), dump_json({{"env", env}}));
  }
  EXPECT_LE(read_managed_fields(live_)->size(), 10U);
  EXPECT_NE(fields("ancient-changes"), nullptr);
  EXPECT_NE(fields("m13"), nullptr);
}

TEST(ManagedFieldsTest, entries_survive_a_round_trip) {
  const Json object = *parse_json(R"({"metadata": {"managedFields": [
    {"manager": "a", "operation": "Apply", "apiVersion": "v1", "time": "2026-01-01T00:00:00Z",
     "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {".": {}, "f:l": {"k:{\"name\":\"a\"}": {}, "v:1": {}, "i:0": {}}}}},
    {"manager": "b", "operation": "Update", "apiVersion": "v1", "subresource": "status",
     "fieldsType": "FieldsV1", "fieldsV1": {"f:status": {}}}]}})");
  Json again = object;
  write_managed_fields(again, *read_managed_fields(object));
  unpack_managed_fields(again);
  EXPECT_EQ(again, object);
}

TEST(ManagedFieldsTest, a_malformed_entry_is_named) {
  for (const char* entry :
       {R"({"operation": "Touch"})", R"({"operation": "Apply", "fieldsType": "V2"})",
        R"({"operation": "Apply", "fieldsV1": {"x:a": {}}})",
        R"({"operation": "Apply", "fieldsV1": {"k:{": {}}})", "7"}) {
    Json object = {{"metadata", {{"managedFields", {*parse_json(entry)}}}}};
    const Result<ManagedFields> entries = read_managed_fields(object);
    ASSERT_FALSE(entries.ok()) << entry;
    EXPECT_THAT(entries.error().message, HasSubstr("metadata.managedFields[0]"));
  }
}

}  // namespace
}  // namespace capstan
