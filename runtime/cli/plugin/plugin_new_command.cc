// capstan plugin new, capstan plugin add kind
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "runtime/base/text.h"
#include "runtime/cli/plugin/plugin_command.h"
#include "runtime/plugin/manifest_tool.h"
#include "runtime/scaffold/scaffold.h"

namespace capstan::cli {
namespace {

struct Flags {
  scaffold::NewPlugin plugin;
  scaffold::NewKind kind;
  std::string templates;
  std::string format = "text";
};

Result<std::string> templates_folder(const std::string& given) {
  if (!given.empty()) return given;
  const std::vector<std::string> found = installed_folders("share/capstan-sdk/templates");
  if (!found.empty()) return found.front();
  return Error::not_found(
      "the SDK's templates (share/capstan-sdk/templates) are not installed beside this program; "
      "install Capstan with its component sdk, or say where they are with --templates");
}

Json to_json(const scaffold::Scaffolded& done) {
  Json kinds = Json::array();
  for (const scaffold::KindNames& kind : done.kinds) {
    kinds.push_back({{"kind", kind.kind}, {"group", kind.group}, {"type", kind.type}});
  }
  return {{"name", done.plugin.name}, {"id", done.plugin.id},      {"language", done.language},
          {"folder", done.folder},    {"kinds", std::move(kinds)}, {"created", done.created},
          {"changed", done.changed}};
}

std::string kind_list(const scaffold::Scaffolded& done) {
  std::vector<std::string> names;
  for (const scaffold::KindNames& kind : done.kinds) names.push_back(kind.kind + "." + kind.group);
  return join(names, ", ");
}

void print(const scaffold::Scaffolded& done, const std::string& format, bool is_new,
           std::ostream& out) {
  if (format == "json") {
    out << to_json(done).dump(2) << "\n";
    return;
  }
  for (const std::string& path : done.created) out << "  created  " << path << "\n";
  for (const std::string& path : done.changed) out << "  changed  " << path << "\n";
  out << (is_new ? "Made the plugin " + done.plugin.name + " in " + done.folder + " with "
                 : "Added to the plugin " + done.plugin.name + ": ")
      << kind_list(done) << "\n";
  if (is_new) out << "How to build, test and run it: " << done.folder << "/README.md\n";
}

void add_common_flags(CLI::App& command, Flags& flags) {
  command.add_option("--templates", flags.templates,
                     "Folder of templates (default: the installed SDK's)");
  command.add_option("-o,--format", flags.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
}

void add_new(CLI::App& plugin, Program& program) {
  CLI::App* command = plugin.add_subcommand(
      "new", "Make the source of a new plugin, which builds, passes its tests and runs as it is");
  command->footer(R"(Examples:
  capstan plugin new acme --language cpp --kind infrastructure
  capstan plugin new acme --language python --kind bootstrap,control-plane --domain acme.io
  capstan plugin new acme --language cpp --kind resource --output ~/src/acme -o json

It talks to a fake cloud of its own, a folder; README.md there says how to go on. Nothing that is
there is overwritten.)");
  auto flags = std::make_shared<Flags>();
  command->add_option("name", flags->plugin.name, "Name of the plugin, as my-cloud")->required();
  command->add_option("--language", flags->plugin.language, "cpp or python")
      ->required()
      ->check(CLI::IsMember({"cpp", "python"}));
  command
      ->add_option("--kind", flags->plugin.roles,
                   "What it provides: " + join(scaffold::plugin_roles(), ", ") +
                       "; several with commas, or repeated")
      ->required()
      ->delimiter(',')
      ->check(CLI::IsMember(scaffold::plugin_roles()));
  command->add_option("--domain", flags->plugin.domain,
                      "Domain of the plugin's id and of its own API group (example.com)");
  command->add_option("--output", flags->plugin.folder,
                      "Folder to make it in (default: the name, in the current folder)");
  add_common_flags(*command, *flags);
  command->callback([flags, &program] {
    program.command = [flags, &program]() -> Result<void> {
      const std::string templates = TRY(templates_folder(flags->templates));
      print(TRY(scaffold::new_plugin(flags->plugin, templates)), flags->format, true, program.out);
      return {};
    };
  });
}

void add_kind(CLI::App& plugin, Program& program) {
  CLI::App* add = plugin.add_subcommand("add", "Add to the source of a plugin");
  add->require_subcommand(1);
  add->footer("Examples:\n  capstan plugin add kind AcmeVolume");
  CLI::App* command = add->add_subcommand(
      "kind", "Add a kind: its schema, its class, its registration, its tests and a sample");
  command->footer(R"(Examples:
  capstan plugin add kind AcmeVolume                                a resource outside
  capstan plugin add kind AcmeBareMachine --type machine
  capstan plugin add kind AcmeControlPlane --type control-plane --folder ~/src/acme

Lines are put above the comments with `capstan:` in files that `capstan plugin new` made; nothing
else in them changes.)");
  auto flags = std::make_shared<Flags>();
  command->add_option("kind", flags->kind.kind, "Name of the kind, as AcmeVolume")->required();
  command
      ->add_option("--type", flags->kind.type,
                   "What it is: " + join(scaffold::kind_types(), ", ") + " (default: resource)")
      ->check(CLI::IsMember(scaffold::kind_types()));
  command->add_option("--folder", flags->kind.folder, "Folder of the plugin (default: this one)");
  add_common_flags(*command, *flags);
  command->callback([flags, &program] {
    program.command = [flags, &program]() -> Result<void> {
      const std::string templates = TRY(templates_folder(flags->templates));
      print(TRY(scaffold::add_kind(flags->kind, templates)), flags->format, false, program.out);
      return {};
    };
  });
}

}  // namespace

void add_plugin_new(CLI::App& plugin, Program& program) {
  add_new(plugin, program);
  add_kind(plugin, program);
}

}  // namespace capstan::cli
