#include "plugins/docker/client/tar.h"

#include <gtest/gtest.h>

namespace capstan::docker {
namespace {

TEST(TarTest, what_was_packed_is_unpacked) {
  const std::string tar = tar_archive({{.name = "a", .mode = 0755, .folder = true},
                                       {.name = "a/empty"},
                                       {.name = "a/block", .content = std::string(512, 'x')},
                                       {.name = "a/odd", .content = "hello\n", .mode = 0600}});
  EXPECT_EQ(tar.size() % 512, 0u);
  const auto entries = read_tar(tar);
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_TRUE(entries[0].folder);
  EXPECT_EQ(entries[1].content, "");
  EXPECT_EQ(entries[2].content, std::string(512, 'x'));
  EXPECT_EQ(entries[3].name, "a/odd");
  EXPECT_EQ(entries[3].content, "hello\n");
}

TEST(TarTest, what_is_cut_off_is_left_out) {
  const std::string tar = tar_archive(
      {{.name = "whole", .content = "1"}, {.name = "cut", .content = std::string(2000, 'x')}});
  EXPECT_EQ(read_tar(std::string_view(tar).substr(0, 2000)).size(), 1u);
  EXPECT_TRUE(read_tar("no tar").empty());
  EXPECT_TRUE(read_tar("").empty());
}

TEST(TarTest, the_header_has_the_checksum_that_tar_expects) {
  const std::string tar = tar_archive({{.name = "f"}});
  unsigned sum = 0;
  for (int i = 0; i < 512; ++i) {
    sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(tar[static_cast<size_t>(i)]);
  }
  EXPECT_EQ(std::stoul(tar.substr(148, 6), nullptr, 8), sum);
}

}  // namespace
}  // namespace capstan::docker
