// capstan init: enables providers on a running server. A provider is enabled by an object of
// clusterctl's inventory (Provider.clusterctl.cluster.x-k8s.io); the server loads its plugin,
// brings its kinds, and reports in the object's annotations.
#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <ostream>
#include <thread>

#include "runtime/cli/command.h"
#include "runtime/cli/provider_flags.h"

namespace capstan::cli {
namespace {

const KindName kProvider = {"clusterctl.cluster.x-k8s.io", "Provider"};

struct Flags {
  ApiClientOptions server;
  ProviderFlags providers;
  std::string target_namespace;
  bool wait = true;
  int timeout_seconds = 300;
};

// The first run brings Cluster API's own providers as well, unless "-" says no.
Result<std::vector<ProviderName>> wanted(ProviderFlags flags, bool first_run) {
  if (first_run && flags.core.empty()) flags.core = {"cluster-api"};
  if (first_run && flags.bootstrap.empty()) flags.bootstrap = {"kubeadm"};
  if (first_run && flags.control_plane.empty()) flags.control_plane = {"kubeadm"};
  return named_providers(flags);
}

Result<void> ensure_namespace(ApiClient& client, const std::string& name) {
  const Json ns = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}};
  const Result<Json> made = client.call("POST", "/api/v1/namespaces", dump_json(ns));
  if (made.ok() || made.code() == Code::kAlreadyExists) return {};
  return made.error();
}

// Until the server has loaded the provider or said why not.
Result<void> wait_until_ready(ApiClient& client, const std::string& path, const std::string& label,
                              int timeout_seconds, const Clock& clock) {
  const MonotonicTime deadline = clock.monotonic() + std::chrono::seconds(timeout_seconds);
  while (clock.monotonic() < deadline) {
    const Json provider = TRY(client.get(path));
    const std::string state =
        get_string(provider, {"metadata", "annotations", "capstan.dev/state"});
    if (state == "Ready") return {};
    if (state == "Failed") {
      return Error::failed_precondition(
          "provider \"" + label + "\" cannot be enabled: " +
          get_string(provider, {"metadata", "annotations", "capstan.dev/message"}));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return Error::unavailable("provider \"" + label + "\" was not ready within " +
                            std::to_string(timeout_seconds) + " s; the server's log says more");
}

Result<void> install(ApiClient& client, const ProviderName& provider, const Flags& flags,
                     Program& program) {
  Json object = provider.inventory_object();
  if (!flags.target_namespace.empty()) object["metadata"]["namespace"] = flags.target_namespace;
  const std::string ns = get_string(object, {"metadata", "namespace"});
  const std::string collection = TRY(client.collection_path(kProvider, ns));
  program.err << "Installing provider=\"" << provider.label() << "\" version=\""
              << (provider.version.empty() ? "bundled" : provider.version)
              << "\" targetNamespace=\"" << ns << "\"" << std::endl;
  TRY(ensure_namespace(client, ns));
  const Result<Json> made = client.call("POST", collection, dump_json(object));
  if (!made.ok()) return made.error();
  const std::string path = collection + "/" + provider.label();
  const Result<void> ready =
      wait_until_ready(client, path, provider.label(), flags.timeout_seconds, program.clock);
  if (ready.code() == Code::kFailedPrecondition) {
    // Nothing is left of a provider that cannot run.
    const Result<Json> removed = client.call("DELETE", path);
    if (!removed.ok()) return removed.error();
  }
  return ready;
}

Result<void> init(const Flags& flags, Program& program) {
  const auto client = TRY(make_api_client(flags.server));
  const std::vector<Json> present = TRY(client->list(kProvider, ""));
  program.err << "Fetching providers" << std::endl;
  program.err << "Skipping installing cert-manager as it is not needed" << std::endl;
  for (const ProviderName& provider : TRY(wanted(flags.providers, present.empty()))) {
    const bool is_there = std::any_of(present.begin(), present.end(), [&](const Json& object) {
      return get_string(object, {"metadata", "name"}) == provider.label();
    });
    if (is_there) {
      program.err << "Provider \"" << provider.label() << "\" is enabled already" << std::endl;
      continue;
    }
    TRY(install(*client, provider, flags, program));
  }
  program.err << "\nYour management cluster has been initialized successfully!\n\n"
                 "You can now create your first workload cluster by running the following:\n\n"
                 "  capstan generate cluster [name] --kubernetes-version [version] | "
                 "kubectl apply -f -\n"
              << std::endl;
  return {};
}

}  // namespace

void add_init(CLI::App& app, Program& program) {
  CLI::App* init_command = app.add_subcommand("init", "Enable providers on a running server");
  init_command->footer(R"(Examples:
  capstan init --infrastructure docker
  capstan init --infrastructure docker,memory --bootstrap kubeadm --control-plane kubeadm)");
  auto flags = std::make_shared<Flags>();
  add_server_flags(*init_command, flags->server);
  add_provider_flags(*init_command, flags->providers);
  init_command->add_option("-n,--target-namespace", flags->target_namespace,
                           "Namespace of the inventory objects (default: the provider's own)");
  init_command->add_flag("--wait-providers", flags->wait,
                         "Accepted for clusterctl's sake: init always waits");
  init_command->add_option("--wait-provider-timeout", flags->timeout_seconds,
                           "Seconds to wait for a provider (300)");
  init_command->callback(
      [flags, &program] { program.command = [flags, &program] { return init(*flags, program); }; });
}

}  // namespace capstan::cli
