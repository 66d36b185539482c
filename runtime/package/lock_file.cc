#include "runtime/package/lock_file.h"

#include <algorithm>

#include "runtime/trust/digest.h"
#include "runtime/yaml/yaml.h"

namespace capstan {
namespace {

constexpr const char* kApiVersion = "capstan.dev/v1alpha1";
constexpr const char* kKind = "PluginLock";
const std::string kDigestPrefix = "sha256:";

std::string digest_of(const Json& entry, const char* member) {
  const std::string text = get_string(entry, {member});
  return text.starts_with(kDigestPrefix) ? text.substr(kDigestPrefix.size()) : "";
}

// "acme/1.2.0~ab12cd34": below the store's folder and nowhere else.
bool is_folder(const std::string& path) {
  return is_package_path(path) && std::count(path.begin(), path.end(), '/') == 1;
}

Result<InstalledPlugin> read_entry(const Json& entry, const std::string& folder) {
  InstalledPlugin plugin;
  plugin.name = get_string(entry, {"name"});
  plugin.version = get_string(entry, {"version"});
  plugin.current = get_bool(entry, {"current"});
  const std::string below = get_string(entry, {"folder"});
  plugin.folder = folder + "/" + below;
  plugin.library = get_string(entry, {"library"});
  plugin.index_sha256 = digest_of(entry, "index");
  plugin.archive_sha256 = digest_of(entry, "archive");
  plugin.publisher = get_string(entry, {"publisher"});
  plugin.key_id = get_string(entry, {"keyId"});
  plugin.source = get_string(entry, {"source"});
  plugin.installed_at = get_string(entry, {"installedAt"});
  if (plugin.name.empty()) return Error::invalid("name: is missing");
  if (!is_semantic_version(plugin.version)) return Error::invalid("version: is none like 1.2.3");
  if (!is_folder(below)) return Error::invalid("folder: must be NAME/VERSION");
  if (!plugin.library.empty() && !is_package_path(plugin.library)) {
    return Error::invalid("library: must be a file of the package");
  }
  if (!is_sha256(plugin.index_sha256)) return Error::invalid("index: must be sha256:DIGEST");
  return plugin;
}

void sort(std::vector<InstalledPlugin>& plugins) {
  std::sort(plugins.begin(), plugins.end(), [](const auto& a, const auto& b) {
    if (a.name != b.name) return a.name < b.name;
    return compare_semantic_versions(a.version, b.version) > 0;
  });
}

}  // namespace

Result<std::vector<InstalledPlugin>> parse_lock_file(std::string_view text,
                                                     const std::string& folder) {
  const Json json = TRY(parse_yaml(text));
  if (get_string(json, {"apiVersion"}) != kApiVersion || get_string(json, {"kind"}) != kKind) {
    return Error::invalid(std::string("is no ") + kKind + " of " + kApiVersion);
  }
  std::vector<InstalledPlugin> plugins;
  const Json* list = find(json, {"plugins"});
  if (list == nullptr || !list->is_array()) return Error::invalid("plugins: must be a list");
  for (size_t i = 0; i < list->size(); ++i) {
    auto plugin = read_entry((*list)[i], folder);
    if (!plugin.ok()) {
      return std::move(plugin).error().with_context("plugins[" + std::to_string(i) + "]");
    }
    plugins.push_back(*std::move(plugin));
  }
  sort(plugins);
  return plugins;
}

std::string lock_file_text(std::vector<InstalledPlugin> plugins, const std::string& folder) {
  sort(plugins);
  Json list = Json::array();
  for (const InstalledPlugin& plugin : plugins) {
    Json entry = {{"name", plugin.name},
                  {"version", plugin.version},
                  {"current", plugin.current},
                  {"folder", plugin.folder.substr(folder.size() + 1)},
                  {"index", kDigestPrefix + plugin.index_sha256},
                  {"archive", kDigestPrefix + plugin.archive_sha256},
                  {"source", plugin.source},
                  {"installedAt", plugin.installed_at}};
    if (!plugin.library.empty()) entry["library"] = plugin.library;
    if (!plugin.publisher.empty()) entry["publisher"] = plugin.publisher;
    if (!plugin.key_id.empty()) entry["keyId"] = plugin.key_id;
    list.push_back(std::move(entry));
  }
  return "# Written by `capstan plugin install` and `remove`.\n" +
         dump_yaml({{"apiVersion", kApiVersion}, {"kind", kKind}, {"plugins", std::move(list)}});
}

}  // namespace capstan
