// capstan delete: disables providers on a running server.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>

#include "runtime/base/text.h"
#include "runtime/cli/command.h"
#include "runtime/cli/provider_flags.h"

namespace capstan::cli {
namespace {

struct Flags {
  ApiClientOptions server;
  ProviderFlags providers;
  bool all = false;
  bool include_crds = false;
  bool include_namespace = false;
};

// Objects of the provider's kinds that would be left without anybody to take care of them.
Result<std::vector<std::string>> objects_of(ApiClient& client, const std::string& label) {
  std::vector<std::string> found;
  const std::vector<Json> crds =
      TRY(client.list({"apiextensions.k8s.io", "CustomResourceDefinition"}, "",
                      "cluster.x-k8s.io%2Fprovider%3D" + label));
  for (const Json& crd : crds) {
    const KindName kind = {get_string(crd, {"spec", "group"}),
                           get_string(crd, {"spec", "names", "kind"})};
    for (const Json& object : TRY(client.list(kind, ""))) {
      found.push_back(kind.kind + " " + get_string(object, {"metadata", "namespace"}) + "/" +
                      get_string(object, {"metadata", "name"}));
    }
  }
  return found;
}

Result<void> remove_provider(ApiClient& client, const Json& provider, const Flags& flags,
                             Program& program) {
  const std::string label = get_string(provider, {"metadata", "name"});
  const std::string ns = get_string(provider, {"metadata", "namespace"});
  const std::vector<std::string> left = TRY(objects_of(client, label));
  if (!left.empty()) {
    return Error::failed_precondition("provider \"" + label + "\" still takes care of " +
                                      std::to_string(left.size()) + " object(s), " + left.front() +
                                      " among them; delete the clusters first");
  }
  program.err << "Deleting provider=\"" << label << "\" version=\""
              << get_string(provider, {"version"}) << "\" targetNamespace=\"" << ns << "\""
              << std::endl;
  const std::string collection =
      TRY(client.collection_path({"clusterctl.cluster.x-k8s.io", "Provider"}, ns));
  TRY(client.call("DELETE", collection + "/" + label));
  if (flags.include_crds) {
    const std::string crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    TRY(client.call("DELETE", crds + "?labelSelector=cluster.x-k8s.io%2Fprovider%3D" + label));
  }
  if (flags.include_namespace) TRY(client.call("DELETE", "/api/v1/namespaces/" + ns));
  return {};
}

Result<void> delete_providers(const Flags& flags, Program& program) {
  std::vector<std::string> labels;
  for (const ProviderName& provider : TRY(named_providers(flags.providers))) {
    labels.push_back(provider.label());
  }
  if (labels.empty() && !flags.all) {
    return Error::invalid("name the providers to delete (`--infrastructure docker`), or use --all");
  }
  const auto client = TRY(make_api_client(flags.server));
  const std::vector<Json> present =
      TRY(client->list({"clusterctl.cluster.x-k8s.io", "Provider"}, ""));
  for (const Json& provider : present) {
    const auto chosen =
        std::find(labels.begin(), labels.end(), get_string(provider, {"metadata", "name"}));
    if (chosen == labels.end() && !flags.all) continue;
    TRY(remove_provider(*client, provider, flags, program));
    if (chosen != labels.end()) labels.erase(chosen);
  }
  if (!labels.empty()) {
    return Error::not_found("provider \"" + join(labels, "\", \"") +
                            "\" is not enabled; `capstan get providers` lists those that are");
  }
  return {};
}

}  // namespace

void add_delete(CLI::App& app, Program& program) {
  CLI::App* command = app.add_subcommand("delete", "Disable providers on a running server");
  command->footer(R"(Examples:
  capstan delete --infrastructure docker
  capstan delete --all --include-crd)");
  auto flags = std::make_shared<Flags>();
  add_server_flags(*command, flags->server);
  add_provider_flags(*command, flags->providers);
  command->add_flag("--all", flags->all, "All providers");
  command->add_flag("--include-crd", flags->include_crds, "Also delete the providers' kinds");
  command->add_flag("--include-namespace", flags->include_namespace,
                    "Also delete the providers' namespaces");
  command->callback([flags, &program] {
    program.command = [flags, &program] { return delete_providers(*flags, program); };
  });
}

}  // namespace capstan::cli
