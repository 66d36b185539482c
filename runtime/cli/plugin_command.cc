// capstan plugin VERB
#include "runtime/cli/plugin_command.h"

#include <CLI/CLI.hpp>

namespace capstan::cli {

void add_plugin(CLI::App& app, Program& program) {
  CLI::App* plugin = app.add_subcommand("plugin", "Providers as plugins: run, package, check them");
  plugin->require_subcommand(1);
  plugin->footer(R"(Examples:
  capstan plugin list
  capstan plugin enable acme --file /opt/acme/acme.so --isolation sandbox
  capstan plugin reload acme)");
  for (const auto add : {add_plugin_state_verbs}) add(*plugin, program);
}

}  // namespace capstan::cli
