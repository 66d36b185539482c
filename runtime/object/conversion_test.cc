#include "runtime/object/conversion.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

constexpr char kOld[] = "example.dev/v1beta1";
constexpr char kNew[] = "example.dev/v1beta2";
constexpr char kHubData[] = "cluster.x-k8s.io/conversion-data";
constexpr char kSpokeData[] = "capstan.dev/conversion-data-v1beta1";

// A conversion with these steps; shapes as the compiler of kinds would derive them.
Converter converter(const char* steps, const char* old_shape = "{}", const char* new_shape = "{}") {
  const Json rules = {{"hub", kNew},
                      {"spokes",
                       {{kOld,
                         {{"steps", Json::parse(steps)},
                          {"spokeShape", Json::parse(old_shape)},
                          {"hubShape", Json::parse(new_shape)}}}}}};
  Result<Converter> created = Converter::create(rules);
  EXPECT_TRUE(created.ok()) << created.error().message;
  return std::move(*created);
}

Json object(const char* api_version, const char* body) {
  Json result = Json::parse(body);
  result["apiVersion"] = api_version;
  result["kind"] = "Thing";
  result["metadata"] = {{"name", "one"}, {"namespace", "here"}};
  return result;
}

std::string version_of(std::string_view group, std::string_view) {
  return group == "unknown.dev" ? "" : "v1alpha7";
}

Json convert(const Converter& with, const Json& from, const char* to) {
  Result<Json> result = with.convert(from, to, version_of);
  EXPECT_TRUE(result.ok()) << result.error().message;
  return result.ok() ? std::move(*result) : Json();
}

std::string error_of(const Converter& with, const Json& from, const char* to) {
  const Result<Json> result = with.convert(from, to, version_of);
  return result.ok() ? "no error" : result.error().message;
}

Json body(Json converted) {
  for (const char* name : {"apiVersion", "kind", "metadata"}) converted.erase(name);
  return converted;
}

struct Pair {
  const char* sentence;
  const char* steps;
  const char* old_body;
  const char* new_body;
};

TEST(Conversion, says_the_same_in_both_versions) {
  const Pair pairs[] = {
      {"a field can get another name", R"([{"do":"move","spoke":["a"],"hub":["b"]}])", R"({"a":1})",
       R"({"b":1})"},
      {"a field can move into an object that is made for it",
       R"([{"do":"move","spoke":["spec","a"],"hub":["spec","in","a"]}])", R"({"spec":{"a":1}})",
       R"({"spec":{"in":{"a":1}}})"},
      {"two fields can change places",
       R"([{"do":"move","spoke":["c"],"hub":["old","c"]},
           {"do":"move","spoke":["new","c"],"hub":["c"]}])",
       R"({"c":"old","new":{"c":"new"}})", R"({"c":"new","old":{"c":"old"}})"},
      {"an object can move and one of its fields elsewhere",
       R"([{"do":"move","spoke":["s"],"hub":["r","s"]},
           {"do":"move","spoke":["s","p"],"hub":["d"]}])",
       R"({"s":{"p":1,"q":2}})", R"({"d":1,"r":{"s":{"q":2}}})"},
      {"a duration becomes seconds", R"([{"do":"seconds","spoke":["wait"],"hub":["waitSeconds"]}])",
       R"({"wait":"1h1m5s"})", R"({"waitSeconds":3665})"},
      {"a duration can be said in two places",
       R"([{"do":"seconds","spoke":["t"],"hub":["x","t"],"also":[["y","t"]]}])", R"({"t":"10s"})",
       R"({"x":{"t":10},"y":{"t":10}})"},
      {"a reference gets the version that is in use and the object's namespace",
       R"([{"do":"reference","spoke":["ref"],"hub":["ref"]}])",
       R"({"ref":{"apiVersion":"infra.dev/v1alpha7","kind":"Box","name":"b","namespace":"here"}})",
       R"({"ref":{"apiGroup":"infra.dev","kind":"Box","name":"b"}})"},
      {"a reference of an unknown kind gets the version that is converted to",
       R"([{"do":"reference","spoke":["ref"],"hub":["ref"]}])",
       R"({"ref":{"apiVersion":"unknown.dev/v1beta1","kind":"Box","name":"b","namespace":"here"}})",
       R"({"ref":{"apiGroup":"unknown.dev","kind":"Box","name":"b"}})"},
      {"a reference can be of a fixed kind",
       R"([{"do":"reference","spoke":["node"],"hub":["node"],"apiVersion":"v1","kind":"Node"}])",
       R"({"node":{"apiVersion":"v1","kind":"Node","name":"n"}})", R"({"node":{"name":"n"}})"},
      {"a map of scalars becomes a list",
       R"([{"do":"named","spoke":["args"],"hub":["args"],"key":"name","value":"value"}])",
       R"({"args":{"a":"1","b":"2"}})",
       R"({"args":[{"name":"a","value":"1"},{"name":"b","value":"2"}]})"},
      {"a map of objects becomes a list",
       R"([{"do":"named","spoke":["zones"],"hub":["zones"],"key":"name"}])",
       R"({"zones":{"a":{"big":true},"b":{}}})",
       R"({"zones":[{"name":"a","big":true},{"name":"b"}]})"},
      {"steps apply to each item of a list that moves",
       R"([{"do":"in","spoke":["l"],"hub":["m"],"each":["[]"],
            "steps":[{"do":"seconds","spoke":["t"],"hub":["s"]}]}])",
       R"({"l":[{"t":"1s"},{"t":"2s","k":1}]})", R"({"m":[{"s":1},{"s":2,"k":1}]})"},
      {"steps apply to an object that stays",
       R"([{"do":"in","spoke":["spec"],"hub":["spec"],
            "steps":[{"do":"move","spoke":["a"],"hub":["b"]}]}])",
       R"({"spec":{"a":1}})", R"({"spec":{"b":1}})"},
      {"a null reference or duration is left alone",
       R"([{"do":"seconds","spoke":["a"],"hub":["b"]}])", R"({"a":null})", R"({"b":null})"},
  };
  for (const Pair& pair : pairs) {
    SCOPED_TRACE(pair.sentence);
    const Converter with = converter(pair.steps);
    EXPECT_EQ(convert(with, object(kOld, pair.old_body), kNew), object(kNew, pair.new_body));
    EXPECT_EQ(convert(with, object(kNew, pair.new_body), kOld), object(kOld, pair.old_body));
  }
}

