#include <benchmark/benchmark.h>

#include "runtime/system/pki.h"

namespace capstan {
namespace {

void generate(benchmark::State& state, KeyAlgorithm algorithm) {
  for (auto _ : state) benchmark::DoNotOptimize(generate_key(algorithm).ok());
}
BENCHMARK_CAPTURE(generate, ecdsa_p256, KeyAlgorithm::kEcdsaP256);
BENCHMARK_CAPTURE(generate, ecdsa_p384, KeyAlgorithm::kEcdsaP384);
BENCHMARK_CAPTURE(generate, rsa_2048, KeyAlgorithm::kRsa2048);

void authority(benchmark::State& state) {
  const Instant now = SystemClock().now();
  for (auto _ : state) {
    benchmark::DoNotOptimize(make_ca({.common_name = "kubernetes"}, now).ok());
  }
}
BENCHMARK(authority);

void client_certificate(benchmark::State& state) {
  const Instant now = SystemClock().now();
  const CertificateRequest request{.ca = *make_ca({.common_name = "kubernetes"}, now),
                                   .common_name = "kubernetes-admin",
                                   .organizations = {"system:masters"},
                                   .client = true};
  for (auto _ : state) benchmark::DoNotOptimize(issue_certificate(request, now).ok());
}
BENCHMARK(client_certificate);

void inspect(benchmark::State& state) {
  const auto ca = *make_ca({.common_name = "kubernetes"}, SystemClock().now());
  for (auto _ : state) benchmark::DoNotOptimize(inspect_certificate(ca.certificate_pem).ok());
}
BENCHMARK(inspect);

}  // namespace
}  // namespace capstan
