#include "runtime/plugin/plugin_config.h"

#include <set>

namespace capstan {
namespace {

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
    if (out.isolation == "in-process" || out.isolation == "process") return {};
    return wrong(at, "must be in-process or process");
  }
  if (name == "record") return read_text(value, at, out.record);
  return wrong(at,
               "is unknown; expected name, file, enabled, settings, secrets, isolation or record");
}

}  // namespace

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
