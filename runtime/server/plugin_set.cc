#include "runtime/server/plugin_set.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace capstan {
namespace {

// Equal for two wishes that the same running plugin fulfils.
std::string fingerprint(const WantedPlugin& wanted) {
  Json parts = wanted.config.written;
  parts.erase("enabled");
  parts["reload"] = wanted.reload;
  parts["error"] = wanted.error ? wanted.error->message : "";
  return dump_json(parts);
}

}  // namespace

PluginSet::PluginSet(PluginSetPorts ports) : ports_(std::move(ports)) {}

PluginSet::~PluginSet() {
  stop();
}

// Loads, brings the kinds, activates, and puts the provider where it belongs.
Result<void> PluginSet::start(Place& place) {
  if (place.wanted.error) return *place.wanted.error;
  PluginReport report;
  std::shared_ptr<Provider> next = TRY(ports_.load(place.wanted.config, report));
  place.listed = next != nullptr;
  if (!place.listed) return {};
  report.version = next->manifest().version;
  TRY(ports_.bring_kinds(next->manifest()));
  TRY(next->activate(place.wanted.config.settings));
  if (place.slot != nullptr && same_shape(place.slot->manifest(), next->manifest())) {
    exchange(place, std::move(next), std::move(report));
    return {};
  }
  place.next = std::move(next);
  place.next_report = std::move(report);
  return {};
}

void PluginSet::exchange(Place& place, std::shared_ptr<Provider> next, PluginReport report) {
  spdlog::info("plugin \"{}\": version {} takes over from {}", place.wanted.config.name,
               report.version, place.report.version);
  retire(place, place.slot->exchange(std::move(next)), place.slot);
  place.report = std::move(report);
}

// In the background, since the calls of an old version may take their time.
void PluginSet::retire(Place& place, std::shared_ptr<Provider> old,
                       std::shared_ptr<ProviderSlot> slot) {
  const auto leave = [this, slot = std::move(slot)](std::shared_ptr<Provider> provider) {
    std::string kept;
    if (!slot->drain(ports_.drain)) {
      kept =
          "calls of it have not ended for " +
          std::to_string(std::chrono::duration_cast<std::chrono::seconds>(ports_.drain).count()) +
          " s";
      // Ending it would pull the ground from under them.
      (void)new std::shared_ptr<Provider>(std::move(provider));
    } else {
      kept = provider->end();
    }
    ports_.changed();
    return kept;
  };
  leaving_.push_back({place.wanted.config.name, place.report.version,
                      std::async(std::launch::async, leave, std::move(old))});
}

bool PluginSet::advance(const std::vector<WantedPlugin>& wanted) {
  for (auto& [name, place] : places_) place.enabled = false;
  for (const WantedPlugin& wish : wanted) {
    Place& place = places_[wish.config.name];
    place.enabled = wish.config.enabled || wish.error.has_value();
    const bool free = wish.unquarantine != place.wanted.unquarantine;
    if (free && place.slot != nullptr && place.slot->unquarantine()) {
      spdlog::info("plugin \"{}\" is taken out of quarantine", wish.config.name);
    }
    place.wanted = wish;
    if (place.slot != nullptr) place.listed = ports_.listed(place.slot->manifest());
    if (!place.enabled || (place.slot != nullptr && !place.listed)) continue;
    const std::string now = fingerprint(wish);
    // A plugin that the inventory did not list may be listed now.
    if (place.tried == now && (place.listed || !ports_.may_be_listed(wish.config))) continue;
    place.tried = now;
    const Result<void> started = start(place);
    place.failure = started.ok() ? "" : started.error().message;
    const auto level =
        started.code() == Code::kCancelled ? spdlog::level::info : spdlog::level::err;
    if (!started.ok()) spdlog::log(level, "plugin \"{}\": {}", wish.config.name, place.failure);
  }
  std::erase_if(places_, [&](const auto& entry) {
    const bool is_wanted = std::any_of(wanted.begin(), wanted.end(), [&](const WantedPlugin& wish) {
      return wish.config.name == entry.first;
    });
    return !is_wanted && entry.second.slot == nullptr;
  });
  return std::any_of(places_.begin(), places_.end(), [](const auto& entry) {
    const Place& place = entry.second;
    return place.next != nullptr || (place.slot != nullptr && !place.stays());
  });
}

void PluginSet::settle() {
  for (auto& [name, place] : places_) {
    if (place.slot != nullptr && (!place.stays() || place.next != nullptr)) {
      const std::string kept = place.slot->end();
      if (!kept.empty()) pinned_[name].push_back(place.report.version + ": " + kept);
      place.slot.reset();
      place.report = {};
      if (!place.stays()) place.tried.clear();
    }
    if (place.next == nullptr) continue;
    place.slot = std::make_shared<ProviderSlot>(std::exchange(place.next, nullptr));
    place.report = std::exchange(place.next_report, {});
    spdlog::info("plugin \"{}\": version {} runs", name, place.report.version);
  }
}

std::vector<std::shared_ptr<ProviderSlot>> PluginSet::running() const {
  std::vector<std::shared_ptr<ProviderSlot>> out;
  for (const auto& [name, place] : places_) {
    if (place.slot != nullptr) out.push_back(place.slot);
  }
  return out;
}

void PluginSet::collect_ended() {
  std::erase_if(leaving_, [&](Leaving& leaving) {
    if (leaving.ended.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return false;
    const std::string kept = leaving.ended.get();
    if (!kept.empty()) pinned_[leaving.plugin].push_back(leaving.version + ": " + kept);
    return true;
  });
}

PluginReport PluginSet::report_of(const Place& place) const {
  PluginReport report = place.report;
  if (place.slot != nullptr) {
    const ProviderState state = place.slot->state();
    report.state = state.name;
    report.message = state.message;
    report.notices = state.notices;
    report.isolation = state.isolation;
    report.not_up_to_date = place.failure;
  } else if (!place.enabled) {
    report.state = "Disabled";
    report.message = "spec.enabled is false";
  } else if (!place.failure.empty()) {
    report.state = "Failed";
    report.message = place.failure;
  } else {
    report.state = "Disabled";
    report.message = "none of its providers is in the inventory; `capstan init` adds one";
  }
  report.reload = place.wanted.reload;
  return report;
}

std::map<std::string, PluginReport> PluginSet::reports() {
  collect_ended();
  std::map<std::string, PluginReport> out;
  for (const auto& [name, place] : places_) {
    PluginReport report = report_of(place);
    const auto pinned = pinned_.find(name);
    if (pinned != pinned_.end()) report.pinned = pinned->second;
    out[name] = std::move(report);
  }
  return out;
}

void PluginSet::refuse(const std::string& name, const std::string& reason) {
  Place& place = places_.at(name);
  (void)place.slot->end();
  place.slot.reset();
  place.failure = reason;
}

void PluginSet::stop() {
  for (auto& [name, place] : places_) {
    if (place.next != nullptr) (void)place.next->end();
    if (place.slot != nullptr) (void)place.slot->end();
    place.next.reset();
    place.slot.reset();
    place.tried.clear();
  }
  for (Leaving& leaving : leaving_) leaving.ended.wait();
  collect_ended();
}

}  // namespace capstan