TEST(Conversion, says_what_follows_from_a_number_and_leaves_the_number_to_other_steps) {
  const Converter with = converter(
      R"([{"do":"positive","spoke":["ready"],"hub":["old","count"]},
          {"do":"move","spoke":["count"],"hub":["old","count"]}])",
      R"({"fields":{"ready":{"drop":true}}})");
  const auto down = [&](const char* body) { return convert(with, object(kNew, body), kOld); };
  EXPECT_EQ(down(R"({"old":{"count":2}})"), object(kOld, R"({"count":2,"ready":true})"));
  EXPECT_EQ(down(R"({"old":{"count":0}})"), object(kOld, R"({"count":0,"ready":false})"));
  EXPECT_EQ(down("{}"), object(kOld, "{}"));
  EXPECT_EQ(convert(with, object(kOld, R"({"count":2,"ready":true})"), kNew),
            object(kNew, R"({"old":{"count":2}})"));
  const Json denied = object(kOld, R"({"count":2,"ready":false})");
  EXPECT_EQ(convert(with, convert(with, denied, kNew), kOld), denied) << "as it was written";
}

TEST(Conversion, reads_durations_as_go_writes_them) {
  const Converter with = converter(R"([{"do":"seconds","spoke":["t"],"hub":["t"]}])");
  const std::pair<const char*, int> durations[] = {{"0", 0},       {"0s", 0},     {"90s", 90},
                                                   {"1.5h", 5400}, {"1500ms", 1}, {"-10s", -10},
                                                   {"+1m", 60},    {"10us", 0},   {"2h0m1s", 7201}};
  for (const auto& [text, seconds] : durations) {
    const Json from = object(kOld, (R"({"t":")" + std::string(text) + "\"}").c_str());
    EXPECT_EQ(convert(with, from, kNew)["t"], seconds) << text;
  }
}

TEST(Conversion, keeps_a_spelling_that_the_stored_version_cannot_have) {
  const Converter with = converter(R"([{"do":"seconds","spoke":["t"],"hub":["t"]}])");
  const Json old = object(kOld, R"({"t":"10m"})");
  const Json stored = convert(with, old, kNew);
  EXPECT_TRUE(stored["metadata"]["annotations"].contains(kSpokeData));
  EXPECT_EQ(convert(with, stored, kOld), old);
}

