// capstan version
#include <sys/utsname.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "capstan_version.h"
#include "runtime/base/json.h"
#include "runtime/cli/command.h"

namespace capstan::cli {

void add_version(CLI::App& app, Program& program) {
  CLI::App* version = app.add_subcommand("version", "Print the version of this program");
  version->footer("Examples:\n  capstan version\n  capstan version -o json");
  auto output = std::make_shared<std::string>();
  version->add_option("-o,--output", *output, "short, json or yaml")
      ->check(CLI::IsMember({"short", "json", "yaml"}));
  version->callback([output, &program] {
    program.command = [output, &program]() -> Result<void> {
      utsname system{};
      uname(&system);
      const std::string platform = std::string("linux/") + system.machine;
      if (*output == "short") {
        program.out << CAPSTAN_VERSION << "\n";
      } else if (*output == "json") {
        program.out << Json({{"capstan",
                              {{"gitVersion", CAPSTAN_VERSION},
                               {"compiler", __VERSION__},
                               {"platform", platform}}}})
                           .dump(2)
                    << "\n";
      } else if (*output == "yaml") {
        program.out << "capstan:\n  compiler: " << __VERSION__
                    << "\n  gitVersion: " << CAPSTAN_VERSION << "\n  platform: " << platform
                    << "\n";
      } else {
        program.out << "capstan version: " << CAPSTAN_VERSION << " (" << platform << ")\n";
      }
      return {};
    };
  });
}

}  // namespace capstan::cli
