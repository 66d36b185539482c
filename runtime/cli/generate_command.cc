// capstan generate cluster NAME
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <ostream>

#include "runtime/base/text.h"
#include "runtime/cli/clusterctl_config.h"
#include "runtime/cli/command.h"
#include "runtime/cli/data_dir.h"
#include "runtime/cli/envsubst.h"
#include "runtime/cli/template_source.h"

namespace capstan::cli {
namespace {

struct Flags {
  ApiClientOptions server;
  std::string name;
  std::string target_namespace;
  std::string kubernetes_version;
  int control_plane_machines = 1;
  int worker_machines = 0;
  std::string infrastructure;
  std::string flavor;
  std::string from;
  std::string from_config_map;
  std::string from_config_map_namespace;
  std::string from_config_map_key = "template";
  std::string write_to;
  std::string config;
  std::string data_dir;
  bool list_variables = false;
};

bool is_dns_label(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), allowed) &&
         name.front() != '-' && name.back() != '-';
}

Result<void> check(const Flags& flags) {
  if (!flags.list_variables && !is_dns_label(flags.name)) {
    return Error::invalid(
        "cluster name \"" + flags.name +
        "\" is not valid: it must be up to 63 lower case letters, digits and \"-\", "
        "and start and end with a letter or digit");
  }
  if (flags.control_plane_machines < 1) {
    return Error::invalid("--control-plane-machine-count must be at least 1");
  }
  if (flags.worker_machines < 0) {
    return Error::invalid("--worker-machine-count must not be negative");
  }
  const std::string& version = flags.kubernetes_version;
  if (!version.empty() && std::count(version.begin(), version.end(), '.') < 2) {
    return Error::invalid("--kubernetes-version \"" + version +
                          "\" must be a whole version, as v1.34.2");
  }
  return {};
}

Result<std::string> from_config_map(const Flags& flags) {
  const auto client = TRY(make_api_client(flags.server));
  const std::string ns = flags.from_config_map_namespace.empty()
                             ? TRY(context_namespace(flags.server))
                             : flags.from_config_map_namespace;
  const Json map = TRY(client->find({"", "ConfigMap"}, ns, flags.from_config_map));
  const std::string where =
      "ConfigMap \"" + flags.from_config_map + "\" in namespace \"" + ns + "\"";
  if (map.is_null()) return Error::not_found("there is no " + where);
  const Json* text = find(map, {"data", flags.from_config_map_key});
  if (text == nullptr || !text->is_string()) {
    return Error::not_found(where + " has no data." + flags.from_config_map_key);
  }
  return text->get<std::string>();
}

// The infrastructure provider that is meant where none is named: the only one that is enabled.
Result<std::string> only_provider(const Flags& flags) {
  const auto client = TRY(make_api_client(flags.server));
  std::vector<std::string> names;
  for (const Json& provider : TRY(client->list({"clusterctl.cluster.x-k8s.io", "Provider"}, ""))) {
    if (get_string(provider, {"type"}) == "InfrastructureProvider") {
      names.push_back(get_string(provider, {"providerName"}));
    }
  }
  if (names.size() == 1) return names.front();
  if (names.empty())
    return Error::not_found(
        "no infrastructure provider is enabled; run `capstan init --infrastructure NAME`");
  return Error::invalid("several infrastructure providers are enabled (" + join(names, ", ") +
                        "); say which with --infrastructure");
}

Result<std::string> template_text(const Flags& flags, const Program& program) {
  if (!flags.from.empty()) return template_from(flags.from);
  if (!flags.from_config_map.empty()) return from_config_map(flags);
  const std::string name =
      flags.infrastructure.empty() ? TRY(only_provider(flags)) : flags.infrastructure;
  const ProviderName provider = TRY(parse_provider("InfrastructureProvider", name));
  return provider_template(provider, flags.flavor,
                           flags.data_dir.empty() ? default_data_dir() : flags.data_dir,
                           plugin_directories(program.executable));
}

std::string variable_list(const Template& parsed) {
  std::string required = "Required Variables:\n";
  std::string optional = "Optional Variables:\n";
  for (const TemplateVariable& variable : parsed.variables()) {
    if (variable.fallback.has_value()) {
      optional += "  - " + variable.name + "  (defaults to " + *variable.fallback + ")\n";
    } else {
      required += "  - " + variable.name + "\n";
    }
  }
  return required + "\n" + optional;
}

