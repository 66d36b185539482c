// What `isolation: sandbox` refuses, each tried by a plugin that is inside, and that the same
// plugin may do it where it is only in a process of its own.
#include <unistd.h>

#include "runtime/isolation/landlock.h"
#include "tests/isolation/zoo_test_case.h"

namespace capstan::isolation {
namespace {

class SandboxTest : public ZooTestCase {
 protected:
  static void SetUpTestSuite() {
    std::filesystem::create_directories(ZOO_ALLOWED_PATH);
    std::filesystem::remove("/var/tmp/capstan-zoo");
  }
  std::unique_ptr<IsolatedProvider> sandboxed() {
    IsolationOptions inside = options();
    inside.sandbox = true;
    return start(inside);
  }
  std::string attempt(Provider& provider, const std::string& what) {
    return seen(provider, "try-" + what);
  }
};

TEST_F(SandboxTest, it_works_as_before_with_calls_services_threads_and_large_messages) {
  ::setenv("CAPSTAN_ZOO_TOKEN", "s3cret", 1);
  const auto provider = sandboxed();
  EXPECT_EQ(seen(*provider, "use-services"), "s3cret");
  EXPECT_EQ(seen(*provider, "large").size(), 300'000u);
  EXPECT_EQ(reconcile(*provider, "slow", within(20ms)).status, Code::kCancelled);
  EXPECT_EQ(provider->state().isolation, "sandbox");
  ::unsetenv("CAPSTAN_ZOO_TOKEN");
}

TEST_F(SandboxTest, system_calls_that_no_provider_needs_are_refused) {
  const auto provider = sandboxed();
  for (const char* act : {"ptrace", "mount", "namespace", "bpf", "host-memory", "set-clock",
                          "raw-socket", "setuid", "run-program"}) {
    EXPECT_EQ(attempt(*provider, act), "refused: Operation not permitted") << act;
  }
}

TEST_F(SandboxTest, files_outside_of_the_manifest_are_out_of_reach) {
  if (landlock_version() < 1) GTEST_SKIP() << "this kernel has no Landlock";
  const auto provider = sandboxed();
  for (const char* act : {"read-shadow", "read-home", "read-parent", "write-file"}) {
    EXPECT_EQ(attempt(*provider, act), "refused: Permission denied") << act;
  }
  EXPECT_EQ(attempt(*provider, "write-allowed"), "done");
  EXPECT_EQ(attempt(*provider, "read-resolver"), "done");
}

TEST_F(SandboxTest, a_test_can_let_it_reach_where_its_fake_is) {
  if (landlock_version() < 4) GTEST_SKIP() << "this kernel's Landlock knows no ports";
  IsolationOptions inside = options();
  inside.sandbox = true;
  inside.more_needs.hosts = {"127.0.0.1:2"};
  inside.more_needs.paths = {"/var/tmp"};
  const auto provider = start(inside);
  EXPECT_EQ(attempt(*provider, "connect-elsewhere"), "refused: Connection refused");
  EXPECT_EQ(attempt(*provider, "write-file"), "done");
  std::filesystem::remove("/var/tmp/capstan-zoo");
  EXPECT_EQ(attempt(*provider, "read-home"), "refused: Permission denied");
}

TEST_F(SandboxTest, tcp_goes_only_to_ports_of_the_manifest) {
  if (landlock_version() < 4) GTEST_SKIP() << "this kernel's Landlock knows no ports";
  const auto provider = sandboxed();
  EXPECT_EQ(attempt(*provider, "connect-allowed"), "refused: Connection refused");
  EXPECT_EQ(attempt(*provider, "connect-elsewhere"), "refused: Permission denied");
}

TEST_F(SandboxTest, it_listens_only_where_the_manifest_says_so) {
  if (landlock_version() < 4) GTEST_SKIP() << "this kernel's Landlock knows no ports";
  EXPECT_EQ(attempt(*sandboxed(), "listen"), "refused: Permission denied");
  IsolationOptions inside = options();
  inside.sandbox = true;
  const auto listening = start(inside, {{"listen", "loopback"}});
  EXPECT_EQ(attempt(*listening, "listen"), "done");
  EXPECT_THAT(listening->state().notices, testing::Contains(HasSubstr("needs.listen")));
}

TEST_F(SandboxTest, the_host_cannot_be_signalled) {
  if (landlock_version() < 6) GTEST_SKIP() << "this kernel's Landlock knows no signals";
  EXPECT_EQ(attempt(*sandboxed(), "signal-host"), "refused: Operation not permitted");
}

TEST_F(SandboxTest, what_is_not_enforced_is_told) {
  const std::vector<std::string> notices = sandboxed()->state().notices;
  EXPECT_THAT(notices, testing::Contains(HasSubstr("by port only, not by name")));
  EXPECT_THAT(notices, testing::Contains(HasSubstr("Unix sockets")));
}

TEST_F(SandboxTest, in_a_process_only_the_same_acts_are_up_to_the_system) {
  const auto provider = start();
  EXPECT_EQ(attempt(*provider, "run-program"), "done");
  EXPECT_EQ(attempt(*provider, "signal-host"), "done");
  EXPECT_EQ(attempt(*provider, "connect-elsewhere"), "refused: Connection refused");
  EXPECT_EQ(attempt(*provider, "write-file"), "done");
  std::filesystem::remove("/var/tmp/capstan-zoo");
  EXPECT_TRUE(provider->state().notices.empty());
}

TEST(LandlockTest, an_older_kernel_is_named_with_what_it_lacks) {
  std::vector<std::string> notices;
  ASSERT_TRUE(landlock_restrict({}, 0, notices).ok());
  EXPECT_EQ(notices, std::vector<std::string>{
                         "files and ports are not limited: this kernel has no Landlock"});
}

}  // namespace
}  // namespace capstan::isolation
