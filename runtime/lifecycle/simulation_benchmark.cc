#include <benchmark/benchmark.h>

#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/register.h"
#include "runtime/lifecycle/simulation/simulation.h"

namespace capstan::lifecycle {
namespace {

// Clusters of one control plane and one worker, from nothing to Available, in one thread and with a
// memory store: what the controllers and the write path cost, without I/O.
void clusters_come_up(benchmark::State& state) {
  const auto clusters = static_cast<int>(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    Simulation simulation(
        admissions(), [](Manager& manager, ResourceService& resources, WorkloadClusters& workload) {
          register_controllers(manager, resources, {resources.kinds(), workload});
        });
    state.ResumeTiming();
    for (int i = 0; i < clusters; ++i) {
      simulation.apply(cluster_manifests("c" + std::to_string(i)));
    }
    simulation.run_for(std::chrono::minutes(3));
    state.PauseTiming();
    for (int i = 0; i < clusters; ++i) {
      const ObjectKey key = simulation.key(kCluster, "c" + std::to_string(i));
      if (!simulation.is_true(key, "Available")) state.SkipWithError("a cluster is not Available");
    }
    state.ResumeTiming();
  }
  state.counters["per_cluster"] = benchmark::Counter(
      clusters, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(clusters_come_up)->Arg(1)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace capstan::lifecycle
