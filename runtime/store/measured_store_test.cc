#include "runtime/store/measured_store.h"

#include <gtest/gtest.h>

#include "runtime/store/store_testing.h"

namespace capstan {
namespace {

using namespace store_testing;

TEST(MeasuredStoreTest, writes_are_counted_and_commits_timed_whether_they_succeed_or_not) {
  MetricsRegistry metrics;
  ManualClock clock;
  const auto store = measured_store(make_memory_store(), metrics, clock);
  // The listener runs before commit() returns: the time that passes there is the commit's.
  ASSERT_TRUE(store
                  ->load([](ObjectPtr) {},
                         [&](const std::vector<StoreEvent>&) {
                           clock.advance(std::chrono::milliseconds(20));
                         })
                  .ok());
  ASSERT_TRUE(store->commit({create(machine({"a"})), create(machine({"b"}))}).ok());
  EXPECT_EQ(store->commit({create(machine({"a"}))}).code(), Code::kAlreadyExists);

  EXPECT_EQ((*metrics.counter("capstan_store_writes_total", ""))->value(), 2);
  EXPECT_EQ((*metrics.counter("capstan_store_commit_errors_total", "",
                              {{"code", std::string(code_name(Code::kAlreadyExists))}}))
                ->value(),
            1);
  const HistogramSnapshot latency =
      (*metrics.histogram("capstan_store_commit_duration_seconds", ""))->snapshot();
  EXPECT_EQ(latency.count(), 2u);
  EXPECT_DOUBLE_EQ(latency.sum, 0.02);
}

}  // namespace
}  // namespace capstan
