#include "runtime/plugin/plugin_config.h"

#include <charconv>
#include <optional>
#include <set>

#include "runtime/object/duration_text.h"

namespace capstan {
namespace {

// Longer ones are mistakes. Whoever wants no start at all has `quarantine: 0s`.
constexpr std::chrono::hours kLongestWait{365 * 24};
constexpr std::chrono::hours kLongestGrace{1};

Error wrong(const std::string& at, const std::string& message) {
  Error error = Error::invalid(at + ": " + message);
  error.fields.push_back({at, "FieldValueInvalid", message});
  return error;
}

Result<void> read_text(const Json& value, const std::string& at, std::string& out) {
  if (!value.is_string()) return wrong(at, "must be a text");
  out = value.get<std::string>();
  return {};
}

Result<void> read_secrets(const Json& value, const std::string& at,
                          std::map<std::string, std::string>& out) {
  if (!value.is_object()) return wrong(at, "must be a map like {token: \"env:TOKEN\"}");
  for (const auto& [name, reference] : value.items()) {
    const std::string text = reference.is_string() ? reference.get<std::string>() : "";
    if (!text.starts_with("env:") && !text.starts_with("file:")) {
      return wrong(at + "." + name,
                   "must be env:NAME or file:PATH; a secret does not stand in the config itself");
    }
    out[name] = text;
  }
  return {};
}

// Not negative; JSON has them without a sign, YAML with one.
std::optional<uint64_t> read_count(const Json& value) {
  if (!value.is_number_integer() || value < 0) return {};
  return value.get<uint64_t>();
}

// "512Mi", "1G", 1048576: bytes as Kubernetes writes them.
Result<uint64_t> read_bytes(const Json& value, const std::string& at) {
  if (const auto bytes = read_count(value)) return *bytes;
  const Error bad = wrong(at, "must be an amount of memory like 512Mi or 1G");
  if (!value.is_string()) return bad;
  const auto& text = value.get_ref<const std::string&>();
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc()) return bad;
  static const std::map<std::string_view, uint64_t> kUnits = {{"", 1},
                                                              {"k", 1000},
                                                              {"M", 1000'000},
                                                              {"G", 1000'000'000},
                                                              {"Ki", 1ull << 10},
                                                              {"Mi", 1ull << 20},
                                                              {"Gi", 1ull << 30}};
  const auto unit = kUnits.find(std::string_view(rest, static_cast<size_t>(end - rest)));
  if (unit == kUnits.end() || number > UINT64_MAX / unit->second) return bad;
  return number * unit->second;
}

Result<void> read_member(const std::string& name, const Json& value, const std::string& at,
                         PluginConfig& out) {
  if (name == "name") return read_text(value, at, out.name);
  if (name == "file") return read_text(value, at, out.file);
  if (name == "secrets") return read_secrets(value, at, out.secrets);
  if (name == "settings") {
    if (!value.is_object()) return wrong(at, "must be a map");
    out.settings = value;
    return {};
  }
  if (name == "enabled") {
    if (!value.is_boolean()) return wrong(at, "must be true or false");
    out.enabled = value.get<bool>();
    return {};
  }
  if (name == "isolation") {
    TRY(read_text(value, at, out.isolation));
    if (out.isolation == "in-process" || out.isolation == "process" || out.isolation == "sandbox") {
      return {};
    }
    return wrong(at, "must be in-process, process or sandbox");
  }
  if (name == "limits") {
    out.limits = TRY(PluginLimits::from_json(value, at));
    return {};
  }
  if (name == "restart") {
    out.restart = TRY(PluginRestart::from_json(value, at));
    return {};
  }
  if (name == "record") return read_text(value, at, out.record);
  return wrong(at,
               "is unknown; expected name, file, enabled, settings, secrets, isolation, limits, "
               "restart or record");
}

}  // namespace

Result<PluginLimits> PluginLimits::from_json(const Json& json, const std::string& at) {
  if (!json.is_object()) return wrong(at, "must be a map like {memory: 512Mi, openFiles: 256}");
  PluginLimits limits;
  struct Count {
    uint64_t& value;
    uint64_t least;
  };
  const std::map<std::string, Count> counts = {{"cpuSeconds", {limits.cpu_seconds, 1}},
                                               {"openFiles", {limits.open_files, 16}},
                                               {"processes", {limits.processes, 1}}};
  for (const auto& [name, value] : json.items()) {
    const std::string field = at + "." + name;
    if (name == "memory") {
      limits.memory_bytes = TRY(read_bytes(value, field));
      continue;
    }
    const auto count = counts.find(name);
    if (count == counts.end()) {
      return wrong(field, "is unknown; expected memory, cpuSeconds, openFiles or processes");
    }
    const auto number = read_count(value);
    if (!number || *number < count->second.least) {
      return wrong(field, "must be a number of at least " + std::to_string(count->second.least));
    }
    count->second.value = *number;
  }
  return limits;
}

Result<PluginRestart> PluginRestart::from_json(const Json& json, const std::string& at) {
  if (!json.is_object()) return wrong(at, "must be a map like {delay: 1s, crashes: 5}");
  PluginRestart restart;
  const std::map<std::string, Duration*> durations = {{"delay", &restart.first_delay},
                                                      {"longestDelay", &restart.longest_delay},
                                                      {"window", &restart.window},
                                                      {"quarantine", &restart.quarantine},
                                                      {"grace", &restart.grace}};
  for (const auto& [name, value] : json.items()) {
    const std::string field = at + "." + name;
    if (name == "crashes") {
      restart.crashes = read_count(value).value_or(0);
      if (restart.crashes == 0) return wrong(field, "must be a number above 0");
      continue;
    }
    const auto duration = durations.find(name);
    if (duration == durations.end()) {
      return wrong(
          field, "is unknown; expected delay, longestDelay, crashes, window, quarantine or grace");
    }
    const auto read = parse_duration(value.is_string() ? value.get<std::string>() : "");
    if (!read.ok() || *read < Duration::zero()) {
      return wrong(field, "must be a duration like 500ms, 30s or 10m");
    }
    const std::chrono::hours most = name == "grace" ? kLongestGrace : kLongestWait;
    if (*read > most) {
      return wrong(field, "must be no more than " + std::to_string(most.count()) + "h");
    }
    *duration->second = *read;
  }
  return restart;
}

Result<PluginConfig> PluginConfig::from_json(const Json& json, const std::string& at) {
  PluginConfig config;
  if (json.is_string()) {
    config.name = json.get<std::string>();
  } else if (json.is_object()) {
    for (const auto& [name, value] : json.items()) {
      TRY(read_member(name, value, at + "." + name, config));
    }
    config.written = json;
    config.written.erase("name");
  } else {
    return wrong(at, "must be a plugin's name or a map with `name`");
  }
  if (config.name.empty()) return wrong(at + ".name", "is missing");
  if (config.file.empty() && config.name.find('/') != std::string::npos) {
    return wrong(at + ".name", "must be a name; a library's path goes into `file`");
  }
  return config;
}

Result<std::vector<PluginConfig>> parse_plugin_configs(const Json& list) {
  if (!list.is_array()) return wrong("plugins", "must be a list");
  std::vector<PluginConfig> configs;
  std::set<std::string> names;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string at = "plugins[" + std::to_string(i) + "]";
    configs.push_back(TRY(PluginConfig::from_json(list[i], at)));
    if (!names.insert(configs.back().name).second) {
      return wrong(at + ".name", "\"" + configs.back().name + "\" stands in the list twice");
    }
  }
  return configs;
}

}  // namespace capstan
