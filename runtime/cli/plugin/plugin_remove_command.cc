// capstan plugin remove
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "runtime/cli/plugin/plugin_command.h"
#include "runtime/package/plugin_store.h"

namespace capstan::cli {
namespace {

struct Flags {
  HostFlags host;
  std::string what;
};

Result<void> remove(const Flags& flags, Program& program) {
  PluginStore store(TRY(host_config(flags.host)).data_dir);
  const size_t at = flags.what.find('@');
  const auto removed = TRY(store.remove(flags.what.substr(0, at),
                                        at == std::string::npos ? "" : flags.what.substr(at + 1)));
  for (const InstalledPlugin& plugin : removed) {
    program.out << "Removed " << plugin.name << " " << plugin.version << "\n";
  }
  return {};
}

}  // namespace

void add_plugin_remove(CLI::App& plugin, Program& program) {
  CLI::App* command = plugin.add_subcommand("remove", "Remove an installed plugin");
  command->footer(R"(Examples:
  capstan plugin remove acme            all of its versions
  capstan plugin remove acme@1.1.0      one of them

A server that runs it keeps it until its next start. Its objects and kinds stay; `capstan delete`
disables a provider and says whether objects still need it.)");
  auto flags = std::make_shared<Flags>();
  command->add_option("what", flags->what, "NAME or NAME@VERSION")->required();
  add_host_flags(*command, flags->host);
  command->callback([flags, &program] {
    program.command = [flags, &program] { return remove(*flags, program); };
  });
}

}  // namespace capstan::cli
