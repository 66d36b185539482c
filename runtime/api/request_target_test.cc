#include "runtime/api/request_target.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

TEST(RequestTargetTest, path_and_query_are_decoded) {
  const auto target = parse_request_target("/api/v1/a%20b?labelSelector=a%3Db%2Cc&x=1+2&x=3&y");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->path, "/api/v1/a b");
  EXPECT_EQ(target->get("labelSelector"), "a=b,c");
  EXPECT_EQ(target->all("x"), (std::vector<std::string>{"1 2", "3"}));
  EXPECT_NE(target->find("y"), nullptr);
  EXPECT_EQ(target->find("z"), nullptr);
}

TEST(RequestTargetTest, bad_escapes_and_endless_addresses_are_refused) {
  EXPECT_FALSE(parse_request_target("/a%").ok());
  EXPECT_FALSE(parse_request_target("/a%2").ok());
  EXPECT_FALSE(parse_request_target("/a?b=%zz").ok());
  EXPECT_FALSE(parse_request_target("").ok());
  EXPECT_FALSE(parse_request_target("http://x/").ok());
  EXPECT_FALSE(parse_request_target("/" + std::string(10'000, 'a')).ok());
}

TEST(RequestTargetTest, flags_are_read_as_kubernetes_does) {
  for (const char* text : {"/?w", "/?w=", "/?w=true", "/?w=True", "/?w=1", "/?w=yes"}) {
    EXPECT_TRUE(parse_request_target(text)->flag("w")) << text;
  }
  for (const char* text : {"/", "/?w=false", "/?w=False", "/?w=0"}) {
    EXPECT_FALSE(parse_request_target(text)->flag("w")) << text;
  }
}

TEST(ResourcePathTest, each_part_is_found) {
  struct Case {
    const char* path;
    ResourcePath expected;
  };
  const Case cases[] = {
      {"/api/v1/namespaces", {"", "v1", "", "namespaces", "", ""}},
      {"/api/v1/namespaces/n", {"", "v1", "", "namespaces", "n", ""}},
      {"/api/v1/namespaces/n/status", {"", "v1", "", "namespaces", "n", "status"}},
      {"/api/v1/namespaces/n/finalize", {"", "v1", "", "namespaces", "n", "finalize"}},
      {"/api/v1/namespaces/n/pods", {"", "v1", "n", "pods", "", ""}},
      {"/api/v1/namespaces/n/pods/p", {"", "v1", "n", "pods", "p", ""}},
      {"/apis/g/v2/things/t/scale", {"g", "v2", "", "things", "t", "scale"}},
      {"/api/v1/namespaces/n/pods/p/proxy/a/b", {"", "v1", "n", "pods", "p", "proxy/a/b"}},
  };
  for (const Case& c : cases) {
    const auto path = parse_resource_path(c.path);
    ASSERT_TRUE(path) << c.path;
    EXPECT_EQ(std::tie(path->group, path->version, path->ns, path->resource, path->name,
                       path->subresource),
              std::tie(c.expected.group, c.expected.version, c.expected.ns, c.expected.resource,
                       c.expected.name, c.expected.subresource))
        << c.path;
  }
}

TEST(ResourcePathTest, what_names_no_resource_is_none) {
  for (const char* path : {"/", "/api", "/api/v1", "/apis/g/v1", "/apis//v1/x", "/other/v1/x",
                           "/api/v1/pods/", "/api/v1/namespaces/n/"}) {
    EXPECT_FALSE(parse_resource_path(path)) << path;
  }
}

}  // namespace
}  // namespace capstan
