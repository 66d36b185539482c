#include "runtime/isolation/cgroup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "runtime/system/file.h"

namespace capstan::isolation {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// A tree of files as the kernel shows it; the kernel itself is not asked.
class CgroupTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "capstan-cgroup-" + std::to_string(::getpid());
    fs::create_directories(service());
    write(root_ + "/self", "1:memory:/x\n0::/system.slice/capstan.service\n");
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string service() const { return root_ + "/system.slice/capstan.service"; }
  void write(const std::string& path, const std::string& text) {
    ASSERT_TRUE(write_file(path, text).ok());
  }
  std::string read(const std::string& path) { return read_file(path).value_or("absent"); }
  Result<Cgroup> make(PluginLimits limits) {
    return Cgroup::make({root_, root_ + "/self"}, "capstan-acme", limits);
  }
  std::string root_;
};

TEST_F(CgroupTest, a_group_stands_beside_this_program_s_with_the_limits) {
  write(root_ + "/system.slice/cgroup.subtree_control", "cpu memory pids\n");
  const std::string folder = root_ + "/system.slice/capstan-acme";
  auto group = make({.memory_bytes = 1 << 20, .processes = 7});
  ASSERT_TRUE(group.ok()) << group.error().message;
  EXPECT_EQ(read(folder + "/memory.max"), "1048576");
  EXPECT_EQ(read(folder + "/pids.max"), "7");
  ASSERT_TRUE(group->add(42).ok());
  EXPECT_EQ(read(folder + "/cgroup.procs"), "42");
  EXPECT_FALSE(group->ran_out_of_memory());
  write(folder + "/memory.events", "low 0\noom 1\noom_kill 1\noom_group_kill 0\n");
  EXPECT_TRUE(group->ran_out_of_memory());
}

TEST_F(CgroupTest, without_the_controllers_the_reason_says_what_to_do) {
  write(root_ + "/system.slice/cgroup.controllers", "hugetlb\n");
  write(root_ + "/system.slice/cgroup.subtree_control", "\n");
  const auto group = make({.memory_bytes = 1 << 20});
  ASSERT_FALSE(group.ok());
  EXPECT_THAT(group.error().message, HasSubstr("may make no groups with memory"));
  EXPECT_THAT(group.error().message, HasSubstr("Delegate=yes"));
}

TEST_F(CgroupTest, a_machine_with_version_1_only_has_none) {
  write(root_ + "/self", "4:memory:/x\n");
  const auto group = make({.processes = 7});
  ASSERT_FALSE(group.ok());
  EXPECT_THAT(group.error().message, HasSubstr("no cgroups of version 2"));
}

}  // namespace
}  // namespace capstan::isolation
