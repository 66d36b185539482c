// capstan get kubeconfig NAME, capstan get providers
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>

#include "runtime/base/text.h"
#include "runtime/cli/command.h"
#include "runtime/cli/table.h"

namespace capstan::cli {
namespace {

struct Flags {
  ApiClientOptions server;
  std::string ns;
  std::string name;
  std::string output = "table";
};

Result<void> get_kubeconfig(const Flags& flags, Program& program) {
  const auto client = TRY(make_api_client(flags.server));
  const std::string ns = flags.ns.empty() ? TRY(context_namespace(flags.server)) : flags.ns;
  const Json secret = TRY(client->find({"", "Secret"}, ns, flags.name + "-kubeconfig"));
  if (secret.is_null()) {
    return Error::not_found("there is no Secret \"" + flags.name + "-kubeconfig\" in namespace \"" +
                            ns + "\"; `capstan describe cluster " + flags.name + " -n " + ns +
                            "` shows how far the cluster is");
  }
  const std::string value = get_string(secret, {"data", "value"});
  if (value.empty()) {
    return Error::invalid("Secret \"" + flags.name + "-kubeconfig\": data.value is missing");
  }
  program.out << TRY(base64_decode(value));
  return {};
}

// Plugins that are wanted and do not run, where no Provider object tells of them: nothing is known
// of the providers in a file that cannot be read. Each gets the annotations of a Provider.
Result<std::vector<Json>> plugins_with_problems(ApiClient& client,
                                                const std::vector<Json>& providers) {
  std::vector<Json> out;
  for (Json& plugin : TRY(client.list({"capstan.dev", "Plugin"}, ""))) {
    const std::string state = get_string(plugin, {"status", "state"});
    if (state.empty() || state == "Running" || state == "Disabled") continue;
    const std::string name = get_string(plugin, {"metadata", "name"});
    const bool told = std::any_of(providers.begin(), providers.end(), [&](const Json& provider) {
      return get_string(provider, {"providerName"}) == name;
    });
    if (told) continue;
    Json& annotations = plugin["metadata"]["annotations"];
    annotations["capstan.dev/state"] = state;
    annotations["capstan.dev/message"] = get_string(plugin, {"status", "message"});
    plugin["providerName"] = name;
    out.push_back(std::move(plugin));
  }
  return out;
}

Result<void> get_providers(const Flags& flags, Program& program) {
  const auto client = TRY(make_api_client(flags.server));
  std::vector<Json> providers = TRY(client->list({"clusterctl.cluster.x-k8s.io", "Provider"}, ""));
  for (Json& plugin : TRY(plugins_with_problems(*client, providers))) {
    providers.push_back(std::move(plugin));
  }
  if (flags.output == "json") {
    program.out << Json(providers).dump(2) << "\n";
    return {};
  }
  Table table({"NAME", "NAMESPACE", "TYPE", "VERSION", "STATE", "MESSAGE"});
  for (const Json& provider : providers) {
    const std::string state =
        get_string(provider, {"metadata", "annotations", "capstan.dev/state"}, "Unknown");
    table.add({get_string(provider, {"providerName"}),
               get_string(provider, {"metadata", "namespace"}), get_string(provider, {"type"}),
               get_string(provider, {"version"}), state,
               get_string(provider, {"metadata", "annotations", "capstan.dev/message"})});
  }
  program.out << table.text();
  return {};
}

}  // namespace

void add_get(CLI::App& app, Program& program) {
  CLI::App* get = app.add_subcommand("get", "Get a cluster's kubeconfig, or the enabled providers");
  get->require_subcommand(1);
  get->footer("Examples:\n  capstan get kubeconfig c1 > c1.kubeconfig\n  capstan get providers");

  CLI::App* kubeconfig = get->add_subcommand("kubeconfig", "Print the kubeconfig of a cluster");
  kubeconfig->footer(
      "Examples:\n  capstan get kubeconfig c1 > c1.kubeconfig\n"
      "  kubectl --kubeconfig c1.kubeconfig get nodes");
  auto flags = std::make_shared<Flags>();
  add_server_flags(*kubeconfig, flags->server);
  kubeconfig->add_option("name", flags->name, "Name of the cluster")->required();
  kubeconfig->add_option("-n,--namespace", flags->ns, "Namespace of the cluster");
  kubeconfig->callback([flags, &program] {
    program.command = [flags, &program] { return get_kubeconfig(*flags, program); };
  });

  CLI::App* providers = get->add_subcommand("providers",
                                            "List the providers that are enabled, and the "
                                            "plugins that could not be loaded");
  providers->footer(
      "Examples:\n  capstan get providers\n"
      "  capstan get providers -o json | jq '.[].version'");
  add_server_flags(*providers, flags->server);
  providers->add_option("-o,--output", flags->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}));
  providers->callback([flags, &program] {
    program.command = [flags, &program] { return get_providers(*flags, program); };
  });
}

}  // namespace capstan::cli
