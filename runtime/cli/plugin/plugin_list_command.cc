// capstan plugin list: what is installed and, where a server answers, how each plugin is and what
// it uses.
#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <ostream>

#include "runtime/cli/plugin/plugin_command.h"
#include "runtime/cli/plugin_usage.h"
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
  std::optional<PluginUsage> usage = {};
};

// What a server says; empty where none answers.
struct ServerView {
  std::map<std::string, Json> plugins;  // name -> its Plugin object
  std::optional<ExpositionReader> metrics;
};

ServerView ask_server(const Flags& flags) {
  ServerView view;
  const auto client = make_api_client(flags.server);
  if (!client.ok()) return view;
  auto list = (*client)->list({"capstan.dev", "Plugin"}, "");
  if (!list.ok()) return view;
  for (Json& object : *list) {
    std::string name = get_string(object, {"metadata", "name"});
    view.plugins[std::move(name)] = std::move(object);
  }
  const auto metrics = (*client)->text("/metrics");
  if (metrics.ok()) view.metrics.emplace(*metrics);
  return view;
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

std::vector<Row> rows(const std::vector<InstalledPlugin>& installed, ServerView server) {
  std::map<std::string, Json>& running = server.plugins;
  std::vector<Row> out;
  for (const InstalledPlugin& plugin : installed) {
    Row row{plugin.name, plugin.version, "installed", trust_of(plugin), "-", {}, {}, {}};
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
    Row row{name, get_string(object, {"status", "version"}, "-"), origin, "-", {}, {}, {}, {}};
    describe(object, row);
    out.push_back(std::move(row));
  }
  for (Row& row : out) {
    if (server.metrics && row.state != "not current") {
      row.usage = PluginUsage::of(*server.metrics, row.name);
    }
  }
  return out;
}

Json json_of(const Row& row) {
  Json out = {{"name", row.name},      {"version", row.version}, {"origin", row.origin},
              {"trust", row.trust},    {"state", row.state},     {"isolation", row.isolation},
              {"message", row.message}};
  if (row.usage) out["usage"] = row.usage->to_json();
  return out;
}

std::vector<std::string> usage_cells(const std::optional<PluginUsage>& usage) {
  if (!usage) return std::vector<std::string>(9, "-");
  double errors = 0;
  for (const auto& [code, count] : usage->errors) errors += count;
  const auto count = [](uint64_t number) { return std::to_string(number); };
  return {count(usage->calls),
          count(static_cast<uint64_t>(errors)),
          usage->p50 ? bound_text(*usage->p50) : "-",
          usage->p99 ? bound_text(*usage->p99) : "-",
          count(usage->in_flight) + "/" + count(usage->queued),
          count(usage->restarts),
          count(usage->quarantines),
          usage->resident_bytes ? bytes_text(*usage->resident_bytes) : "-",
          seconds_text(usage->cpu_seconds)};
}

std::string table_of(const std::vector<Row>& rows, bool wide, bool colors) {
  std::vector<std::string> header = {"NAME", "VERSION", "ORIGIN", "TRUST", "STATE", "ISOLATION"};
  if (wide) {
    header.insert(header.end(), {"CALLS", "ERRORS", "P50", "P99", "RUNNING/QUEUED", "RESTARTS",
                                 "QUARANTINES", "MEMORY", "CPU"});
  }
  header.emplace_back("MESSAGE");
  Table table(std::move(header));
  for (const Row& row : rows) {
    std::vector<std::string> cells = {row.name,
                                      row.version,
                                      row.origin,
                                      row.trust,
                                      paint(row.state, color_of(row.state), colors),
                                      row.isolation.empty() ? "-" : row.isolation};
    if (wide) {
      std::vector<std::string> usage = usage_cells(row.usage);
      cells.insert(cells.end(), usage.begin(), usage.end());
    }
    cells.push_back(row.message);
    table.add(std::move(cells));
  }
  return table.text();
}

Result<void> list(const Flags& flags, Program& program) {
  const PluginStore store(TRY(host_config(flags.host)).data_dir);
  const std::vector<Row> all = rows(TRY(store.list()), ask_server(flags));
  const bool wide = flags.output == "wide";
  if (!flags.output.empty() && !wide) {
    Json plugins = Json::array();
    for (const Row& row : all) plugins.push_back(json_of(row));
    program.out << formatted(plugins, flags.output);
    return {};
  }
  if (all.empty()) {
    program.err << "No plugin is installed in " << store.folder() << ", and no server answers.\n";
    return {};
  }
  program.out << table_of(all, wide, program.colors);
  return {};
}

}  // namespace

void add_plugin_list(CLI::App& plugin, Program& program) {
  CLI::App* command =
      plugin.add_subcommand("list", "List what is installed, and its state on a server that runs");
  command->footer(
      "Examples:\n  capstan plugin list\n  capstan plugin list -o wide    with calls, errors, "
      "memory, CPU\n  capstan plugin list -o json");
  auto flags = std::make_shared<Flags>();
  add_host_flags(*command, flags->host);
  add_server_flags(*command, flags->server);
  command->add_option("-o,--output", flags->output, "wide, json or yaml (default: for people)")
      ->check(CLI::IsMember({"wide", "json", "yaml"}));
  command->callback(
      [flags, &program] { program.command = [flags, &program] { return list(*flags, program); }; });
}

}  // namespace capstan::cli
