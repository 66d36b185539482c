#include "runtime/api/routes.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

TEST(RouteTableTest, a_pattern_names_the_parts_of_the_path) {
  const RouteTable routes({{"POST", "/api/v1/namespaces/{namespace}/pods/{name}/eviction", {}},
                           {"", "/debug/{rest...}", {}}});
  const auto match = routes.find("POST", "/api/v1/namespaces/kube-system/pods/dns/eviction");
  ASSERT_TRUE(match);
  EXPECT_EQ(match->parts.at("namespace"), "kube-system");
  EXPECT_EQ(match->parts.at("name"), "dns");
  EXPECT_FALSE(routes.find("GET", "/api/v1/namespaces/kube-system/pods/dns/eviction"));
  EXPECT_FALSE(routes.find("POST", "/api/v1/namespaces/kube-system/pods/dns"));
  EXPECT_FALSE(routes.find("POST", "/api/v1/namespaces/kube-system/pods/dns/eviction/more"));
  EXPECT_EQ(routes.find("GET", "/debug/a/b")->parts.at("rest"), "a/b");
}

}  // namespace
}  // namespace capstan
