// What holds for the conversion of every kind that Capstan defines, with random objects.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "all_kinds.h"
#include "runtime/object/conversion.h"
#include "runtime/object/object_key.h"
#include "tests/kinds/random_object.h"

namespace capstan {
namespace {

constexpr uint32_t kObjectsOfEachKind = 300;

struct ConvertedKind {
  std::string kind;
  std::string hub;
  std::map<std::string, Json> schemas;  // by apiVersion
  std::set<std::string> durations;      // of the spokes
  std::vector<std::string> spokes;
  std::shared_ptr<const Converter> converter;
};

std::string join_path(std::string path, const Json& names, const Json& step) {
  for (const Json& name : names) path += (path.empty() ? "" : ".") + name.get<std::string>();
  for (const Json& wrap : step.value("each", Json::array())) path += wrap.get<std::string>();
  return path;
}

void collect_durations(const Json& steps, const std::string& path, std::set<std::string>& into) {
  for (const Json& step : steps) {
    const std::string here = join_path(path, step.at("spoke"), step);
    if (step.at("do") == "seconds") into.insert(here);
    if (step.contains("steps")) collect_durations(step.at("steps"), here, into);
  }
}

void add_schemas(const Json& crd, std::map<std::string, Json>& into) {
  const std::string group = crd.at("spec").at("group");
  for (const Json& version : crd.at("spec").at("versions")) {
    const std::string name = version.at("name");
    into[(group.empty() ? "" : group + "/") + name] = version.at("schema").at("openAPIV3Schema");
  }
}

std::vector<ConvertedKind> converted_kinds() {
  const Json crds = Json::parse(all_kinds_json());
  std::vector<ConvertedKind> kinds;
  for (const Json& crd : crds) {
    const std::string text =
        get_string(crd, {"metadata", "annotations", "capstan.dev/conversion"});
    if (text.empty()) continue;
    const Json rules = Json::parse(text);
    ConvertedKind kind;
    kind.kind = crd.at("spec").at("names").at("kind");
    kind.hub = rules.at("hub");
    add_schemas(crd, kind.schemas);
    for (const Json& other : crds) {
      const bool is_same_kind = other.at("spec").at("names").at("kind") == kind.kind;
      if (is_same_kind && !kind.schemas.contains(kind.hub)) add_schemas(other, kind.schemas);
    }
    for (const auto& [spoke, compiled] : rules.at("spokes").items()) {
      kind.spokes.push_back(spoke);
      collect_durations(compiled.at("steps"), "", kind.durations);
    }
    Result<Converter> converter = Converter::create(rules);
    EXPECT_TRUE(converter.ok()) << converter.error().message;
    kind.converter = std::make_shared<const Converter>(std::move(*converter));
    kinds.push_back(std::move(kind));
  }
  return kinds;
}

std::string version_of(std::string_view, std::string_view kind) {
  return kind.ends_with('7') ? "" : "v1beta2";
}

// Fields that the schema does not have, or has with another type, as "path: what is wrong".
void find_foreign(const Json& value, const Json& schema, const std::string& path,
                  std::vector<std::string>& into) {
  const std::string type = schema.value("type", "");
  if (type.empty()) return;
  const bool right = type == "object"    ? value.is_object()
                     : type == "array"   ? value.is_array()
                     : type == "string"  ? value.is_string()
                     : type == "boolean" ? value.is_boolean()
                                         : value.is_number();
  if (!right) {
    into.push_back(path + ": expected " + type + ", found " + value.dump());
    return;
  }
  if (value.is_array()) {
    for (const Json& item : value) find_foreign(item, schema.at("items"), path + "[]", into);
  }
  if (!value.is_object()) return;
  for (const auto& [name, inner] : value.items()) {
    const bool is_root = path.empty();
    if (is_root && (name == "metadata" || name == "kind" || name == "apiVersion")) continue;
    const std::string inner_path = is_root ? name : path + "." + name;
    if (const Json* field = find(schema, {"properties", name}); field != nullptr) {
      find_foreign(inner, *field, inner_path, into);
    } else if (const Json* values = find(schema, {"additionalProperties"}); values != nullptr) {
      find_foreign(inner, *values, inner_path, into);
    } else if (!schema.contains("x-kubernetes-preserve-unknown-fields")) {
      into.push_back(inner_path + ": not in the schema");
    }
  }
}

class EveryKind : public testing::Test {
 protected:
  static void SetUpTestSuite() { kinds_ = new std::vector<ConvertedKind>(converted_kinds()); }
  static void TearDownTestSuite() { delete kinds_; }

