// capstan plugin enable, disable, reload, unquarantine: they edit the server's Plugin objects, as
// kubectl could, and wait until the server has followed.
#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <ostream>
#include <thread>

#include "runtime/base/text.h"
#include "runtime/cli/plugin/plugin_command.h"
#include "runtime/object/conditions.h"

namespace capstan::cli {
namespace {

const KindName kPlugin = {"capstan.dev", "Plugin"};
constexpr const char* kReload = "capstan.dev/reload";
constexpr const char* kUnquarantine = "capstan.dev/unquarantine";

struct Flags {
  ApiClientOptions server;
  std::string name;
  std::string file;
  std::string isolation;
  int timeout_seconds = 60;
};

Result<std::string> path_of(ApiClient& client, const std::string& name) {
  return TRY(client.collection_path(kPlugin, "")) + "/" + name;
}

Error no_plugin(ApiClient& client, const std::string& name) {
  std::vector<std::string> names;
  const auto plugins = client.list(kPlugin, "");
  if (plugins.ok()) {
    for (const Json& plugin : *plugins) names.push_back(get_string(plugin, {"metadata", "name"}));
  }
  return Error::not_found("there is no plugin \"" + name +
                          "\"; there are: " + (names.empty() ? "none" : join(names, ", ")) +
                          ". `capstan plugin enable " + name + " --file FILE` adds one");
}

// A Plugin object that is there, and how to reach it.
struct Found {
  std::unique_ptr<ApiClient> client;
  std::string path;
  Json object;
};

Result<Found> find_plugin(const Flags& flags) {
  Found found{TRY(make_api_client(flags.server)), {}, {}};
  found.path = TRY(path_of(*found.client, flags.name));
  found.object = TRY(found.client->find(kPlugin, "", flags.name));
  if (found.object.is_null()) return no_plugin(*found.client, flags.name);
  return found;
}

// Until the server has looked at this generation and reload of the object.
Result<Json> wait_until_followed(ApiClient& client, const std::string& path, const Flags& flags,
                                 const Clock& clock) {
  const MonotonicTime deadline = clock.monotonic() + std::chrono::seconds(flags.timeout_seconds);
  while (clock.monotonic() < deadline) {
    Json plugin = TRY(client.get(path));
    const bool followed = get_int(plugin, {"status", "observedGeneration"}) ==
                              get_int(plugin, {"metadata", "generation"}) &&
                          get_string(plugin, {"status", "observedReload"}) ==
                              get_string(plugin, {"metadata", "annotations", kReload});
    if (followed) return plugin;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return Error::unavailable("the server has not followed within " +
                            std::to_string(flags.timeout_seconds) + " s; `kubectl get plugin " +
                            flags.name + " -o yaml` and its log say more");
}

Result<void> expect_running(const Json& plugin, const Flags& flags, Program& program) {
  const std::string state = get_string(plugin, {"status", "state"});
  if (state != "Running") {
    return Error::failed_precondition("plugin \"" + flags.name + "\" is " + state + ": " +
                                      get_string(plugin, {"status", "message"}));
  }
  if (!is_condition_true(plugin, "UpToDate")) {
    const auto condition = get_condition(plugin, "UpToDate");
    return Error::failed_precondition(
        "plugin \"" + flags.name + "\" still runs as before (version " +
        get_string(plugin, {"status", "version"}) +
        "), since the new one cannot: " + (condition ? condition->message : std::string()));
  }
  program.out << "plugin \"" << flags.name << "\" " << get_string(plugin, {"status", "version"})
              << " runs (" << get_string(plugin, {"status", "isolation"}) << ")\n";
  return {};
}

Result<void> enable(const Flags& flags, Program& program) {
  const auto client = TRY(make_api_client(flags.server));
  const std::string path = TRY(path_of(*client, flags.name));
  Json spec = {{"enabled", true}};
  if (!flags.file.empty()) spec["file"] = flags.file;
  if (!flags.isolation.empty()) spec["isolation"] = flags.isolation;
  const Json present = TRY(client->find(kPlugin, "", flags.name));
  if (!present.is_null()) {
    TRY(client->call("PATCH", path, dump_json({{"spec", spec}}), "application/merge-patch+json"));
  } else if (flags.file.empty()) {
    return no_plugin(*client, flags.name);
  } else {
    const Json object = {{"apiVersion", "capstan.dev/v1alpha1"},
                         {"kind", kPlugin.kind},
                         {"metadata", {{"name", flags.name}}},
                         {"spec", spec}};
    TRY(client->call("POST", TRY(client->collection_path(kPlugin, "")), dump_json(object)));
  }
  return expect_running(TRY(wait_until_followed(*client, path, flags, program.clock)), flags,
                        program);
}

Result<void> disable(const Flags& flags, Program& program) {
  const Found found = TRY(find_plugin(flags));
  TRY(found.client->call("PATCH", found.path, R"({"spec":{"enabled":false}})",
                         "application/merge-patch+json"));
  TRY(wait_until_followed(*found.client, found.path, flags, program.clock));
  program.out << "plugin \"" << flags.name << "\" is disabled; its objects wait for it\n";
  return {};
}

// A new value of an annotation tells the server to act.
Result<void> annotate(const Found& found, const char* annotation, Instant now) {
  const Json patch = {{"metadata", {{"annotations", {{annotation, format_micro_time(now)}}}}}};
  TRY(found.client->call("PATCH", found.path, dump_json(patch), "application/merge-patch+json"));
  return {};
}

Result<void> reload(const Flags& flags, Program& program) {
  const Found found = TRY(find_plugin(flags));
  TRY(annotate(found, kReload, program.clock.now()));
  return expect_running(TRY(wait_until_followed(*found.client, found.path, flags, program.clock)),
                        flags, program);
}

Result<void> unquarantine(const Flags& flags, Program& program) {
  const Found found = TRY(find_plugin(flags));
  const std::string state = get_string(found.object, {"status", "state"}, "Unknown");
  if (state != "Quarantined") {
    return Error::failed_precondition("plugin \"" + flags.name + "\" is in no quarantine, it is " +
                                      state);
  }
  TRY(annotate(found, kUnquarantine, program.clock.now()));
  const MonotonicTime deadline =
      program.clock.monotonic() + std::chrono::seconds(flags.timeout_seconds);
  Json plugin = found.object;
  while (get_string(plugin, {"status", "state"}) != "Running" &&
         program.clock.monotonic() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    plugin = TRY(found.client->get(found.path));
  }
  return expect_running(plugin, flags, program);
}

using Verb = Result<void> (*)(const Flags&, Program&);

CLI::App* add_verb(CLI::App& plugin, Program& program, const char* name, const char* about,
                   const char* examples, Verb verb, const std::shared_ptr<Flags>& flags) {
  CLI::App* command = plugin.add_subcommand(name, about);
  command->footer(examples);
  add_server_flags(*command, flags->server);
  command->callback([flags, verb, &program] {
    program.command = [flags, verb, &program] { return verb(*flags, program); };
  });
  return command;
}

void add_name_and_timeout(CLI::App& command, Flags& flags) {
  command.add_option("name", flags.name, "Name of the plugin")->required();
  command.add_option("--timeout", flags.timeout_seconds, "Seconds to wait for the server (60)");
}

}  // namespace

void add_plugin_state_verbs(CLI::App& plugin, Program& program) {
  auto flags = std::make_shared<Flags>();
  CLI::App* enable_verb =
      add_verb(plugin, program, "enable", "Run a plugin, or another file or isolation of it",
               "Examples:\n  capstan plugin enable memory\n"
               "  capstan plugin enable acme --file /opt/acme/acme.so --isolation sandbox",
               enable, flags);
  add_name_and_timeout(*enable_verb, *flags);
  enable_verb->add_option("--file", flags->file,
                          "Its library, archive or folder on the server's machine");
  enable_verb->add_option("--isolation", flags->isolation, "in-process, process or sandbox")
      ->check(CLI::IsMember({"in-process", "process", "sandbox"}));

  CLI::App* disable_verb =
      add_verb(plugin, program, "disable", "Stop a plugin; its objects stay and wait",
               "Examples:\n  capstan plugin disable memory", disable, flags);
  add_name_and_timeout(*disable_verb, *flags);

  CLI::App* reload_verb =
      add_verb(plugin, program, "reload", "Start a plugin anew from its file while its calls go on",
               "Examples:\n  capstan plugin reload acme", reload, flags);
  add_name_and_timeout(*reload_verb, *flags);

  CLI::App* unquarantine_verb = add_verb(
      plugin, program, "unquarantine", "Start a plugin again whose process ended too often",
      "Examples:\n  capstan plugin unquarantine acme", unquarantine, flags);
  add_name_and_timeout(*unquarantine_verb, *flags);
}

}  // namespace capstan::cli