// Flags first, then the environment, then clusterctl's config file.
VariableLookup lookup_of(const Flags& flags, const ClusterctlConfig& config) {
  std::map<std::string, std::string> own = {
      {"CLUSTER_NAME", flags.name},
      {"NAMESPACE", flags.target_namespace.empty() ? "default" : flags.target_namespace},
      {"CONTROL_PLANE_MACHINE_COUNT", std::to_string(flags.control_plane_machines)},
      {"WORKER_MACHINE_COUNT", std::to_string(flags.worker_machines)}};
  if (!flags.kubernetes_version.empty()) own["KUBERNETES_VERSION"] = flags.kubernetes_version;
  return [own, &config](const std::string& name) -> std::optional<std::string> {
    if (const auto found = own.find(name); found != own.end()) return found->second;
    if (const char* value = std::getenv(name.c_str())) return std::string(value);
    return config.variable(name);
  };
}

Result<void> generate_cluster(Flags flags, const CLI::App& app, Program& program) {
  const ClusterctlConfig config = TRY(ClusterctlConfig::load(flags.config));
  const auto from_environment = [&](const char* flag, const char* variable, auto& value) {
    const std::optional<std::string> set = config.lookup(variable);
    if (app.count(flag) == 0 && set.has_value()) value = std::atoi(set->c_str());
  };
  from_environment("--control-plane-machine-count", "CONTROL_PLANE_MACHINE_COUNT",
                   flags.control_plane_machines);
  from_environment("--worker-machine-count", "WORKER_MACHINE_COUNT", flags.worker_machines);
  TRY(check(flags));
  const Template parsed = TRY(Template::parse(TRY(template_text(flags, program))));
  if (flags.list_variables) {
    program.out << variable_list(parsed);
    return {};
  }
  const std::string text = TRY(parsed.render(lookup_of(flags, config)));
  if (flags.write_to.empty()) {
    program.out << text;
    return {};
  }
  std::ofstream file(flags.write_to, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return Error::invalid("cannot write " + flags.write_to);
  return {};
}

}  // namespace

void add_generate(CLI::App& app, Program& program) {
  CLI::App* generate = app.add_subcommand("generate", "Generate manifests from templates");
  generate->require_subcommand(1);
  generate->footer(
      "Examples:\n  capstan generate cluster c1 --kubernetes-version v1.34.2 | kubectl apply -f -");
  CLI::App* cluster = generate->add_subcommand(
      "cluster", "Print the manifest of a cluster, from a provider's template or any other");
  cluster->footer(R"(Examples:
  capstan generate cluster c1 --infrastructure docker --kubernetes-version v1.34.2 \
      --control-plane-machine-count=3 --worker-machine-count=3 | kubectl apply -f -
  capstan generate cluster c1 --infrastructure docker --flavor development --list-variables
  capstan generate cluster c1 --from my-template.yaml)");
  auto flags = std::make_shared<Flags>();
  add_server_flags(*cluster, flags->server);
  cluster->add_option("name", flags->name, "Name of the cluster");
  cluster->add_option("-n,--target-namespace", flags->target_namespace,
                      "Namespace of the cluster (default)");
  cluster->add_option("--kubernetes-version", flags->kubernetes_version,
                      "Kubernetes version (default: $KUBERNETES_VERSION)");
  cluster->add_option("--control-plane-machine-count", flags->control_plane_machines,
                      "Number of control plane machines (1)");
  cluster->add_option("--worker-machine-count", flags->worker_machines, "Number of workers (0)");
  cluster->add_option("-i,--infrastructure", flags->infrastructure,
                      "Infrastructure provider (default: the only one that is enabled)");
  cluster->add_option("-f,--flavor", flags->flavor, "Flavor of the provider's template");
  cluster->add_option("--from", flags->from, "File with the template, or - for standard input");
  cluster->add_option("--from-config-map", flags->from_config_map, "ConfigMap with the template");
  cluster->add_option("--from-config-map-namespace", flags->from_config_map_namespace,
                      "Its namespace");
  cluster->add_option("--from-config-map-key", flags->from_config_map_key, "Its key (template)");
  cluster->add_option("--write-to", flags->write_to, "File to write instead of standard output");
  cluster->add_option(
      "--config", flags->config,
      "clusterctl's config file (default: $XDG_CONFIG_HOME/cluster-api/clusterctl.yaml)");
  cluster->add_option("--data-dir", flags->data_dir,
                      "The server's data directory, where installed plugins are");
  cluster->add_flag("--list-variables", flags->list_variables, "List the template's variables");
  cluster->callback([flags, cluster, &program] {
    program.command = [flags, cluster, &program] {
      return generate_cluster(*flags, *cluster, program);
    };
  });
}

}  // namespace capstan::cli
