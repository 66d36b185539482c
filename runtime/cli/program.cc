#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "runtime/base/text.h"
#include "runtime/cli/command.h"
#include "runtime/cli/table.h"
#include "runtime/system/execute_again.h"

namespace capstan::cli {
namespace {

constexpr const char* kAbout =
    "Capstan runs Kubernetes clusters and the infrastructure under them, without a management "
    "cluster.";

constexpr const char* kExamples = R"(Examples:
  capstan serve                                   serve the API and run the controllers
  capstan init --infrastructure docker            enable a provider
  capstan generate cluster c1 --kubernetes-version v1.34.2 | kubectl apply -f -
  capstan describe cluster c1                     what a cluster is made of, and how it is
  capstan get kubeconfig c1 > c1.kubeconfig       the way into it
  capstan plugin install acme --from /srv/plugins add a provider of somebody else

`capstan COMMAND --help` has flags and examples of each command.)";

// The word that no command or flag takes, named with what there is instead; "" where all words are
// known. CLI11 itself only says that a command is missing.
std::string unknown_word(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining(true);
  if (words.empty()) return "";
  const CLI::App* reached = &app;
  std::string path = app.get_name();
  while (!reached->get_subcommands().empty()) {
    reached = reached->get_subcommands().front();
    path += " " + reached->get_name();
  }
  std::vector<std::string> commands;
  for (const CLI::App* command : reached->get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(command->get_name());
  }
  if (commands.empty()) return "";
  return "`" + path + "` has no command or flag \"" + words.front() +
         "\"; its commands are: " + join(commands, ", ") + "\nRun `" + path +
         " --help` for more information.\n";
}

}  // namespace

int exit_code(const Error& error) {
  switch (error.code) {
    case Code::kNotFound:
      return 3;
    case Code::kUnavailable:
    case Code::kDeadlineExceeded:
      return 4;
    default:
      return 1;
  }
}

void add_server_flags(CLI::App& app, ApiClientOptions& options) {
  app.add_option(
      "--kubeconfig", options.kubeconfig,
      "Path of the kubeconfig of the server (default: $KUBECONFIG, then ~/.kube/config)");
  app.add_option("--kubeconfig-context", options.context,
                 "Context in the kubeconfig (default: the current one)");
}

int run(int argc, char** argv) {
  SystemClock clock;
  Program program{std::cout, std::cerr, use_colors(STDOUT_FILENO), clock, program_path(), {}};
  CLI::App app(kAbout, "capstan");
  app.footer(kExamples);
  app.require_subcommand(1);
  for (const auto add : {add_serve, add_init, add_generate, add_describe, add_get, add_delete,
                         add_plugin, add_version, add_completion}) {
    add(app, program);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    const std::string unknown = unknown_word(app);
    if (unknown.empty()) return app.exit(error) == 0 ? 0 : 2;
    std::cerr << "capstan: " << unknown;
    return 2;
  } catch (const CLI::ParseError& error) {
    // Success covers --help, which is printed here as well.
    return app.exit(error) == 0 ? 0 : 2;
  }
  const Result<void> done = program.command();
  if (done.ok()) return 0;
  std::cerr << "capstan: " << done.error().message << "\n";
  return exit_code(done.error());
}

}  // namespace capstan::cli
