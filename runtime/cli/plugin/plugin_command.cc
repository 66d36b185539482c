// capstan plugin: the list of its verbs.
#include "runtime/cli/plugin/plugin_command.h"

#include <CLI/CLI.hpp>

namespace capstan::cli {

void add_plugin(CLI::App& app, Program& program) {
  CLI::App* plugin = app.add_subcommand("plugin", "Check plugins");
  plugin->require_subcommand(1);
  plugin->footer(R"(Examples:
  capstan plugin test ./acme.so --level 10        prove that a plugin keeps the rules
  capstan plugin replay acme.jsonl ./acme.so      feed a recording to a plugin again)");
  for (const auto add : {add_plugin_test, add_plugin_replay}) add(*plugin, program);
}

}  // namespace capstan::cli
