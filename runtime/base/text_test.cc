#include "runtime/base/text.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

TEST(TextTest, base64_round_trips_every_length) {
  for (const char* text : {"", "a", "ab", "abc", "abcd", "any carnal pleas"}) {
    EXPECT_EQ(*base64_decode(base64_encode(text)), text);
  }
  EXPECT_EQ(base64_encode("abcd"), "YWJjZA==");
}

TEST(TextTest, base64_tolerates_line_breaks_and_refuses_garbage) {
  EXPECT_EQ(*base64_decode("YW\nJj\r\nZA"), "abcd");
  EXPECT_FALSE(base64_decode("Y*==").ok());
  EXPECT_FALSE(base64_decode("Y").ok());
  EXPECT_FALSE(base64_decode("YQ==YQ==").ok());
}

TEST(TextTest, sha256_matches_the_standard_vector) {
  EXPECT_EQ(hex_encode(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(TextTest, split_and_join_are_inverse) {
  EXPECT_EQ(split("a,b,,c", ',').size(), 4U);
  EXPECT_EQ(join(split("a,b,,c", ','), ","), "a,b,,c");
  EXPECT_EQ(join(split(",", ','), ","), ",");
}

}  // namespace
}  // namespace capstan
