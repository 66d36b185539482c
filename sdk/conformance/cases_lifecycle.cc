// Cases about an instance's life: every legal order of create, activate, deactivate, destroy.
#include <memory>

#include "sdk/conformance/case.h"
#include "sdk/conformance/cases_lifecycle_port.h"
#include "sdk/conformance/idle.h"
#include "sdk/conformance/process_state.h"
#include "sdk/conformance/raw_plugin.h"

namespace capstan::conformance {
namespace {

std::string words(const RawReply& reply) {
  return reply.diagnostics.empty() ? "status " + std::to_string(reply.status)
                                   : reply.diagnostics[0].summary;
}

// Loads it, makes an instance, and gives both to the body.
template <typename Body>
Finding with_instance(const CaseInput& input, Body&& body) {
  auto plugin = RawPlugin::open(input.subject.file);
  if (!plugin.ok()) return failed(plugin.error().message);
  Idle idle(input.subject);
  auto instance = RawInstance::create(*plugin, idle.table());
  if (!instance.ok()) return failed(instance.error().message);
  return body(*plugin, *instance, idle);
}

Finding destroy_unused(const CaseInput& input) {
  return with_instance(input, [](RawPlugin&, RawInstance& instance, Idle&) {
    instance.destroy();
    return passed();
  });
}

Finding create_is_quiet(const CaseInput& input) {
  const ProcessState before = ProcessState::now();
  return with_instance(input, [&](RawPlugin&, RawInstance&, Idle& idle) {
    if (idle.host->calls() > 0) return failed("create called a service of the host");
    const std::string left = left_behind(before, ProcessState::now());
    return left.empty() ? passed() : failed("create left " + left);
  });
}

Finding activates(const CaseInput& input) {
  return with_instance(input, [](RawPlugin&, RawInstance& instance, Idle& idle) {
    const RawReply reply = instance.activate(idle.settings);
    if (!reply.complaint().empty()) return failed("activate " + reply.complaint());
    if (reply.status != CAPSTAN_OK) {
      return failed("cannot be activated: " + words(reply) +
                    " (give `settings` and `secrets` in conformance.yaml)");
    }
    instance.deactivate();
    return passed();
  });
}

Finding activates_again(const CaseInput& input) {
  return with_instance(input, [](RawPlugin&, RawInstance& instance, Idle& idle) {
    for (int round = 1; round <= 3; ++round) {
      const RawReply reply = instance.activate(idle.settings);
      if (reply.status != CAPSTAN_OK) {
        return failed("activation " + std::to_string(round) + " failed: " + words(reply));
      }
      instance.deactivate();
    }
    return passed();
  });
}

// What fails leaves an instance that can still be activated.
Finding survives_bad_settings(const CaseInput& input) {
  return with_instance(input, [](RawPlugin&, RawInstance& instance, Idle& idle) {
    for (const char* settings : {"", "not json", "[]", "null", "{\"no-such-setting\":{\"a\":1}}",
                                 "{\"a\":\"\xff\xfe\"}"}) {
      const RawReply reply = instance.activate(settings);
      if (!reply.complaint().empty()) {
        return failed(std::string("activate with settings ") + settings + " " + reply.complaint());
      }
      if (reply.status == CAPSTAN_OK) instance.deactivate();
    }
    const RawReply reply = instance.activate(idle.settings);
    if (reply.status != CAPSTAN_OK) {
      return failed("after refused settings good ones fail too: " + words(reply));
    }
    instance.deactivate();
    return passed();
  });
}

Json other_type(const Json& schema) {
  const std::string type = get_string(schema, {"type"});
  return type == "string" ? Json(Json::array({1, 2})) : Json("no " + type);
}

Finding survives_mistyped_settings(const CaseInput& input) {
  const Json* properties = find(input.subject.manifest().settings_schema, {"properties"});
  if (properties == nullptr) return not_applicable("the manifest names no settings");
  return with_instance(input, [&](RawPlugin&, RawInstance& instance, Idle&) {
    for (const auto& [name, schema] : properties->items()) {
      const RawReply reply = instance.activate(dump_json({{name, other_type(schema)}}));
      if (!reply.complaint().empty()) {
        return failed("activate with a mistyped `" + name + "` " + reply.complaint());
      }
      if (reply.status == CAPSTAN_OK) instance.deactivate();
    }
    return passed();
  });
}

Finding deactivate_ends_all(const CaseInput& input) {
  return with_instance(input, [](RawPlugin& plugin, RawInstance& instance, Idle& idle) {
    // What libraries open once for the life of a process is not the instance's.
    if (instance.activate(idle.settings).status != CAPSTAN_OK) return skipped("is not activated");
    instance.deactivate();
    const ProcessState before = ProcessState::now();
    if (instance.activate(idle.settings).status != CAPSTAN_OK) return skipped("is not activated");
    instance.deactivate();
    const std::string left = left_behind(before, ProcessState::now());
    if (left.empty()) return passed();
    // A thread that was left must find its code, or a crash would be told instead.
    (void)new SharedObject(std::move(plugin.library()));
    return failed("deactivate left " + left);
  });
}

Finding two_instances(const CaseInput& input) {
  return with_instance(input, [&](RawPlugin& plugin, RawInstance& first, Idle& idle) {
    Idle other(input.subject);
    auto second = RawInstance::create(plugin, other.table());
    if (!second.ok()) return failed("a second instance: " + second.error().message);
    if (first.activate(idle.settings).status != CAPSTAN_OK) return skipped("is not activated");
    const RawReply reply = second->activate(other.settings);
    first.deactivate();
    first.destroy();
    if (reply.status != CAPSTAN_OK) {
      return failed("a second instance cannot be activated beside the first: " + words(reply));
    }
    const RawReply call = second->reconcile("{}");
    second->deactivate();
    return call.complaint().empty()
               ? passed()
               : failed("after the first instance ended, the second " + call.complaint());
  });
}

// One whole life; the complaint where something is left.
std::string live_once(const CaseInput& input) {
  auto plugin = RawPlugin::open(input.subject.file);
  if (!plugin.ok()) return plugin.error().message;
  {
    Idle idle(input.subject);
    auto instance = RawInstance::create(*plugin, idle.table());
    if (!instance.ok()) return instance.error().message;
    if (instance->activate(idle.settings).status == CAPSTAN_OK) instance->deactivate();
  }
  // A language's interpreter stays for the life of the process.
  const bool stays = !plugin->library().close() && !input.subject.file.is_folder();
  return stays ? "stays mapped after it was closed (pinned)" : "";
}

Finding unloads(const CaseInput& input) {
  if (input.subject.file.is_folder()) {
    return not_applicable("a language's interpreter stays for the life of its process");
  }
  const std::string complaint = live_once(input);
  return complaint.empty() ? passed() : failed(complaint);
}

constexpr int kLives = 100;
constexpr int kWarm = 20;
constexpr long kGrowth = 4096;  // kilobytes

Finding lives_a_hundred_times(const CaseInput& input) {
  ProcessState warm;
  for (int i = 0; i < kLives; ++i) {
    const std::string complaint = live_once(input);
    if (!complaint.empty()) return failed("in round " + std::to_string(i) + " " + complaint);
    if (i == kWarm) warm = ProcessState::now();
  }
  const ProcessState after = ProcessState::now();
  const std::string left = left_behind(warm, after);
  if (!left.empty()) return failed("after 100 lives there are " + left);
#ifndef CAPSTAN_SANITIZED
  const long growth = after.resident_kilobytes - warm.resident_kilobytes;
  if (growth > kGrowth) {
    return failed("80 lives cost " + std::to_string(growth) + " KiB of memory; at most " +
                  std::to_string(kGrowth));
  }
#endif
  return passed();
}

}  // namespace

std::vector<Case> lifecycle_cases() {
  return {
      {"lifecycle-activate", 1, Scope::kTables, "can be activated and deactivated",
       "abi.h: capstan_plugin", activates, port::activates},
      {"lifecycle-destroy-unused", 2, Scope::kTables,
       "can be destroyed without having been activated", "abi.h: capstan_plugin", destroy_unused},
      {"lifecycle-create-is-quiet", 3, Scope::kTables,
       "does not call the host, opens nothing and starts no thread in create",
       "abi.h: create; convention 11", create_is_quiet},
      {"lifecycle-activate-again", 3, Scope::kTables, "can be activated again after deactivate",
       "abi.h: capstan_plugin", activates_again, port::activates_again},
      {"lifecycle-bad-settings", 3, Scope::kTables,
       "survives settings that are no JSON object, and can be activated afterwards", "convention 8",
       survives_bad_settings, port::survives_bad_settings},
      {"lifecycle-mistyped-settings", 4, Scope::kTables,
       "refuses or ignores settings of another type than its schema says", "convention 8",
       survives_mistyped_settings, port::survives_mistyped_settings},
      {"lifecycle-deactivate-ends-all", 4, Scope::kTables,
       "has no thread and no descriptor left after deactivate", "abi.h: deactivate",
       deactivate_ends_all, port::deactivate_ends_all},
      {"lifecycle-unloads", 5, Scope::kTables, "is unmapped when it is closed",
       "From a file to a running plugin, 1", unloads},
      {"lifecycle-hundred-lives", 6, Scope::kTables,
       "costs no memory, thread or descriptor after 100 loads", "conventions 5 and 6",
       lives_a_hundred_times, port::lives_many_times},
      {"lifecycle-two-instances", 7, Scope::kTables, "allows two instances side by side",
       "convention 6", two_instances, port::two_instances},
  };
}

}  // namespace capstan::conformance