  // Calls check(kind, object, its apiVersion, the other apiVersion, random).
  template <typename Check>
  static void for_random_objects(bool from_hub, const Check& check) {
    ASSERT_GE(kinds_->size(), 17u);
    for (const ConvertedKind& kind : *kinds_) {
      for (const std::string& spoke : kind.spokes) {
        const std::string& from = from_hub ? kind.hub : spoke;
        const std::string& to = from_hub ? spoke : kind.hub;
        for (uint32_t seed = 0; seed < kObjectsOfEachKind; ++seed) {
          test::RandomObject random(seed, from_hub ? std::set<std::string>() : kind.durations);
          const Json object = random.make(kind.schemas.at(from), from, kind.kind);
          SCOPED_TRACE(kind.kind + " " + from + " seed " + std::to_string(seed));
          check(kind, object, from, to, random);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }

  static void expect_same_after_round_trip(bool from_hub) {
    for_random_objects(from_hub, [](const ConvertedKind& kind, const Json& object,
                                    const std::string& from, const std::string& to, auto&) {
      const Result<Json> there = kind.converter->convert(object, to, version_of);
      ASSERT_TRUE(there.ok()) << there.error().message << "\n" << object.dump(1);
      const Result<Json> back = kind.converter->convert(*there, from, version_of);
      ASSERT_TRUE(back.ok()) << back.error().message << "\n" << there->dump(1);
      ASSERT_EQ(*back, object) << Json::diff(object, *back).dump(1) << "\nvia " << there->dump(1);
    });
  }

  static inline std::vector<ConvertedKind>* kinds_ = nullptr;
};

TEST_F(EveryKind, is_the_same_after_a_round_trip_through_the_stored_version) {
  expect_same_after_round_trip(false);
}

TEST_F(EveryKind, is_the_same_after_a_round_trip_through_the_older_version) {
  expect_same_after_round_trip(true);
}

TEST_F(EveryKind, converts_to_what_the_other_schema_knows) {
  for (const bool from_hub : {false, true}) {
    for_random_objects(from_hub, [](const ConvertedKind& kind, const Json& object,
                                    const std::string&, const std::string& to, auto&) {
      const Result<Json> there = kind.converter->convert(object, to, version_of);
      ASSERT_TRUE(there.ok()) << there.error().message;
      std::vector<std::string> foreign;
      find_foreign(*there, kind.schemas.at(to), "", foreign);
      ASSERT_TRUE(foreign.empty()) << foreign.front() << "\nin " << there->dump(1);
    });
  }
}

TEST_F(EveryKind, keeps_what_was_edited_in_the_other_version) {
  for (const bool from_hub : {false, true}) {
    for_random_objects(from_hub, [](const ConvertedKind& kind, const Json& object,
                                    const std::string& from, const std::string& to, auto& random) {
      Result<Json> there = kind.converter->convert(object, to, version_of);
      ASSERT_TRUE(there.ok());
      const std::string pointer = random.change_something(*there);
      if (pointer.empty()) return;
      const Json edited = there->at(Json::json_pointer(pointer));
      const Result<Json> back = kind.converter->convert(*there, from, version_of);
      ASSERT_TRUE(back.ok()) << back.error().message;
      const Result<Json> again = kind.converter->convert(*back, to, version_of);
      ASSERT_TRUE(again.ok()) << again.error().message;
      ASSERT_TRUE(again->contains(Json::json_pointer(pointer))) << pointer << again->dump(1);
      ASSERT_EQ(again->at(Json::json_pointer(pointer)), edited) << pointer;
    });
  }
}

}  // namespace
}  // namespace capstan
