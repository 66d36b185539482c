// What a call through the ABI costs: bare, with the host's guard and metrics, and a whole reconcile
// of a 4 KB object. Budgets: 10 ns, 60 ns.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "runtime/plugin/plugin_loader.h"
#include "sdk/include/capstan/ext/reconcile.h"

namespace capstan {
namespace {

// CAPSTAN_BENCHMARK_PLUGIN is the fixture plain.so.
std::unique_ptr<Provider> load(bool measure) {
  static SystemClock clock;
  LoaderOptions options{.ports = {.clock = clock}};
  options.native.measure = measure;
  PluginConfig config;
  config.name = "plain";
  config.file = CAPSTAN_BENCHMARK_PLUGIN;
  ProbeCache cache("");
  auto provider = load_plugin(config, options, cache);
  if (!provider.ok() || !(*provider)->activate(Json::object()).ok()) std::abort();
  return *std::move(provider);
}

std::string four_kilobytes(const std::string& scenario) {
  Json object = {{"scenario-" + scenario, 1}};
  for (int i = 0; i < 40; ++i) {
    object["spec"]["field" + std::to_string(i)] = {
        {"name", "some value"}, {"items", {1, 2, 3}}, {"text", std::string(40, 'x')}};
  }
  return dump_json({{"object", object}});
}

void bare_call(benchmark::State& state) {
  auto library = SharedObject::open(CAPSTAN_BENCHMARK_PLUGIN);
  const auto entry =
      reinterpret_cast<decltype(&capstan_plugin_entry)>(library->symbol(CAPSTAN_ENTRY_SYMBOL));
  const capstan_plugin* plugin = nullptr;
  if (entry(1)->create(nullptr, &plugin, nullptr) != CAPSTAN_OK) std::abort();
  const auto* table = static_cast<const capstan_reconcile*>(
      plugin->get_extension(plugin->self, CAPSTAN_EXT_RECONCILE));
  for (auto _ : state) {
    benchmark::DoNotOptimize(table->reconcile(plugin->self, nullptr, {nullptr, 0}, nullptr));
  }
  plugin->destroy(plugin->self);
}
BENCHMARK(bare_call);

void guarded_call(benchmark::State& state) {
  const auto provider = load(state.range(0) != 0);
  const ProviderCall call;
  for (auto _ : state) benchmark::DoNotOptimize(provider->reconcile(call, ""));
}
BENCHMARK(guarded_call)->ArgName("measured")->Arg(0)->Arg(1);

void reconcile_of_4_kilobytes(benchmark::State& state) {
  const auto provider = load(true);
  const std::string request = four_kilobytes("any");
  const ProviderCall call;
  for (auto _ : state) benchmark::DoNotOptimize(provider->reconcile(call, request));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * request.size()));
}
BENCHMARK(reconcile_of_4_kilobytes);

}  // namespace
}  // namespace capstan
