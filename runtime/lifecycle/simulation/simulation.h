// The runtime in one thread: memory store, the real ResourceService, the lifecycle controllers,
// fake providers and workload clusters, under a clock that the test moves. For tests.
//
// Example:
//   Simulation simulation;
//   simulation.apply(cluster_manifests("a", {.workers = 2}));
//   simulation.run_for(std::chrono::minutes(2));
//   EXPECT_EQ(simulation.phase(simulation.key(kCluster, "a")), "Provisioned");
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/controller/manager.h"
#include "runtime/lifecycle/simulation/fake_providers.h"
#include "runtime/lifecycle/simulation/fake_workload.h"

namespace capstan::lifecycle {

class Simulation {
 public:
  using Configure = std::function<void(Manager&, ResourceService&, WorkloadClusters&)>;

  // `configure` adds the controllers; the fake providers and the garbage collector are added after.
  Simulation(std::vector<std::shared_ptr<Admission>> admission, const Configure& configure,
             FakeProviderOptions providers = {});

  // Each fails the test where it is refused.
  void apply(const std::vector<Json>& objects);  // creates
  void patch(const ObjectKey& key, const Json& patch);
  void patch_status(const ObjectKey& key, const Json& patch);
  void remove(const ObjectKey& key);
  // As a user would: the error is given back.
  Result<ObjectPtr> try_create(const Json& object);
  Result<ObjectPtr> try_patch(const ObjectKey& key, const Json& patch,
                              const std::string& subresource = "");

  // Works until nothing is to be done at this moment.
  size_t settle();
  // Lets time pass, stopping at every timer.
  void run_for(Duration duration);

  ObjectKey key(const GroupKind& kind, const std::string& name) const;
  ObjectPtr get(const ObjectKey& key) const;
  Json tree(const ObjectKey& key) const;  // null where absent
  std::vector<ObjectPtr> list(const GroupKind& kind) const;
  std::string phase(const ObjectKey& key) const;
  // "Reason", of a condition; "" where absent.
  std::string reason(const ObjectKey& key, std::string_view condition) const;
  bool is_true(const ObjectKey& key, std::string_view condition) const;

  ManualClock clock;
  FakeWorkload workload;
  KindRegistry kinds;

  WatchCache& cache() { return *cache_; }
  ResourceService& resources() { return *resources_; }
  Manager& manager() { return *manager_; }

 private:
  SeededRandom random_{7};
  std::unique_ptr<Store> store_;
  std::unique_ptr<WatchCache> cache_;
  std::unique_ptr<ResourceService> resources_;
  std::shared_ptr<Manager> manager_;
};

struct ClusterShape {
  int workers = 1;
  std::string version = "v1.33.0";
  Json deployment_spec = Json::object();  // merged into the MachineDeployment's spec
};

// A DevCluster, a KubeadmControlPlane and a MachineDeployment with their templates, and the
// Cluster.
std::vector<Json> cluster_manifests(const std::string& name, const ClusterShape& shape = {});

}  // namespace capstan::lifecycle
