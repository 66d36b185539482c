// capstan plugin doctor
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>

#include "runtime/cli/plugin/plugin_command.h"
#include "runtime/cli/table.h"
#include "runtime/cli/template_source.h"
#include "runtime/package/doctor.h"

namespace capstan::cli {
namespace {

struct Flags {
  HostFlags host;
  std::string output;
};

const char* health_name(Health health) {
  return health == Health::kGood ? "ok" : health == Health::kWarning ? "warning" : "error";
}

void print(const std::vector<CheckUp>& found, Program& program) {
  for (const CheckUp& check : found) {
    const Color color = check.health == Health::kGood      ? Color::kGreen
                        : check.health == Health::kWarning ? Color::kYellow
                                                           : Color::kRed;
    program.out << paint(health_name(check.health), color, program.colors) << "  " << check.subject
                << ": " << check.message << "\n";
    if (!check.remedy.empty()) program.out << "    -> " << check.remedy << "\n";
  }
}

Result<void> doctor(const Flags& flags, Program& program) {
  const ServerConfig config = TRY(host_config(flags.host));
  DoctorOptions options{config.data_dir, config.plugin_directories, config.trust};
  if (options.plugin_directories.empty()) {
    options.plugin_directories = plugin_directories(program.executable);
  }
  const std::vector<CheckUp> found = examine(options, program.clock.now());
  if (flags.output.empty()) {
    print(found, program);
  } else {
    Json list = Json::array();
    for (const CheckUp& check : found) {
      list.push_back({{"health", health_name(check.health)},
                      {"subject", check.subject},
                      {"message", check.message},
                      {"remedy", check.remedy}});
    }
    program.out << formatted(list, flags.output);
  }
  const auto bad = std::count_if(found.begin(), found.end(),
                                 [](const CheckUp& c) { return c.health == Health::kBad; });
  if (bad == 0) return {};
  return Error::failed_precondition(
      std::to_string(bad) + (bad == 1 ? " thing needs" : " things need") + " your attention");
}

}  // namespace

void add_plugin_doctor(CLI::App& plugin, Program& program) {
  CLI::App* command = plugin.add_subcommand(
      "doctor", "Check the host and everything that is installed, and say what to do");
  command->footer(R"(Examples:
  capstan plugin doctor
  capstan plugin doctor --config /etc/capstan/config.yaml -o json

Exit code 0: nothing is wrong (there may be warnings). 1: something is.)");
  auto flags = std::make_shared<Flags>();
  add_host_flags(*command, flags->host);
  add_output_flag(*command, flags->output);
  command->callback([flags, &program] {
    program.command = [flags, &program] { return doctor(*flags, program); };
  });
}

}  // namespace capstan::cli
