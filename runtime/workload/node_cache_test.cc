#include "runtime/workload/node_cache.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

Json node(const std::string& name, const std::string& version) {
  return {{"metadata",
           {{"name", name},
            {"resourceVersion", version},
            {"managedFields", {{{"manager", "kubelet"}}}}}},
          {"spec", {{"providerID", "memory:///" + name}}},
          {"status",
           {{"conditions",
             {{{"type", "Ready"}, {"status", "True"}, {"lastHeartbeatTime", "at " + version}}}},
            {"images", {{{"names", {"a", "b"}}}}},
            {"nodeInfo", {{"kubeletVersion", "v1.34.2"}}}}}};
}

std::string list(std::vector<Json> items, const std::string& next = "") {
  Json body = {{"kind", "NodeList"},
               {"metadata", {{"resourceVersion", "10"}, {"continue", next}}},
               {"items", items}};
  return dump_json(body);
}

std::string event(const std::string& type, const Json& object) {
  return dump_json({{"type", type}, {"object", object}});
}

TEST(NodeCacheTest, a_node_keeps_only_what_controllers_look_at) {
  NodeCache cache;
  ASSERT_TRUE(cache.put_page(list({node("a", "1")})).ok());
  const Json kept = *cache.nodes().at(0);
  EXPECT_EQ(kept["kind"], "Node");
  EXPECT_EQ(kept["spec"]["providerID"], "memory:///a");
  EXPECT_EQ(kept["status"]["nodeInfo"]["kubeletVersion"], "v1.34.2");
  EXPECT_EQ(kept["status"]["conditions"][0]["status"], "True");
  EXPECT_FALSE(kept["status"].contains("images"));
  EXPECT_FALSE(kept["metadata"].contains("managedFields"));
}

TEST(NodeCacheTest, a_list_in_pages_replaces_all_at_its_end) {
  NodeCache cache;
  ASSERT_TRUE(cache.put_page(list({node("old", "1")})).ok());
  EXPECT_EQ(*cache.put_page(list({node("a", "2")}, "token")), "token");
  EXPECT_EQ(cache.nodes().size(), 1u);
  EXPECT_EQ(get_string(*cache.nodes()[0], {"metadata", "name"}), "old");
  EXPECT_EQ(*cache.put_page(list({node("b", "3")})), "");
  EXPECT_TRUE(cache.list_changed());
  EXPECT_EQ(cache.nodes().size(), 2u);
  EXPECT_EQ(cache.resource_version(), "10");
}

TEST(NodeCacheTest, the_same_list_again_is_no_change) {
  NodeCache cache;
  ASSERT_TRUE(cache.put_page(list({node("a", "1")})).ok());
  EXPECT_TRUE(cache.list_changed());
  ASSERT_TRUE(cache.put_page(list({node("a", "2")})).ok());
  EXPECT_FALSE(cache.list_changed());
}

TEST(NodeCacheTest, events_change_the_nodes_and_move_the_version) {
  NodeCache cache;
  ASSERT_TRUE(cache.put_page(list({node("a", "1")})).ok());
  EXPECT_TRUE(*cache.apply(event("ADDED", node("b", "11"))));
  EXPECT_EQ(cache.nodes().size(), 2u);
  Json cordoned = node("b", "12");
  cordoned["spec"]["unschedulable"] = true;
  EXPECT_TRUE(*cache.apply(event("MODIFIED", cordoned)));
  EXPECT_TRUE(*cache.apply(event("DELETED", node("a", "13"))));
  EXPECT_EQ(cache.nodes().size(), 1u);
  EXPECT_FALSE(*cache.apply(event("BOOKMARK", {{"metadata", {{"resourceVersion", "20"}}}})));
  EXPECT_EQ(cache.resource_version(), "20");
}

TEST(NodeCacheTest, a_heartbeat_is_no_change) {
  NodeCache cache;
  ASSERT_TRUE(cache.put_page(list({node("a", "1")})).ok());
  EXPECT_FALSE(*cache.apply(event("MODIFIED", node("a", "11"))));
  EXPECT_EQ(cache.resource_version(), "11");
}

TEST(NodeCacheTest, an_expired_version_asks_for_a_new_list) {
  NodeCache cache;
  const auto result =
      cache.apply(event("ERROR", {{"code", 410}, {"message", "too old resource version"}}));
  EXPECT_EQ(result.code(), Code::kExpired);
  EXPECT_EQ(cache.apply(event("ERROR", {{"code", 500}})).code(), Code::kUnavailable);
}

TEST(NodeCacheTest, nonsense_is_an_error) {
  NodeCache cache;
  for (const char* text : {"", "[]", "{", "1", "{\"items\":1}", "{\"items\":[]}"}) {
    EXPECT_FALSE(cache.put_page(text).ok()) << text;
    EXPECT_FALSE(cache.apply(text).ok()) << text;
  }
  EXPECT_TRUE(cache.apply(R"({"type":"ADDED","object":{"metadata":[],"status":7}})").ok());
}

}  // namespace
}  // namespace capstan
