#include <capstan/secret_string.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <type_traits>

namespace capstan::sdk {
namespace {

static_assert(!std::is_copy_constructible_v<SecretString>, "a secret is in one place");

TEST(SecretStringTest, wiping_leaves_no_byte_of_the_value) {
  SecretString secret("the value of a secret");
  const char* bytes = secret.reveal().data();
  const size_t size = secret.size();
  secret.wipe();
  EXPECT_TRUE(secret.empty());
  EXPECT_TRUE(std::all_of(bytes, bytes + size, [](char c) { return c == 0; }));
}

TEST(SecretStringTest, a_move_hands_the_memory_on_and_leaves_nothing_behind) {
  SecretString first("short");
  const char* bytes = first.reveal().data();
  SecretString second(std::move(first));
  EXPECT_EQ(second.reveal().data(), bytes) << "also of a short value";
  EXPECT_EQ(second.reveal(), "short");
  EXPECT_TRUE(first.empty());  // NOLINT: what is left is the point
  SecretString third("another");
  third = std::move(second);
  EXPECT_EQ(third.reveal(), "short");
  SecretString fourth;
  fourth = std::move(third);
}

TEST(SecretStringTest, a_value_written_in_pieces_is_whole) {
  SecretString secret;
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    secret.append("piece " + std::to_string(i));
    expected += "piece " + std::to_string(i);
  }
  secret.append("");
  EXPECT_EQ(secret.reveal(), expected);
}

}  // namespace
}  // namespace capstan::sdk
