// What converting a Cluster and a KubeadmControlPlane of about 4 KB costs, without parsing.

#include <benchmark/benchmark.h>

#include "all_kinds.h"
#include "runtime/object/conversion.h"
#include "tests/kinds/random_object.h"

namespace capstan {
namespace {

std::string version_of(std::string_view, std::string_view) { return "v1beta2"; }

void convert_kind(benchmark::State& state, const char* crd_name, bool from_hub) {
  for (const Json& crd : Json::parse(all_kinds_json())) {
    if (crd.at("metadata").at("name") != crd_name) continue;
    const Json rules = Json::parse(
        crd.at("metadata").at("annotations").at("capstan.dev/conversion").get<std::string>());
    const Converter converter = std::move(*Converter::create(rules));
    const std::string hub = rules.at("hub");
    const std::string spoke = rules.at("spokes").begin().key();
    Json schema;
    for (const Json& version : crd.at("spec").at("versions")) {
      if (hub.ends_with(version.at("name").get<std::string>())) {
        schema = version.at("schema").at("openAPIV3Schema");
      }
    }
    const std::string kind = crd.at("spec").at("names").at("kind");
    Json object;
    for (uint32_t seed = 0; dump_json(object).size() < 4000 && seed < 5000; ++seed) {
      object = test::RandomObject(seed, {}).make(schema, hub, kind);
    }
    if (!from_hub) object = *converter.convert(object, spoke, version_of);
    state.SetLabel(std::to_string(dump_json(object).size()) + " bytes");
    for (auto _ : state) {
      benchmark::DoNotOptimize(converter.convert(object, from_hub ? spoke : hub, version_of));
    }
  }
}

BENCHMARK_CAPTURE(convert_kind, cluster_to_v1beta1, "clusters.cluster.x-k8s.io", true);
BENCHMARK_CAPTURE(convert_kind, cluster_to_v1beta2, "clusters.cluster.x-k8s.io", false);
BENCHMARK_CAPTURE(convert_kind, control_plane_to_v1beta1,
                  "kubeadmcontrolplanes.controlplane.cluster.x-k8s.io", true);
BENCHMARK_CAPTURE(convert_kind, control_plane_to_v1beta2,
                  "kubeadmcontrolplanes.controlplane.cluster.x-k8s.io", false);

}  // namespace
}  // namespace capstan
