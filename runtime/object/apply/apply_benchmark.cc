#include <benchmark/benchmark.h>

#include "runtime/object/apply/apply.h"

namespace capstan {
namespace {

Json machine() {
  Json object = {{"apiVersion", "g/v1"}, {"kind", "Machine"}, {"metadata", {{"name", "worker-1"}}}};
  for (int i = 0; i < 60; ++i) object["spec"]["field" + std::to_string(i)] = std::string(40, 'v');
  return object;
}

Writer writer() {
  return {.manager = "capstan", .api_version = "g/v1", .now = Instant(std::chrono::hours(1))};
}

void apply_what_stands_there(benchmark::State& state) {
  const Json config = machine();
  const Json live = *server_side_apply(nullptr, config, {}, writer(), false);
  for (auto _ : state) {
    benchmark::DoNotOptimize(server_side_apply(live, config, {}, writer(), false));
  }
}
BENCHMARK(apply_what_stands_there);

void update_one_field(benchmark::State& state) {
  const Json live = *server_side_apply(nullptr, machine(), {}, writer(), false);
  Json next = live;
  next["spec"]["field7"] = "changed";
  for (auto _ : state) {
    Json updated = next;
    benchmark::DoNotOptimize(update_managed_fields(live, updated, {}, writer()));
  }
}
BENCHMARK(update_one_field);

}  // namespace
}  // namespace capstan
