#include "sdk/conformance/kit_config.h"

#include <filesystem>
#include <regex>

#include "runtime/system/file.h"
#include "runtime/yaml/yaml.h"

namespace capstan::conformance {
namespace {

constexpr const char* kWorld = "@WORLD@";

Error wrong(const std::string& member, const std::string& expected) {
  return Error::invalid("conformance.yaml: " + member + " is no " + expected);
}

Result<std::map<std::string, Json>> objects_by_kind(const Json& value, const std::string& member) {
  if (!value.is_object()) return wrong(member, "map of kinds");
  std::map<std::string, Json> out;
  for (const auto& [kind, object] : value.items()) {
    if (!object.is_object()) return wrong(member + "." + kind, "object");
    out[kind] = object;
  }
  return out;
}

Result<std::chrono::milliseconds> seconds(const Json& value, const std::string& member) {
  if (!value.is_number() || value.get<double>() <= 0) return wrong(member, "positive number");
  return std::chrono::milliseconds(static_cast<int64_t>(value.get<double>() * 1000));
}

Result<void> read_skips(const Json& value, std::vector<Skip>& out) {
  if (!value.is_array()) return wrong("skip", "list");
  for (const Json& item : value) {
    Skip skip{get_string(item, {"case"}), get_string(item, {"reason"}), get_string(item, {"mode"})};
    if (skip.pattern.empty() || skip.reason.empty()) {
      return Error::invalid("conformance.yaml: an item of skip lacks `case` or `reason`");
    }
    try {
      (void)std::regex(skip.pattern);
    } catch (const std::regex_error& error) {
      return Error::invalid("conformance.yaml: skip.case \"" + skip.pattern +
                            "\": " + error.what());
    }
    out.push_back(std::move(skip));
  }
  return {};
}

Result<std::vector<std::string>> texts(const Json& value, const std::string& member) {
  std::vector<std::string> out;
  if (!value.is_array()) return wrong(member, "list of texts");
  for (const Json& item : value) {
    if (!item.is_string()) return wrong(member, "list of texts");
    out.push_back(item.get<std::string>());
  }
  return out;
}

Result<void> read_world(const Json& value, KitConfig& out) {
  if (!value.is_object()) return wrong("world", "map");
  out.world_start = get_string(value, {"start"});
  out.world_digest = get_string(value, {"digest"});
  const Json needs = value.value("needs", Json::object());
  if (!needs.is_object()) return wrong("world.needs", "map");
  for (const auto& [name, list] : needs.items()) {
    const std::string member = "world.needs." + name;
    if (name == "hosts") {
      out.world_needs.hosts = TRY(texts(list, member));
    } else if (name == "paths") {
      out.world_needs.paths = TRY(texts(list, member));
    } else {
      return wrong(member, "need of a world (hosts, paths)");
    }
  }
  return {};
}

Result<void> read_member(const std::string& name, const Json& value, KitConfig& out) {
  if (name == "settings") {
    if (!value.is_object()) return wrong(name, "map");
    out.settings = value;
  } else if (name == "secrets") {
    if (!value.is_object()) return wrong(name, "map of texts");
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) return wrong(name + "." + key, "text");
      out.secrets[key] = text.get<std::string>();
    }
  } else if (name == "samples") {
    out.samples = TRY(objects_by_kind(value, name));
  } else if (name == "invalid") {
    out.invalid = TRY(objects_by_kind(value, name));
  } else if (name == "objects") {
    if (!value.is_array()) return wrong(name, "list of objects");
    out.objects.assign(value.begin(), value.end());
  } else if (name == "machineVersion") {
    if (!value.is_string()) return wrong(name, "text");
    out.machine_version = value.get<std::string>();
  } else if (name == "neverReady") {
    if (!value.is_array()) return wrong(name, "list of kinds");
    for (const Json& kind : value) {
      if (!kind.is_string()) return wrong(name, "list of kinds");
      out.never_ready.insert(kind.get<std::string>());
    }
  } else if (name == "world") {
    return read_world(value, out);
  } else if (name == "skip") {
    return read_skips(value, out.skips);
  } else if (name == "settleSeconds") {
    out.settle = TRY(seconds(value, name));
  } else if (name == "timeoutSeconds") {
    out.timeout = TRY(seconds(value, name));
  } else {
    return Error::invalid("conformance.yaml: unknown member \"" + name + "\"");
  }
  return {};
}

}  // namespace

Result<KitConfig> parse_kit_config(const Json& json) {
  KitConfig config;
  if (json.is_null()) return config;
  if (!json.is_object()) return Error::invalid("conformance.yaml is no map");
  for (const auto& [name, value] : json.items()) TRY(read_member(name, value, config));
  return config;
}

Result<KitConfig> read_kit_config(const std::string& path, const std::string& plugin_file) {
  std::string found = path;
  if (found.empty()) {
    const std::filesystem::path plugin = plugin_file;
    std::filesystem::path own = plugin;
    own.replace_extension(".conformance.yaml");
    for (const auto& place :
         {plugin / "conformance.yaml", own, plugin.parent_path() / "conformance.yaml"}) {
      if (found.empty() && file_exists(place)) found = place;
    }
    if (found.empty()) return KitConfig();
  }
  auto config = parse_kit_config(TRY(parse_yaml(TRY(read_file(found)))));
  if (!config.ok()) return std::move(config).error().with_context(found);
  return config;
}

std::string in_world(std::string text, const std::string& folder) {
  const std::string mark = kWorld;
  for (size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += folder.size()) {
    text.replace(at, mark.size(), folder);
  }
  return text;
}

Json in_world(const Json& value, const std::string& folder) {
  if (value.is_string()) return in_world(value.get<std::string>(), folder);
  if (!value.is_structured()) return value;
  Json out = value;
  for (Json& item : out) item = in_world(item, folder);
  return out;
}

}  // namespace capstan::conformance
