#include "runtime/cli/template_source.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>

#include "runtime/base/text.h"
#include "runtime/package/plugin_store.h"
#include "runtime/plugin/plugin_file.h"
#include "runtime/plugin/plugin_folder.h"
#include "runtime/system/file.h"

namespace capstan::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "cluster-template";
constexpr std::string_view kSuffix = ".yaml";

bool offers(const Manifest& manifest, const ProviderName& provider) {
  return std::any_of(
      manifest.providers.begin(), manifest.providers.end(),
      [&](const ProviderEntry& e) { return e.type == provider.type && e.name == provider.name; });
}

// "cluster-template-development.yaml" -> "development"; the plain template has no flavor.
std::string flavors_of(const Manifest& manifest) {
  std::vector<std::string> flavors;
  for (const auto& [file, text] : manifest.templates) {
    if (!file.starts_with(kPrefix) || !file.ends_with(kSuffix)) continue;
    const std::string middle =
        file.substr(kPrefix.size(), file.size() - kPrefix.size() - kSuffix.size());
    if (middle.starts_with('-')) flavors.push_back(middle.substr(1));
  }
  return flavors.empty() ? "none but the plain one" : join(flavors, ", ");
}

// Overrides of a user's own: overrides/infrastructure-docker/<version>/cluster-template.yaml.
std::string override_path(const ProviderName& provider, const std::string& version,
                          const std::string& file) {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  const std::string base = config != nullptr && *config != '\0'
                               ? std::string(config)
                               : (home == nullptr ? std::string() : std::string(home)) + "/.config";
  return base + "/cluster-api/overrides/" + provider.label() + "/" + version + "/" + file;
}

std::string tagged(const std::string& version) {
  return version.starts_with('v') ? version : "v" + version;
}

// The manifest of an installed package, with the templates that lie beside it.
Result<Manifest> installed_manifest(const InstalledPlugin& plugin) {
  Manifest manifest = TRY(parse_manifest(TRY(read_file(plugin.folder + "/" + kManifestFile))));
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(plugin.folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) continue;
    manifest.templates.emplace(name, TRY(read_file(entry.path().string())));
  }
  return manifest;
}

// What is installed goes before what lies in a directory, as in the server.
Result<Manifest> find_plugin(const ProviderName& provider, const std::string& data_dir,
                             const std::vector<std::string>& plugin_directories) {
  for (const InstalledPlugin& plugin : TRY(PluginStore(data_dir).list())) {
    if (!plugin.current) continue;
    Manifest manifest = TRY(installed_manifest(plugin));
    if (offers(manifest, provider)) return manifest;
  }
  for (const std::string& directory : plugin_directories) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
      if (entry.path().extension() != ".so" && !is_plugin_folder(entry.path())) continue;
      Result<PluginFile> plugin = read_plugin_file(entry.path().string());
      // A file that is no plugin of ours is the server's to complain about.
      if (plugin.ok() && offers(plugin->manifest, provider)) return std::move(plugin->manifest);
    }
  }
  return Error::not_found("no plugin offers it");
}

}  // namespace

std::vector<std::string> plugin_directories(const std::string& executable) {
  std::vector<std::string> directories;
  if (const char* path = std::getenv("CAPSTAN_PLUGIN_PATH"); path != nullptr && *path != '\0') {
    directories = split(path, ':');
  }
  const fs::path prefix = fs::path(executable).parent_path().parent_path();
  for (const char* lib : {"lib", "lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"}) {
    const fs::path directory = prefix / lib / "capstan" / "plugins";
    std::error_code error;
    if (fs::is_directory(directory, error)) directories.push_back(directory.string());
  }
  return directories;
}

std::string template_file_name(const std::string& flavor) {
  return std::string(kPrefix) + (flavor.empty() ? "" : "-" + flavor) + std::string(kSuffix);
}

Result<std::string> provider_template(const ProviderName& provider, const std::string& flavor,
                                      const std::string& data_dir,
                                      const std::vector<std::string>& plugin_directories) {
  const auto plugin = find_plugin(provider, data_dir, plugin_directories);
  if (plugin.ok()) {
    const std::string file = template_file_name(flavor);
    const std::string own = override_path(provider, tagged(plugin->version), file);
    if (file_exists(own)) return read_file(own);
    const auto found = plugin->templates.find(file);
    if (found != plugin->templates.end()) return found->second;
    return Error::not_found("provider \"" + provider.label() + "\" has no flavor \"" + flavor +
                            "\"; it has: " + flavors_of(*plugin));
  }
  if (plugin.code() != Code::kNotFound) return plugin.error();
  return Error::not_found(
      "no plugin for provider \"" + provider.label() + "\" in " +
      (plugin_directories.empty() ? "any plugin directory" : join(plugin_directories, " or ")) +
      "; set $CAPSTAN_PLUGIN_PATH where it is elsewhere, or give a template "
      "with --from");
}

Result<std::string> template_from(const std::string& location) {
  if (location == "-") {
    return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  if (location.find("://") != std::string::npos) {
    return Error::invalid("--from " + location +
                          ": only files and - are read; download the template first");
  }
  return read_file(location);
}

}  // namespace capstan::cli
