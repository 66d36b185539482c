#include "sdk/conformance/cases_lifecycle_port.h"

#include <signal.h>

#include "sdk/conformance/idle.h"
#include "sdk/conformance/modes.h"
#include "sdk/conformance/process_state.h"

namespace capstan::conformance::port {
namespace {

// Makes an instance in the subject's mode and gives it to the body with its settings.
template <typename Body>
Finding with_provider(const CaseInput& input, Body&& body) {
  Idle idle(input.subject);
  auto provider = make_provider(input.subject, idle.take_tables());
  if (!provider.ok()) return failed(provider.error().message);
  return body(**provider, parse_json(idle.settings).value_or(Json::object()));
}

}  // namespace

Finding activates(const CaseInput& input) {
  return with_provider(input, [](Provider& provider, const Json& settings) {
    const auto active = provider.activate(settings);
    if (!active.ok()) {
      return failed("cannot be activated: " + active.error().message +
                    " (give `settings` and `secrets` in conformance.yaml)");
    }
    provider.deactivate();
    return passed();
  });
}

Finding activates_again(const CaseInput& input) {
  return with_provider(input, [](Provider& provider, const Json& settings) {
    for (int round = 1; round <= 3; ++round) {
      const auto active = provider.activate(settings);
      if (!active.ok()) {
        return failed("activation " + std::to_string(round) + " failed: " + active.error().message);
      }
      provider.deactivate();
    }
    return passed();
  });
}

Finding survives_bad_settings(const CaseInput& input) {
  return with_provider(input, [](Provider& provider, const Json& settings) {
    for (const Json& bad :
         {Json(), Json::array(), Json("not json"), Json({{"no-such-setting", {{"a", 1}}}})}) {
      if (provider.activate(bad).ok()) provider.deactivate();
    }
    const auto active = provider.activate(settings);
    if (!active.ok()) {
      return failed("after refused settings good ones fail too: " + active.error().message);
    }
    provider.deactivate();
    return passed();
  });
}

Finding survives_mistyped_settings(const CaseInput& input) {
  const Json* properties = find(input.subject.manifest().settings_schema, {"properties"});
  if (properties == nullptr) return not_applicable("the manifest names no settings");
  return with_provider(input, [&](Provider& provider, const Json&) {
    for (const auto& [name, schema] : properties->items()) {
      const std::string type = get_string(schema, {"type"});
      const Json other = type == "string" ? Json(Json::array({1, 2})) : Json("no " + type);
      if (provider.activate({{name, other}}).ok()) provider.deactivate();
    }
    return passed();
  });
}

// The plugin's process is among what has to be gone.
Finding deactivate_ends_all(const CaseInput& input) {
  return with_provider(input, [](Provider& provider, const Json& settings) {
    const ProcessState before = ProcessState::now();
    if (!provider.activate(settings).ok()) return skipped("is not activated");
    const auto pid = static_cast<pid_t>(provider.state().pid);
    provider.deactivate();
    if (pid <= 0) return failed("has no process of its own");
    if (::kill(pid, 0) == 0) return failed("after deactivate its process is still there");
    const std::string left = left_behind(before, ProcessState::now());
    return no_complaint(left.empty() ? "" : "deactivate left " + left);
  });
}

// A life costs a process here, so there are fewer than of the tables.
Finding lives_many_times(const CaseInput& input) {
  constexpr int kLives = 20;
  constexpr int kWarm = 4;
  ProcessState warm;
  for (int i = 0; i < kLives; ++i) {
    const Finding life = activates(input);
    if (life.verdict != Verdict::kPassed) return life;
    if (i == kWarm) warm = ProcessState::now();
  }
  const ProcessState after = ProcessState::now();
  const std::string left = left_behind(warm, after);
  if (!left.empty()) return failed("after 20 lives the host has " + left);
#ifndef CAPSTAN_SANITIZED
  constexpr long kGrowth = 4096;  // kilobytes
  const long growth = after.resident_kilobytes - warm.resident_kilobytes;
  if (growth > kGrowth) {
    return failed("15 lives cost the host " + std::to_string(growth) + " KiB of memory; at most " +
                  std::to_string(kGrowth));
  }
#endif
  return passed();
}

Finding two_instances(const CaseInput& input) {
  return with_provider(input, [&](Provider& first, const Json& settings) {
    return with_provider(input, [&](Provider& second, const Json&) {
      if (!first.activate(settings).ok()) return skipped("is not activated");
      const auto active = second.activate(settings);
      first.deactivate();
      if (!active.ok()) {
        return failed("a second instance cannot be activated beside the first: " +
                      active.error().message);
      }
      const ProviderReply reply = second.reconcile({}, "{}");
      second.deactivate();
      const bool silent = reply.status != Code::kOk && reply.status != Code::kUnimplemented &&
                          reply.diagnostics.empty();
      return no_complaint(silent ? "after the first instance ended, the second fails without a word"
                                 : "");
    });
  });
}

}  // namespace capstan::conformance::port
