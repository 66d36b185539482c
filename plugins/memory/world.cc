#include "plugins/memory/world.h"

#include <latch>

#include "workload_kinds.h"

namespace capstan::memory {

World::World(Clock& clock, Random& random)
    : clock_(clock),
      random_(random),
      loop_(std::make_unique<EventLoop>(EventLoopOptions{kWorkers, 100'000})) {}

Result<std::unique_ptr<World>> World::create(Clock& clock, Random& random) {
  std::unique_ptr<World> world(new World(clock, random));
  std::vector<Json> documents = TRY(builtin_kind_documents());
  for (Json& own : TRY(parse_kind_documents(workload_kinds_json()))) {
    documents.push_back(std::move(own));
  }
  for (const Json& document : documents) {
    KindPtr kind = TRY(Kind::from_crd(document));
    // The registry is every cluster's: one cluster's definitions must not become all clusters'.
    if (kind->id.kind != "CustomResourceDefinition") world->kinds_.put(std::move(kind));
  }
  return world;
}

World::~World() {
  for (auto& [id, cluster] : clusters_) cluster->close();
  drain_workers();
  clusters_.clear();
}

Result<std::shared_ptr<PretendedCluster>> World::cluster(const ClusterId& id) {
  const std::scoped_lock lock(mutex_);
  std::shared_ptr<PretendedCluster>& slot = clusters_[id];
  if (slot == nullptr) {
    auto made = PretendedCluster::create({*loop_, kinds_, clock_, random_, schemas_}, id);
    if (!made.ok()) {
      clusters_.erase(id);
      return std::move(made).error();
    }
    slot = std::move(*made);
  }
  return slot;
}

std::shared_ptr<PretendedCluster> World::find(const ClusterId& id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = clusters_.find(id);
  return found == clusters_.end() ? nullptr : found->second;
}

void World::forget(const ClusterId& id) {
  std::shared_ptr<PretendedCluster> gone;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = clusters_.find(id);
    if (found == clusters_.end()) return;
    gone = std::move(found->second);
    clusters_.erase(found);
  }
  gone->close();
  drain_workers();
}

void World::drain_workers() {
  const std::scoped_lock one_at_a_time(draining_);
  const auto met = std::make_shared<std::latch>(kWorkers + 1);
  for (int i = 0; i < kWorkers; ++i) {
    if (!loop_->run_blocking([met] { met->arrive_and_wait(); })) met->count_down();
  }
  met->arrive_and_wait();
}

}  // namespace capstan::memory
