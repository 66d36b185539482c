// capstan plugin list: what is installed and, where a server answers, how each plugin is.
#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <ostream>

#include "runtime/cli/plugin/plugin_command.h"
#include "runtime/cli/table.h"
#include "runtime/object/conditions.h"
#include "runtime/package/plugin_store.h"

namespace capstan::cli {
namespace {

struct Flags {
  HostFlags host;
  ApiClientOptions server;
  std::string output;
};

struct Row {
  std::string name, version, origin, trust, state, isolation, message;
};

// Name -> the server's Plugin object. Empty where no server answers.
std::map<std::string, Json> plugins_of_server(const Flags& flags) {
  std::map<std::string, Json> found;
  const auto client = make_api_client(flags.server);
  if (!client.ok()) return found;
  auto list = (*client)->list({"capstan.dev", "Plugin"}, "");
  if (!list.ok()) return found;
  for (Json& object : *list) {
    std::string name = get_string(object, {"metadata", "name"});
    found[std::move(name)] = std::move(object);
  }
  return found;
}

std::string trust_of(const InstalledPlugin& plugin) {
  return plugin.publisher.empty() ? "digest" : "signed by " + plugin.publisher;
}

// How the server says that the plugin is.
void describe(const Json& object, Row& row) {
  row.state = get_string(object, {"status", "state"}, "Unknown");
  row.isolation = get_string(object, {"status", "isolation"});
  row.message = get_string(object, {"status", "message"});
  const auto up_to_date = get_condition(object, "UpToDate");
  if (row.message.empty() && up_to_date) row.message = up_to_date->message;
}

Color color_of(const std::string& state) {
  if (state == "Running") return Color::kGreen;
  return state == "Failed" || state == "Quarantined" ? Color::kRed : Color::kNone;
}

std::vector<Row> rows(const std::vector<InstalledPlugin>& installed,
                      std::map<std::string, Json> running) {
  std::vector<Row> out;
  for (const InstalledPlugin& plugin : installed) {
    Row row{plugin.name, plugin.version, "installed", trust_of(plugin), "-", {}, {}};
    const auto object = running.find(plugin.name);
    if (!plugin.current) {
      row.state = "not current";
    } else if (object != running.end()) {
      describe(object->second, row);
    }
    out.push_back(std::move(row));
  }
  for (const InstalledPlugin& plugin : installed) running.erase(plugin.name);
  for (const auto& [name, object] : running) {
    const std::string origin =
        get_string(object, {"metadata", "annotations", "capstan.dev/source"}, "object");
    Row row{name, get_string(object, {"status", "version"}, "-"), origin, "-", {}, {}, {}};
    describe(object, row);
    out.push_back(std::move(row));
  }
  return out;
}

Result<void> list(const Flags& flags, Program& program) {
  const PluginStore store(TRY(host_config(flags.host)).data_dir);
  const std::vector<Row> all = rows(TRY(store.list()), plugins_of_server(flags));
  if (!flags.output.empty()) {
    Json plugins = Json::array();
    for (const Row& row : all) {
      plugins.push_back({{"name", row.name},
                         {"version", row.version},
                         {"origin", row.origin},
                         {"trust", row.trust},
                         {"state", row.state},
                         {"isolation", row.isolation},
                         {"message", row.message}});
    }
    program.out << formatted(plugins, flags.output);
    return {};
  }
  if (all.empty()) {
    program.err << "No plugin is installed in " << store.folder() << ", and no server answers.\n";
    return {};
  }
  Table table({"NAME", "VERSION", "ORIGIN", "TRUST", "STATE", "ISOLATION", "MESSAGE"});
  for (const Row& row : all) {
    table.add({row.name, row.version, row.origin, row.trust,
               paint(row.state, color_of(row.state), program.colors),
               row.isolation.empty() ? "-" : row.isolation, row.message});
  }
  program.out << table.text();
  return {};
}

}  // namespace

void add_plugin_list(CLI::App& plugin, Program& program) {
  CLI::App* command =
      plugin.add_subcommand("list", "List what is installed, and its state on a server that runs");
  command->footer("Examples:\n  capstan plugin list\n  capstan plugin list -o json");
  auto flags = std::make_shared<Flags>();
  add_host_flags(*command, flags->host);
  add_server_flags(*command, flags->server);
  add_output_flag(*command, flags->output);
  command->callback(
      [flags, &program] { program.command = [flags, &program] { return list(*flags, program); }; });
}

}  // namespace capstan::cli
