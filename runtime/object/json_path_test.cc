#include "runtime/object/json_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan {
namespace {

using ::testing::HasSubstr;

const char* kMachine = R"({
  "metadata": {"name": "m", "creationTimestamp": "2026-01-01T00:00:00Z",
    "labels": {"cluster.x-k8s.io/cluster-name": "c1"}},
  "spec": {"replicas": 3, "ratio": 1.5, "paused": true, "args": [["a", "b"], ["c"]]},
  "status": {"conditions": [{"type": "Available", "status": "False", "n": 1},
                            {"type": "Ready", "status": "True", "n": 2}],
    "addresses": [{"type": "InternalIP", "address": "10.0.0.1"},
                  {"type": "InternalIP", "address": "10.0.0.2"}]}})";

struct Case {
  const char* path;
  const char* found;  // the JSON list of what it leads to
};

class JsonPathTest : public ::testing::TestWithParam<Case> {};

TEST_P(JsonPathTest, leads_to) {
  const Json machine = *parse_json(kMachine);
  const Result<JsonPath> path = JsonPath::compile(GetParam().path);
  ASSERT_TRUE(path.ok()) << path.error().message;
  Json found = Json::array();
  for (const Json* value : path->find(machine)) found.push_back(*value);
  EXPECT_EQ(found, *parse_json(GetParam().found)) << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(
    Paths, JsonPathTest,
    ::testing::Values(
        Case{".metadata.name", R"(["m"])"}, Case{"metadata.name", R"(["m"])"},
        Case{"{.metadata.name}", R"(["m"])"}, Case{"$.metadata.name", R"(["m"])"},
        Case{".metadata.missing.deep", "[]"},
        Case{R"(.metadata.labels.cluster\.x-k8s\.io/cluster-name)", R"(["c1"])"},
        Case{R"(.metadata.labels['cluster\.x-k8s\.io/cluster-name'])", R"(["c1"])"},
        Case{R"(.metadata.labels['cluster.x-k8s.io/cluster-name'])", R"(["c1"])"},
        Case{R"(.metadata.labels["cluster.x-k8s.io/cluster-name"])", R"(["c1"])"},
        Case{R"(.status.conditions[?(@.type=="Ready")].status)", R"(["True"])"},
        Case{R"(.status.conditions[?(@.type=='Ready')].status)", R"(["True"])"},
        Case{R"(.status.conditions[?(@.type != "Ready")].status)", R"(["False"])"},
        Case{R"(.status.conditions[?(@.n>=2)].type)", R"(["Ready"])"},
        Case{R"(.status.conditions[?(@.missing)].type)", "[]"},
        Case{R"(.status.conditions[?(@.n)].type)", R"(["Available","Ready"])"},
        Case{R"(.status.conditions[?(@.n==@.n)].n)", "[1,2]"},
        Case{".status.addresses[*].address", R"(["10.0.0.1","10.0.0.2"])"},
        Case{".status.addresses[0].address", R"(["10.0.0.1"])"},
        Case{".status.addresses[-1].address", R"(["10.0.0.2"])"},
        Case{".status.addresses[5].address", "[]"}, Case{".spec.args[0][0:1]", R"(["a"])"},
        Case{".spec.args[0][::2]", R"(["a"])"}, Case{".spec.args[0][0,1]", R"(["a","b"])"},
        Case{".spec['replicas','ratio']", "[3,1.5]"},
        Case{"..address", R"(["10.0.0.1","10.0.0.2"])"}, Case{".spec.args.*[0]", R"(["a","c"])"}));

TEST(JsonPathTest, a_mistake_is_named_with_its_position) {
  for (const char* text : {".a[", ".a[x]", ".a['x", ".a[?(@.b==)]", ".a..", ".a]", ".a[1:2:0]",
                           ".a[?(b)]", "..a..b..c", ".a[99999999999999999999]"}) {
    EXPECT_FALSE(JsonPath::compile(text).ok()) << text;
  }
  EXPECT_THAT(JsonPath::compile(".a[x]").error().message,
              HasSubstr(R"(JSONPath ".a[x]": expected an index, a quoted name, "*" or a filter)"));
}

struct Cell {
  const char* path;
  const char* type;
  const char* cell;  // JSON
};

class TableCellTest : public ::testing::TestWithParam<Cell> {};

TEST_P(TableCellTest, has_the_columns_type) {
  const Json machine = *parse_json(kMachine);
  const Instant now = *parse_time("2026-01-01T00:03:20Z");
  EXPECT_EQ(table_cell(*JsonPath::compile(GetParam().path), GetParam().type, machine, now),
            *parse_json(GetParam().cell));
}

INSTANTIATE_TEST_SUITE_P(Types, TableCellTest,
                         ::testing::Values(Cell{".spec.replicas", "integer", "3"},
                                           Cell{".spec.ratio", "integer", "2"},
                                           Cell{".spec.ratio", "number", "1.5"},
                                           Cell{".spec.replicas", "string", "\"3\""},
                                           Cell{".spec.paused", "boolean", "true"},
                                           Cell{".spec.paused", "integer", "null"},
                                           Cell{".spec.paused", "string", "\"true\""},
                                           Cell{".spec.none", "string", "null"},
                                           Cell{".metadata.creationTimestamp", "date", "\"3m20s\""},
                                           Cell{".metadata.name", "date", "\"<invalid>\""},
                                           Cell{".spec.args[1]", "string", R"("[\"c\"]")"}));

}  // namespace
}  // namespace capstan
