// The plugins that run, brought to what is wanted. In two steps, since some changes need that no
// controller works meanwhile:
//
//   advance()  starts what is new beside what runs. A changed plugin of the same shape takes over
//              at once: calls in flight end in the old version, which goes when the last has
//              (provider_slot.h). A new version that cannot run leaves the old one working.
//   settle()   with all controllers stopped: ends what is no longer wanted, and lets versions of
//              another shape take their places. Controllers are then made anew from running().
//
// What failed is tried again when its object changes.
//
// Thread safety: one thread, besides `changed`, which is called from another.
//
// Example:
//   if (plugins.advance(objects.wanted())) {
//     manager->stop();
//     plugins.settle();
//     manager = make_manager(plugins.running());
//   }
//   for (const auto& [name, report] : plugins.reports()) TRY(objects.report(name, report));
#pragma once

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/plugin/provider_slot.h"
#include "runtime/server/plugin_objects.h"

namespace capstan {

struct PluginSetPorts {
  // Reads, verifies and makes a provider that is not active yet, and fills what is known of its
  // file into the report. Null where the inventory of providers does not list it.
  std::function<Result<std::shared_ptr<Provider>>(const PluginConfig&, PluginReport&)> load;
  // Before a provider is activated: its kinds are to be served.
  std::function<Result<void>(const Manifest&)> bring_kinds;
  // Whether the inventory still lists it; a plugin that is no provider always counts.
  std::function<bool(const Manifest&)> listed = [](const Manifest&) { return true; };
  // Whether a plugin that was not listed may be so now: its file is another, or the inventory is.
  std::function<bool(const PluginConfig&)> may_be_listed = [](const PluginConfig&) { return true; };
  // reports() has news.
  std::function<void()> changed = [] {};
  Duration drain = std::chrono::minutes(2);  // how long an old version's calls may take
};

class PluginSet {
 public:
  explicit PluginSet(PluginSetPorts ports);
  ~PluginSet();  // stops all
  PluginSet(const PluginSet&) = delete;
  PluginSet& operator=(const PluginSet&) = delete;

  // True where settle() is needed.
  bool advance(const std::vector<WantedPlugin>& wanted);
  void settle();

  // In the order of their names. A provider stays in its slot across versions of the same shape.
  std::vector<std::shared_ptr<ProviderSlot>> running() const;
  // By name; of all that were wanted at the last advance().
  std::map<std::string, PluginReport> reports();

  // A plugin that runs cannot be used: why, until its object changes.
  void refuse(const std::string& name, const std::string& reason);

  // Returns when nothing runs, old versions included.
  void stop();

 private:
  // What must be equal for a running plugin to be as wanted.
  struct Place {
    WantedPlugin wanted;
    std::shared_ptr<ProviderSlot> slot;  // null: does not run
    std::shared_ptr<Provider> next;      // active, waits for settle()
    PluginReport report;                 // of what runs
    PluginReport next_report;            // of `next`
    std::string tried;                   // fingerprint of the last try
    std::string failure;                 // of that try
    bool enabled = false;
    bool listed = true;
    bool stays() const { return enabled && listed; }
  };
  // An old version on its way out: gives why it is still in memory, "" where it is not.
  struct Leaving {
    std::string plugin;
    std::string version;
    std::future<std::string> ended;
  };

  Result<void> start(Place& place);
  void exchange(Place& place, std::shared_ptr<Provider> next, PluginReport report);
  void retire(Place& place, std::shared_ptr<Provider> old, std::shared_ptr<ProviderSlot> slot);
  void collect_ended();
  PluginReport report_of(const Place& place) const;

  const PluginSetPorts ports_;
  std::map<std::string, Place> places_;
  std::vector<Leaving> leaving_;
  std::map<std::string, std::vector<std::string>> pinned_;  // by plugin
};

}  // namespace capstan
