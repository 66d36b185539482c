// The server's plugins as objects (Plugin.capstan.dev): what is wanted, by config, by kubectl or by
// `capstan plugin`, and how each plugin is.
//
// Who writes what: the config's plugins are applied at each start by the manager "capstan-config",
// which takes the fields it names from whoever changed them meanwhile; a config that no longer
// names a plugin takes its object away. Bundled plugins get an object where they have none.
// Status is the server's.
//
// Thread safety: used by the server's main thread. Lifetime: the service outlives it.
//
// Example:
//   PluginObjects objects(*core.resources);
//   TRY(objects.apply_config(config.plugins));
//   for (const WantedPlugin& plugin : objects.wanted()) ...
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/object/conditions.h"
#include "runtime/plugin/plugin_config.h"
#include "runtime/resource/resource_service.h"

namespace capstan {

inline const GroupKind kPluginKind{"capstan.dev", "Plugin"};
// A new value starts the plugin anew from its file.
inline constexpr const char* kReloadAnnotation = "capstan.dev/reload";
// A new value takes the plugin out of quarantine.
inline constexpr const char* kUnquarantineAnnotation = "capstan.dev/unquarantine";
inline constexpr const char* kSourceAnnotation = "capstan.dev/source";  // "config" or "bundled"
// Its providers have been put into the inventory once; whoever removes them there means it.
inline constexpr const char* kIntroducedAnnotation = "capstan.dev/introduced";

struct WantedPlugin {
  PluginConfig config;         // of a deleted object: not enabled
  std::string reload;          // value of kReloadAnnotation
  std::string unquarantine;    // value of kUnquarantineAnnotation
  std::string source;          // value of kSourceAnnotation
  bool introduced = false;     // see kIntroducedAnnotation
  std::optional<Error> error;  // the spec makes no config
};

struct PluginReport {
  std::string state;  // "Running", "Disabled", "Failed", "Quarantined", "Restarting"
  std::string message = {};
  std::string version = {};
  std::string file = {};
  std::string digest = {};
  std::string isolation = {};
  std::vector<std::string> notices = {};
  std::vector<std::string> pinned = {};
  std::string reload = {};          // the reload that was followed last
  std::string not_up_to_date = {};  // why what runs is not what is wanted; "" where it is
  bool operator==(const PluginReport&) const = default;
};

class PluginObjects {
 public:
  explicit PluginObjects(ResourceService& resources) : resources_(resources) {}

  // Objects of exactly these plugins come from the config from now on.
  Result<void> apply_config(const std::vector<PluginConfig>& plugins);
  Result<void> mark_introduced(const std::string& name);
  // Makes the object of a bundled plugin where there is none.
  Result<void> ensure_bundled(const std::string& name, bool enabled);

  // All that have an object and are not being deleted, by name.
  std::vector<WantedPlugin> wanted() const;
  // Writes the status where it differs. An object that is gone is no error.
  Result<void> report(const std::string& name, const PluginReport& report);

 private:
  Result<void> apply_one(const PluginConfig& plugin);
  ResourceRef ref(const std::string& name) const;
  ResourceService& resources_;
};

// The status of a report, for an object with this status at present.
Json plugin_status(const PluginReport& report, Json present, int64_t generation, Instant now);

}  // namespace capstan
