// capstan serve
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "runtime/cli/command.h"
#include "runtime/cli/data_dir.h"
#include "runtime/cli/template_source.h"
#include "runtime/server/server.h"
#include "runtime/system/file.h"

namespace capstan::cli {
namespace {

struct Flags {
  std::string config;
  std::string data_dir;
  std::string listen;
  std::string log_level;
};

Result<ServerConfig> effective_config(const Flags& flags, const Program& program) {
  ServerConfig config;
  if (!flags.config.empty()) {
    config = TRY(ServerConfig::parse(TRY(read_file(flags.config)), flags.config));
  }
  if (!flags.data_dir.empty()) config.data_dir = flags.data_dir;
  if (config.data_dir.empty()) config.data_dir = default_data_dir();
  if (!flags.listen.empty()) config.listen = TRY(ListenAddress::parse(flags.listen));
  if (!flags.log_level.empty()) config.log_level = flags.log_level;
  if (config.plugin_directories.empty()) {
    config.plugin_directories = plugin_directories(program.executable);
  }
  return config;
}

Result<void> serve(const Flags& flags, Program& program) {
  // Standard output is for who started it: the address, and nothing else.
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "", std::make_shared<spdlog::sinks::stderr_color_sink_mt>()));
  const auto configure = [&]() -> Result<ServerConfig> {
    ServerConfig config = TRY(effective_config(flags, program));
    spdlog::set_level(spdlog::level::from_str(config.log_level));
    return config;
  };
  const MonotonicTime start = program.clock.monotonic();
  return run_server(configure, [&](const std::string& url, const std::string& kubeconfig) {
    const auto taken =
        std::chrono::duration_cast<std::chrono::milliseconds>(program.clock.monotonic() - start);
    program.out << "Serving on " << url << " after " << taken.count() << " ms\n"
                << "  export KUBECONFIG=" << kubeconfig << std::endl;
  });
}

}  // namespace

void add_serve(CLI::App& app, Program& program) {
  CLI::App* command =
      app.add_subcommand("serve", "Serve the API and run the controllers and providers");
  command->footer(R"(Examples:
  capstan serve
  capstan serve --data-dir /var/lib/capstan --listen 127.0.0.1:6443
  capstan serve --config /etc/capstan/config.yaml

SIGTERM or Ctrl-C ends it cleanly; what was acknowledged survives any other end as well. SIGUSR2
starts it anew, as the same process: after a change of the config, or of the program itself. Plugins
in processes of their own go on meanwhile.)");
  auto flags = std::make_shared<Flags>();
  command->add_option("--config", flags->config, "YAML file; docs/operating.md describes it");
  command->add_option("--data-dir", flags->data_dir,
                      "Folder of the store, certificates and admin.kubeconfig (default: "
                      "$XDG_STATE_HOME/capstan or ~/.local/state/capstan)");
  command->add_option("--listen", flags->listen, "ADDRESS:PORT to listen on (127.0.0.1:6443)");
  command->add_option("--log-level", flags->log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  command->callback([flags, &program] {
    program.command = [flags, &program] { return serve(*flags, program); };
  });
}

}  // namespace capstan::cli
