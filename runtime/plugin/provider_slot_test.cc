#include "runtime/plugin/provider_slot.h"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <thread>
#include <vector>

namespace capstan {
namespace {

Manifest manifest_of(const std::string& version, int concurrency = 10) {
  Manifest out;
  out.name = "acme";
  out.version = version;
  ReconcileEntry entry;
  entry.kind = {"acme.dev", "Bucket"};
  entry.concurrency = concurrency;
  out.reconciles.push_back(entry);
  return out;
}

// Answers with its version; a call may be held until the test lets it go.
class VersionedProvider final : public Provider {
 public:
  explicit VersionedProvider(std::string version) : manifest_(manifest_of(std::move(version))) {}

  const Manifest& manifest() const override { return manifest_; }
  const std::string& origin() const override { return manifest_.version; }
  Result<void> activate(const Json&) override { return {}; }
  void deactivate() override { active = false; }
  ProviderReply reconcile(const ProviderCall& call, std::string_view) override {
    if (call.key == "held") {
      entered.count_down();
      let_go.get_future().wait();
    }
    ProviderReply reply;
    reply.status = active ? Code::kOk : Code::kUnavailable;
    reply.text = manifest_.version;
    ++calls;
    return reply;
  }
  ProviderReply admit(const ProviderCall&, std::string_view, std::string_view) override {
    return {};
  }
  ProviderStatistics statistics() const override { return {.calls = calls.load()}; }

  std::latch entered{1};
  std::promise<void> let_go;
  std::atomic<uint64_t> calls{0};
  std::atomic<bool> active{true};

 private:
  Manifest manifest_;
};

TEST(ProviderSlot, CallsGoToTheNewOccupantFromTheExchangeOn) {
  ProviderSlot slot(std::make_shared<VersionedProvider>("1.0.0"));
  EXPECT_EQ(slot.reconcile({}, "").text, "1.0.0");
  slot.exchange(std::make_shared<VersionedProvider>("2.0.0"));
  EXPECT_EQ(slot.reconcile({}, "").text, "2.0.0");
}

TEST(ProviderSlot, ACallInFlightEndsInTheOldOccupantWhileTheNewOneWorks) {
  const auto old = std::make_shared<VersionedProvider>("1.0.0");
  ProviderSlot slot(old);
  auto held = std::async(std::launch::async, [&] {
    ProviderCall call;
    call.key = "held";
    return slot.reconcile(call, "").text;
  });
  old->entered.wait();
  slot.exchange(std::make_shared<VersionedProvider>("2.0.0"));
  EXPECT_EQ(slot.reconcile({}, "").text, "2.0.0");
  EXPECT_FALSE(slot.drain(std::chrono::milliseconds(1)));
  old->let_go.set_value();
  EXPECT_TRUE(slot.drain(std::chrono::seconds(60)));
  EXPECT_EQ(held.get(), "1.0.0");
}

TEST(ProviderSlot, NoCallReachesAnOccupantThatHasDrained) {
  std::shared_ptr<VersionedProvider> now = std::make_shared<VersionedProvider>("0");
  ProviderSlot slot(now);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> refused{0}, made{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      while (!stop) {
        if (slot.reconcile({}, "").status != Code::kOk) ++refused;
        ++made;
      }
    });
  }
  for (int version = 1; version <= 200; ++version) {
    auto next = std::make_shared<VersionedProvider>(std::to_string(version));
    const auto old = slot.exchange(next);
    ASSERT_TRUE(slot.drain(std::chrono::seconds(60)));
    old->deactivate();
    now = next;
  }
  stop = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(refused.load(), 0u);
  EXPECT_EQ(slot.statistics().calls, made.load());
}

TEST(ProviderSlot, StatisticsOutliveAnExchange) {
  ProviderSlot slot(std::make_shared<VersionedProvider>("1.0.0"));
  slot.reconcile({}, "");
  slot.exchange(std::make_shared<VersionedProvider>("2.0.0"));
  slot.reconcile({}, "");
  EXPECT_EQ(slot.statistics().calls, 2u);
  ASSERT_TRUE(slot.drain(std::chrono::seconds(60)));
  EXPECT_EQ(slot.statistics().calls, 2u);
}

TEST(SameShape, AnotherVersionIsTheSameAndAnotherRouteIsNot) {
  EXPECT_TRUE(same_shape(manifest_of("1.0.0"), manifest_of("2.0.0")));
  EXPECT_FALSE(same_shape(manifest_of("1.0.0"), manifest_of("1.0.0", 3)));
  Manifest reads_more = manifest_of("1.0.0");
  reads_more.needs.objects.push_back({{"", "Secret"}, false});
  EXPECT_FALSE(same_shape(manifest_of("1.0.0"), reads_more));
}

}  // namespace
}  // namespace capstan