TEST(Conversion, forgets_the_spelling_when_the_value_was_changed) {
  const Converter with = converter(R"([{"do":"seconds","spoke":["t"],"hub":["t"]}])");
  Json stored = convert(with, object(kOld, R"({"t":"10m"})"), kNew);
  stored["t"] = 30;
  EXPECT_EQ(convert(with, stored, kOld), object(kOld, R"({"t":"30s"})"));
}

TEST(Conversion, adds_no_annotation_where_nothing_is_lost) {
  const Converter with = converter(R"([{"do":"move","spoke":["a"],"hub":["b"]}])");
  EXPECT_FALSE(convert(with, object(kOld, R"({"a":1})"), kNew)["metadata"].contains("annotations"));
}

TEST(Conversion, keeps_fields_that_only_one_version_has) {
  const char* shape = R"({"fields":{"spec":{"fields":{"only":{"drop":true}}}}})";
  const Converter from_old = converter("[]", shape, "{}");
  const Json old = object(kOld, R"({"spec":{"only":1,"both":2}})");
  const Json stored = convert(from_old, old, kNew);
  EXPECT_EQ(body(stored), Json::parse(R"({"spec":{"both":2}})"));
  EXPECT_EQ(convert(from_old, stored, kOld), old);

  const Converter from_new = converter("[]", "{}", shape);
  const Json hub = object(kNew, R"({"spec":{"only":1,"both":2}})");
  const Json older = convert(from_new, hub, kOld);
  EXPECT_EQ(body(older), Json::parse(R"({"spec":{"both":2}})"));
  EXPECT_EQ(Json::parse(older["metadata"]["annotations"][kHubData].get<std::string>()),
            Json::parse(R"({"spec":{"only":1,"both":2}})"));
  EXPECT_EQ(convert(from_new, older, kNew), hub);
}

TEST(Conversion, lets_an_edit_win_over_what_was_kept) {
  const Converter with = converter("[]", "{}", R"({"fields":{"only":{"drop":true}}})");
  Json older = convert(with, object(kNew, R"({"only":1,"both":2})"), kOld);
  older["both"] = 3;
  EXPECT_EQ(body(convert(with, older, kNew)), Json::parse(R"({"only":1,"both":3})"));
}

TEST(Conversion, finds_items_again_by_their_keys_when_the_list_was_changed) {
  const char* shape =
      R"({"fields":{"l":{"keys":["name"],"items":{"fields":{"only":{"drop":true}}}}}})";
  const Converter with = converter("[]", R"({"fields":{"l":{"keys":["name"]}}})", shape);
  Json older = convert(with, object(kNew, R"({"l":[{"name":"a","only":1},{"name":"b"}]})"), kOld);
  older["l"].insert(older["l"].begin(), Json{{"name", "new"}});
  EXPECT_EQ(body(convert(with, older, kNew)),
            Json::parse(R"({"l":[{"name":"new"},{"name":"a","only":1},{"name":"b"}]})"));
}

TEST(Conversion, gives_nothing_of_a_removed_object_back) {
  const char* shape = R"({"fields":{"o":{"fields":{"only":{"drop":true}}}}})";
  const Converter with = converter("[]", "{}", shape);
  Json older = convert(with, object(kNew, R"({"o":{"only":1,"both":2},"p":1})"), kOld);
  older.erase("o");
  EXPECT_EQ(body(convert(with, older, kNew)), Json::parse(R"({"p":1})"));
}

TEST(Conversion, leaves_out_what_the_stored_version_refuses_as_empty) {
  const Converter with = converter(
      "[]", "{}",
      R"({"fields":{"e":{"omit":true,"fields":{"host":{"omit":true},"port":{"omit":true}}}}})");
  const Json old = object(kOld, R"({"e":{"host":"","port":0},"k":1})");
  const Json stored = convert(with, old, kNew);
  EXPECT_EQ(body(stored), Json::parse(R"({"k":1})"));
  EXPECT_EQ(convert(with, stored, kOld), old);
}

