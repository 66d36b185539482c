#include "plugins/docker/cluster/address_range.h"

#include <gtest/gtest.h>

namespace capstan::docker {
namespace {

bool overlap(const char* a, const char* b) {
  const bool there = AddressRange::parse(a)->overlaps(*AddressRange::parse(b));
  EXPECT_EQ(there, AddressRange::parse(b)->overlaps(*AddressRange::parse(a))) << a << " " << b;
  return there;
}

TEST(AddressRangeTest, ranges_overlap_where_one_holds_the_other) {
  EXPECT_TRUE(overlap("192.168.0.0/16", "192.168.7.0/24"));
  EXPECT_TRUE(overlap("10.128.0.0/12", "10.143.0.0/16"));
  EXPECT_TRUE(overlap("0.0.0.0/0", "172.18.0.0/16"));
  EXPECT_TRUE(overlap("fd00:1::/32", "fd00:1:2::/48"));
}

TEST(AddressRangeTest, ranges_side_by_side_do_not) {
  EXPECT_FALSE(overlap("10.128.0.0/12", "10.144.0.0/12"));
  EXPECT_FALSE(overlap("172.18.0.0/16", "172.19.0.0/16"));
  EXPECT_FALSE(overlap("10.0.0.1/32", "10.0.0.2/32"));
  EXPECT_FALSE(overlap("0.0.0.0/0", "fd00::/64")) << "of two families";
}

TEST(AddressRangeTest, what_is_no_range_is_none) {
  for (const char* text : {"", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "10.0.0.0/8x",
                           "fd00::/129", "pods/16", "/16"}) {
    EXPECT_FALSE(AddressRange::parse(text)) << text;
  }
}

}  // namespace
}  // namespace capstan::docker
