// The stored objects that a bench stands on: Cluster API's kinds and the plugin's own, in memory.
//
// To make one costs more than most cases do with it. So the runner makes one before it starts the
// processes of the cases, which have it by being forked, and a bench leaves its own to the next
// one.
//
// Thread safety: as its members; take() and give_back() from one thread.
#pragma once

#include <memory>
#include <mutex>
#include <set>

#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/controller/committer.h"
#include "runtime/object/kind.h"
#include "runtime/plugin/manifest.h"
#include "runtime/resource/resource_service.h"
#include "runtime/store/store.h"
#include "runtime/store/watch_cache.h"

namespace capstan::conformance {

// Repeatable, and can be begun again.
class StageRandom final : public Random {
 public:
  uint64_t next() override {
    const std::lock_guard lock(mutex_);
    return inner_->next();
  }
  void begin(uint64_t seed) {
    const std::lock_guard lock(mutex_);
    inner_ = std::make_unique<SeededRandom>(seed);
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<SeededRandom> inner_ = std::make_unique<SeededRandom>(0);
};

struct Stage {
  // One with no objects but kinds and namespaces: a left one, or a new one. All of a process are
  // for one plugin.
  static Result<std::unique_ptr<Stage>> take(const Manifest& manifest);
  static void give_back(std::unique_ptr<Stage> stage);

  // All objects but those that are there from the beginning, as stored; and the way back.
  Json dump() const;
  Result<void> restore(const Json& objects);

  SystemClock clock;
  StageRandom random;
  std::unique_ptr<Store> store;
  std::unique_ptr<WatchCache> cache;
  KindRegistry kinds;
  std::unique_ptr<ResourceService> resources;
  std::unique_ptr<Committer> committer;

 private:
  static Result<std::unique_ptr<Stage>> make(const Manifest& manifest);
  std::vector<ObjectPtr> objects() const;
  Result<void> clear();
  std::set<ObjectKey> first_;  // what is there from the beginning
};

}  // namespace capstan::conformance