TEST(Conversion, leaves_other_annotations_and_metadata_alone) {
  const Converter with = converter(R"([{"do":"seconds","spoke":["t"],"hub":["t"]}])");
  Json old = object(kOld, R"({"t":"10m"})");
  old["metadata"]["annotations"] = {{"mine", "yes"}};
  old["metadata"]["labels"] = {{"a", "b"}};
  EXPECT_EQ(convert(with, convert(with, old, kNew), kOld), old);
}

TEST(Conversion, survives_annotations_that_someone_else_wrote) {
  const Converter with = converter(R"([{"do":"seconds","spoke":["t"],"hub":["t"]}])");
  for (const char* text : {"", "no JSON", "[]", "{}", R"({"f":1})", R"({"f":{"t":{"b":5}}})",
                           R"({"t":{"deep":1}})", R"({"f":{"t":{"i":{"9":{}},"n":-1}}})"}) {
    SCOPED_TRACE(text);
    Json old = object(kOld, R"({"t":"5s"})");
    old["metadata"]["annotations"] = {{kHubData, text}};
    EXPECT_EQ(body(convert(with, old, kNew))["t"], 5);
    Json stored = object(kNew, R"({"t":6})");
    stored["metadata"]["annotations"] = {{kSpokeData, text}};
    EXPECT_TRUE(with.convert(stored, kOld, version_of).ok());
  }
}

TEST(Conversion, reads_what_cluster_api_kept) {
  // Cluster API keeps the whole object, also where nothing is lost.
  const Converter with = converter(R"([{"do":"move","spoke":["a"],"hub":["b"]}])", "{}",
                                   R"({"fields":{"only":{"drop":true}}})");
  Json old = object(kOld, R"({"a":1})");
  old["metadata"]["annotations"] = {{kHubData, R"({"b":1,"only":{"x":2}})"}};
  EXPECT_EQ(convert(with, old, kNew), object(kNew, R"({"b":1,"only":{"x":2}})"));
}

TEST(Conversion, says_which_object_and_field_is_wrong_and_what_was_expected) {
  const Converter with = converter(
      R"([{"do":"in","spoke":["spec"],"hub":["spec"],"steps":[
           {"do":"seconds","spoke":["wait"],"hub":["waitSeconds"]},
           {"do":"in","spoke":["checks"],"hub":["checks"],"each":["[]"],
            "steps":[{"do":"seconds","spoke":["t"],"hub":["s"]}]}]}])");
  EXPECT_EQ(error_of(with, object(kOld, R"({"spec":{"wait":5}})"), kNew),
            "Thing.example.dev here/one cannot become example.dev/v1beta2: spec.wait: expected a "
            "duration such as 90s or 1h30m, found 5; correct the field");
  EXPECT_EQ(error_of(with, object(kOld, R"({"spec":{"checks":[{"t":"1s"},{"t":"soon"}]}})"), kNew),
            "Thing.example.dev here/one cannot become example.dev/v1beta2: spec.checks[1].t: "
            "expected a duration such as 90s or 1h30m, found \"soon\"; correct the field");
  EXPECT_EQ(error_of(with, object(kOld, R"({"spec":{"checks":5}})"), kNew),
            "Thing.example.dev here/one cannot become example.dev/v1beta2: spec.checks: expected a "
            "list or map, found 5; correct the field");
  EXPECT_EQ(error_of(with, object("example.dev/v1", "{}"), kNew),
            "Thing.example.dev here/one: there is no conversion from example.dev/v1 to "
            "example.dev/v1beta2; use a version that the kind serves");
}

TEST(Conversion, refuses_rules_that_it_does_not_know) {
  const Json rules = Json::parse(
      R"({"hub":"g/v2","spokes":{"g/v1":{"steps":[{"do":"magic","spoke":["a"],"hub":["b"]}],
          "spokeShape":{},"hubShape":{}}}})");
  const Result<Converter> created = Converter::create(rules);
  ASSERT_FALSE(created.ok());
  EXPECT_EQ(created.error().message,
            "conversion rules: unknown step `magic`; the provider may need a newer Capstan");
  EXPECT_FALSE(Converter::create(Json()).ok());
  EXPECT_FALSE(Converter::create(Json::parse(R"({"hub":"g/v2","spokes":{"g/v1":{}}})")).ok());
  EXPECT_FALSE(Converter::create(Json::parse(R"({"hub":"g/v2","spokes":{"g/v1":1}})")).ok());
}

}  // namespace
}  // namespace capstan
