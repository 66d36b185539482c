// Commits a second of both adapters at several concurrencies, and what opening a large file costs.
// The SQLite files are in the current folder, so that its disk is the one that is measured.
#include <benchmark/benchmark.h>

#include <thread>

#include "runtime/store/store_testing.h"

namespace capstan {
namespace {

using namespace store_testing;  // NOLINT: the words of these benchmarks

// Some 2.5 KB of text, as a Machine with status has.
ObjectPtr large_machine(const std::string& name, int64_t value) {
  Json tree =
      *machine({.name = name, .cluster = "c1", .owner = "owner-uid", .value = value})->tree();
  for (int i = 0; i < 10; ++i) {
    tree["status"]["conditions"].push_back({{"type", "Condition" + std::to_string(i)},
                                            {"status", "True"},
                                            {"reason", "AsExpected"},
                                            {"message", std::string(80, 'm')},
                                            {"lastTransitionTime", "2026-01-02T03:04:05Z"}});
  }
  return Object::from_json(std::move(tree)).value();
}

void update_from_threads(benchmark::State& state, Store& store) {
  const int threads = static_cast<int>(state.range(0));
  constexpr int kEach = 50;
  std::vector<ObjectPtr> objects;
  for (int t = 0; t < threads; ++t) {
    objects.push_back(large_machine("m" + std::to_string(t), 0));
    if (!store.commit({create(objects.back())}).ok()) return state.SkipWithError("create failed");
  }
  for (auto _ : state) {
    std::vector<std::thread> writers;
    for (int t = 0; t < threads; ++t) {
      writers.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i)
          benchmark::DoNotOptimize(store.commit({update(objects[t])}));
      });
    }
    for (auto& writer : writers) writer.join();
  }
  state.SetItemsProcessed(state.iterations() * threads * kEach);
}

void BM_SqliteCommit(benchmark::State& state) {
  const TemporaryFolder folder{std::filesystem::current_path()};
  const auto store = open_sqlite_store({.path = folder.file("store.db")}).value();
  update_from_threads(state, *store);
}
BENCHMARK(BM_SqliteCommit)->Arg(1)->Arg(8)->Arg(32)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_MemoryCommit(benchmark::State& state) {
  const auto store = make_memory_store();
  update_from_threads(state, *store);
}
BENCHMARK(BM_MemoryCommit)->Arg(1)->Arg(8)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_SqliteOpen(benchmark::State& state) {
  const TemporaryFolder folder{std::filesystem::current_path()};
  const SqliteOptions options{.path = folder.file("store.db")};
  {
    const auto store = open_sqlite_store(options).value();
    std::vector<Write> writes;
    for (int64_t i = 0; i < state.range(0); ++i) {
      writes.push_back(create(large_machine("m" + std::to_string(i), i)));
    }
    if (!store->commit(std::move(writes)).ok()) return state.SkipWithError("create failed");
  }
  for (auto _ : state) benchmark::DoNotOptimize(open_sqlite_store(options));
}
BENCHMARK(BM_SqliteOpen)->Arg(0)->Arg(25'000)->Unit(benchmark::kMillisecond);

void BM_AtRevision(benchmark::State& state) {
  const ObjectPtr object = large_machine("m", 1);
  for (auto _ : state) benchmark::DoNotOptimize(object->at_revision(12345));
}
BENCHMARK(BM_AtRevision);

void BM_Parse(benchmark::State& state) {
  const std::string text = large_machine("m", 1)->text();
  for (auto _ : state) benchmark::DoNotOptimize(Object::parse(text));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(BM_Parse);

}  // namespace
}  // namespace capstan
