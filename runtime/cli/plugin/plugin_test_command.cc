// capstan plugin test
#include <CLI/CLI.hpp>
#include <memory>

#include "runtime/cli/plugin/plugin_command.h"
#include "sdk/conformance/command_line.h"

namespace capstan::cli {

void add_plugin_test(CLI::App& plugin, Program& program) {
  CLI::App* test = plugin.add_subcommand("test", "Prove that a plugin keeps the rules");
  test->footer(
      R"(Each case runs in a process of its own. Level 5 is the least for a plugin that is published.

Examples:
  capstan plugin test ./acme.so
  capstan plugin test ./acme.so --level 10 --junit report.xml
  capstan plugin test ./acme.so --mode in-process,process --only '^deletion'
  capstan plugin test ./acme.so --list --level 10)");
  auto line = std::make_shared<conformance::CommandLine>();
  conformance::add_flags(*test, *line);
  test->callback([line, &program] {
    program.command = [line, &program] {
      return conformance::run(*line, program.out, program.colors);
    };
  });
}

}  // namespace capstan::cli
