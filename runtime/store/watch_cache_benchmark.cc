// What a cached object costs in memory, and a commit with many watchers in time.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include "runtime/store/store_testing.h"
#include "runtime/store/watch_cache.h"

namespace capstan {
namespace {

using namespace store_testing;  // NOLINT: the words of these benchmarks

size_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

struct Setup {
  std::unique_ptr<Store> store = make_memory_store();
  std::unique_ptr<WatchCache> cache = make_watch_cache(*store).value();
};

// Bytes an object beyond its text: head, indexes, window, table of the store.
void BM_MemoryOfObjects(benchmark::State& state) {
  for (auto _ : state) {
    Setup setup;
    const size_t before = heap_bytes();
    size_t text = 0;
    for (int64_t i = 0; i < state.range(0); ++i) {
      const auto object = machine({.name = "machine-" + std::to_string(i),
                                   .cluster = "cluster-" + std::to_string(i / 25),
                                   .owner = "owner-" + std::to_string(i / 5)});
      text += setup.store->commit({create(object)}).value()[0]->text().size();
    }
    const auto used = static_cast<double>(heap_bytes() - before - text);
    state.counters["overhead_bytes_per_object"] = used / static_cast<double>(state.range(0));
  }
}
BENCHMARK(BM_MemoryOfObjects)->Arg(25'000)->Unit(benchmark::kMillisecond)->Iterations(1);

void BM_CommitWithWatchers(benchmark::State& state) {
  Setup setup;
  size_t delivered = 0;
  std::vector<std::unique_ptr<WatchHandle>> handles;
  const auto count = [&](const StoreEvent&) { ++delivered; };
  for (int64_t i = 0; i < state.range(0); ++i) {
    handles.push_back(setup.cache->watch(kMachines, 0, count).value());
  }
  // Watchers of another kind cost nothing.
  for (int i = 0; i < 1'000; ++i) handles.push_back(setup.cache->watch(kSecrets, 0, count).value());
  const auto object = machine({"m"});
  if (!setup.store->commit({create(object)}).ok()) return state.SkipWithError("create failed");
  for (auto _ : state) benchmark::DoNotOptimize(setup.store->commit({update(object)}));
  state.counters["events"] =
      benchmark::Counter(static_cast<double>(delivered), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_CommitWithWatchers)->Arg(0)->Arg(1)->Arg(1'000);

void fill(Setup& setup, int64_t objects) {
  for (int64_t i = 0; i < objects; ++i) {
    const auto object = machine(
        {.name = "machine-" + std::to_string(i), .cluster = "cluster-" + std::to_string(i / 25)});
    (void)setup.store->commit({create(object)});
  }
}

void BM_Get(benchmark::State& state) {
  Setup setup;
  fill(setup, 25'000);
  const ObjectKey key = machine({"machine-12345"})->key();
  for (auto _ : state) benchmark::DoNotOptimize(setup.cache->get(key));
}
BENCHMARK(BM_Get)->ThreadRange(1, 2);

void BM_ListOfCluster(benchmark::State& state) {
  Setup setup;
  fill(setup, 25'000);
  const ListOptions options{"default", {{"cluster.x-k8s.io/cluster-name", "cluster-17"}}};
  for (auto _ : state) benchmark::DoNotOptimize(setup.cache->list(kMachines, options));
}
BENCHMARK(BM_ListOfCluster);

void BM_ListAll(benchmark::State& state) {
  Setup setup;
  fill(setup, 25'000);
  for (auto _ : state) benchmark::DoNotOptimize(setup.cache->list(kMachines));
}
BENCHMARK(BM_ListAll)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace capstan
