#include "plugins/docker/machine/inotify_hint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace capstan::docker {
namespace {

using testing::HasSubstr;

class InotifyHintTest : public testing::Test {
 protected:
  ~InotifyHintTest() override { std::filesystem::remove(file_); }
  std::string hint(const std::string& text) const {
    std::ofstream(file_) << text;
    return inotify_hint(file_);
  }
  const std::string file_ = testing::TempDir() + "capstan-inotify-" + std::to_string(::getpid());
};

TEST_F(InotifyHintTest, a_low_limit_is_named_with_what_to_do) {
  EXPECT_THAT(hint("128\n"), HasSubstr("a user has 128 here"));
  EXPECT_THAT(hint("128\n"), HasSubstr("sysctl -w fs.inotify.max_user_instances=1024"));
}

TEST_F(InotifyHintTest, a_high_or_unknown_limit_is_no_reason) {
  EXPECT_EQ(hint("1024\n"), "");
  EXPECT_EQ(hint("no number"), "");
  EXPECT_EQ(inotify_hint("/nowhere"), "");
}

}  // namespace
}  // namespace capstan::docker
