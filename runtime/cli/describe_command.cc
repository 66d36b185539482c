// capstan describe cluster NAME
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "runtime/cli/cluster_tree.h"
#include "runtime/cli/command.h"

namespace capstan::cli {
namespace {

struct Flags {
  ApiClientOptions server;
  std::string ns;
  std::string name;
  std::string output;
  TreeOptions tree;
  bool v1beta2 = true;
  bool color = false;
};

Json to_json(const TreeNode& node) {
  Json out = {{"kind", node.kind()}, {"name", node.name()}};
  if (!node.meta_name.empty()) out["role"] = node.meta_name;
  if (!node.group_items.empty()) out["items"] = node.group_items;
  if (const Json* conditions = tree_conditions(node.object, false)) out["conditions"] = *conditions;
  for (const auto& child : node.children) out["children"].push_back(to_json(*child));
  return out;
}

Result<void> describe_cluster(const Flags& flags, Program& program) {
  const auto client = TRY(make_api_client(flags.server));
  const std::string ns = flags.ns.empty() ? TRY(context_namespace(flags.server)) : flags.ns;
  TreeOptions options = flags.tree;
  options.v1beta1 = !flags.v1beta2;
  const auto root = TRY(build_cluster_tree(*client, ns, flags.name, options));
  if (flags.output == "json") {
    program.out << to_json(*root).dump(2) << "\n";
    return {};
  }
  program.out << render_tree(*root, options, program.clock.now(), program.colors);
  return {};
}

}  // namespace

void add_describe(CLI::App& app, Program& program) {
  CLI::App* describe = app.add_subcommand("describe", "Describe workload clusters");
  describe->require_subcommand(1);
  describe->footer("Examples:\n  capstan describe cluster c1");
  CLI::App* cluster = describe->add_subcommand(
      "cluster", "Show the tree of objects that make up a cluster, with their conditions");
  cluster->footer(R"(Examples:
  capstan describe cluster c1
  capstan describe cluster c1 --show-conditions all
  capstan describe cluster c1 --show-conditions machine+ --grouping=false
  capstan describe cluster c1 --show-machinesets --show-resourcesets)");
  auto flags = std::make_shared<Flags>();
  add_server_flags(*cluster, flags->server);
  cluster->add_option("name", flags->name, "Name of the cluster")->required();
  cluster->add_option("-n,--namespace", flags->ns, "Namespace of the cluster");
  cluster->add_option("--show-conditions", flags->tree.show_conditions,
                      "Comma separated kinds or kind/name whose conditions are shown; `all` for "
                      "every object; a `+` at the end shows only what is amiss");
  cluster->add_flag("--show-machinesets", flags->tree.show_machine_sets, "Show MachineSets");
  cluster->add_flag("--show-resourcesets", flags->tree.show_resource_sets,
                    "Show ClusterResourceSets");
  cluster->add_flag("--show-templates", flags->tree.show_templates,
                    "Show infrastructure and bootstrap templates");
  cluster->add_flag("--echo,!--no-echo", flags->tree.echo,
                    "Show infrastructure machines and bootstrap configs that agree with their "
                    "Machine, too");
  cluster->add_flag("--grouping,!--no-grouping", flags->tree.grouping,
                    "One row for machines in the same state (default: true)");
  cluster->add_flag("--v1beta2,!--v1beta1", flags->v1beta2,
                    "The layout of v1beta2 conditions (default) or of v1beta1 conditions");
  CLI::Option* color =
      cluster->add_flag("-c,--color", flags->color, "Use colours (default: on a terminal)");
  cluster->add_option("-o,--output", flags->output, "json: the tree as JSON")
      ->check(CLI::IsMember({"json", "tree"}));
  cluster->callback([flags, color, &program] {
    program.command = [flags, color, &program] {
      if (color->count() > 0) program.colors = flags->color;
      return describe_cluster(*flags, program);
    };
  });
}

}  // namespace capstan::cli
