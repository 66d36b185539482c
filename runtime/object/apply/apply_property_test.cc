// What holds after any sequence of applies and updates.
#include <gtest/gtest.h>

#include <random>

#include "runtime/object/apply/apply.h"
#include "runtime/object/apply/comparison.h"
#include "runtime/object/apply/field_set_reader.h"
#include "runtime/object/apply/managed_fields.h"

namespace capstan {
namespace {

const SchemaPtr kSchema = *Schema::compile(*parse_json(R"({"type": "object", "properties": {
  "spec": {"type": "object", "properties": {
    "replicas": {"type": "integer"},
    "ports": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
      "items": {"type": "object", "properties": {"name": {"type": "string"}, "port": {"type": "integer"}}}},
    "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
    "args": {"type": "array", "items": {"type": "string"}},
    "env": {"type": "object", "additionalProperties": {"type": "string"}}}}}})"));
const ApplyTypes kTypes = {.root = &kSchema->root()};

class RandomWrites {
 public:
  explicit RandomWrites(uint32_t seed) : random_(seed) {}

  size_t pick(size_t count) { return random_() % count; }

  Json config() {
    Json spec = Json::object();
    if (pick(2) == 0) spec["replicas"] = pick(3);
    if (pick(2) == 0) spec["args"] = words();
    if (pick(2) == 0) spec["tags"] = words();
    if (pick(2) == 0) spec["ports"] = Json::array();
    for (const Json& name : spec.contains("ports") ? words() : Json::array()) {
      spec["ports"].push_back({{"name", name}});
      if (pick(2) == 0) spec["ports"].back()["port"] = pick(3);
    }
    for (const Json& name : words()) spec["env"][name.get<std::string>()] = word();
    // Nobody owns an empty list of named items, in Kubernetes neither, so an apply may lose it.
    for (const char* name : {"tags", "ports"}) {
      if (spec.contains(name) && spec[name].empty()) spec.erase(name);
    }
    return {{"apiVersion", "v1"}, {"kind", "K"}, {"metadata", {{"name", "n"}}}, {"spec", spec}};
  }

  Writer writer() {
    now_ += std::chrono::seconds(1);
    return {.manager = "m" + std::to_string(pick(3)), .api_version = "v1", .now = now_};
  }

 private:
  std::string word() { return std::string(1, static_cast<char>('a' + pick(4))); }

  Json words() {
    Json out = Json::array();
    for (const char* text : {"a", "b", "c", "d"}) {
      if (pick(2) == 0) out.insert(out.begin() + static_cast<int>(pick(out.size() + 1)), text);
    }
    return out;
  }

  std::mt19937 random_;
  Instant now_ = *parse_time("2026-01-01T00:00:00Z");
};

void expect_owned_fields_exist(const Json& object) {
  const ManagedFields entries = *read_managed_fields(object);
  for (const ManagedEntry& entry : entries) {
    for (const FieldPath& path : entry.fields.paths()) {
      FieldSet only;
      only.insert(path);
      const bool there = without_fields(object, only, kTypes.root) != object;
      EXPECT_TRUE(there) << entry.id.readable() << " owns " << readable_path(path) << " of "
                         << dump_json(object);
    }
    EXPECT_FALSE(entry.fields.empty());
  }
}

class ApplyPropertyTest : public ::testing::TestWithParam<uint32_t> {};

TEST_P(ApplyPropertyTest, an_apply_holds_and_applying_again_changes_nothing) {
  RandomWrites writes(GetParam());
  Json live;
  for (int step = 0; step < 30; ++step) {
    const Json config = writes.config();
    const Writer writer = writes.writer();
    if (writes.pick(3) == 0) {
      Json next = config;
      ASSERT_TRUE(update_managed_fields(live, next, kTypes, writer).ok());
      live = next;
      expect_owned_fields_exist(live);
      continue;
    }
    const Result<Json> gentle = server_side_apply(live, config, kTypes, writer, false);
    const Result<Json> forced = server_side_apply(live, config, kTypes, writer, true);
    ASSERT_TRUE(forced.ok()) << forced.error().message;
    if (gentle.ok()) {
      EXPECT_EQ(*gentle, *forced) << "force decides nothing but conflicts";
    } else {
      EXPECT_EQ(gentle.code(), Code::kConflict);
      EXPECT_FALSE(gentle.error().fields.empty());
    }
    live = *forced;
    const Comparison missing = *compare_fields(live, config, kTypes.root);
    EXPECT_TRUE(missing.added.empty() && missing.modified.empty()) << dump_json(live);
    expect_owned_fields_exist(live);
    Writer later = writer;
    later.now += std::chrono::hours(1);
    EXPECT_EQ(*server_side_apply(live, config, kTypes, later, false), live);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ApplyPropertyTest, ::testing::Range(1U, 21U));

TEST(FieldSetPropertyTest, sets_obey_the_laws_of_sets) {
  RandomWrites writes(99);
  for (int i = 0; i < 200; ++i) {
    const FieldSet a = *fields_of(writes.config(), kTypes.root);
    const FieldSet b = *fields_of(writes.config(), kTypes.root);
    EXPECT_EQ(a.united(b), b.united(a));
    EXPECT_EQ(a.intersected(b), b.intersected(a));
    EXPECT_EQ(a.without(b).united(a.intersected(b)), a);
    EXPECT_TRUE(a.without(b).intersected(b).empty());
    EXPECT_EQ(*parse_field_set(a.text()), a);
    EXPECT_EQ(dump_json(*parse_json(a.text())), a.text());
  }
}

}  // namespace
}  // namespace capstan
