#include "plugins/memory/startup.h"

#include <gtest/gtest.h>

namespace capstan::memory {
namespace {

using std::chrono::seconds;

const Instant kBegin{std::chrono::hours(1000)};

Json part(const char* duration, const char* jitter) {
  return {{"provisioning", {{"startupDuration", duration}, {"startupJitter", jitter}}}};
}

TEST(StartupTest, what_names_no_duration_takes_no_time) {
  const Startup startup = *plan_startup(Json::object(), "uid", kBegin);
  EXPECT_EQ(startup.vm, kBegin);
  EXPECT_EQ(startup.api_server, kBegin);
}

TEST(StartupTest, the_parts_follow_one_another) {
  const Startup startup = *plan_startup({{"vm", part("10s", "0")},
                                         {"node", part("2s", "0")},
                                         {"etcd", part("3s", "0")},
                                         {"apiServer", part("1m", "0")}},
                                        "uid", kBegin);
  EXPECT_EQ(startup.vm, kBegin + seconds(10));
  EXPECT_EQ(startup.node, kBegin + seconds(12));
  EXPECT_EQ(startup.etcd, kBegin + seconds(15));
  EXPECT_EQ(startup.api_server, kBegin + seconds(75));
}

TEST(StartupTest, the_jitter_is_a_fraction_of_the_duration_and_the_same_for_the_same_machine) {
  const Json backend = {{"vm", part("10s", "0.2")}};
  const Startup startup = *plan_startup(backend, "one", kBegin);
  EXPECT_GE(startup.vm, kBegin + seconds(10));
  EXPECT_LT(startup.vm, kBegin + seconds(12));
  EXPECT_EQ(plan_startup(backend, "one", kBegin)->vm, startup.vm);
  EXPECT_NE(plan_startup(backend, "two", kBegin)->vm, startup.vm);
}

TEST(StartupTest, what_is_no_duration_or_no_fraction_is_told_with_its_field) {
  const auto duration = plan_startup({{"node", part("soon", "0")}}, "uid", kBegin);
  ASSERT_FALSE(duration.ok());
  EXPECT_EQ(duration.error().fields.at(0).field,
            "spec.backend.inMemory.node.provisioning.startupDuration");
  const auto jitter = plan_startup({{"vm", part("1s", "much")}}, "uid", kBegin);
  ASSERT_FALSE(jitter.ok());
  EXPECT_EQ(jitter.error().fields.at(0).field,
            "spec.backend.inMemory.vm.provisioning.startupJitter");
  EXPECT_FALSE(plan_startup({{"vm", part("-1s", "0")}}, "uid", kBegin).ok());
  EXPECT_FALSE(plan_startup({{"vm", part("1s", "nan")}}, "uid", kBegin).ok());
}

}  // namespace
}  // namespace capstan::memory
