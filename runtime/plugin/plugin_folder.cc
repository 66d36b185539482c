#include "runtime/plugin/plugin_folder.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "runtime/plugin/manifest_tool.h"
#include "runtime/system/file.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSource = "plugin.yaml";
constexpr const char* kMade = "manifest.json";

// What the manifest is made of.
std::vector<fs::path> sources(const fs::path& folder) {
  std::vector<fs::path> found = {folder / kSource};
  for (const char* part : {"kinds", "templates"}) {
    std::error_code failure;
    for (const auto& entry : fs::directory_iterator(folder / part, failure)) {
      if (entry.path().extension() == ".yaml") found.push_back(entry.path());
    }
  }
  return found;
}

bool is_current(const fs::path& folder) {
  std::error_code failure;
  const auto made = fs::last_write_time(folder / kMade, failure);
  if (failure) return false;
  const std::vector<fs::path> files = sources(folder);
  return std::all_of(files.begin(), files.end(), [&](const fs::path& file) {
    const auto changed = fs::last_write_time(file, failure);
    return !failure && changed <= made;
  });
}

Result<std::string> manifest_text(const fs::path& folder) {
  if (is_current(folder)) return read_file(folder / kMade);
  std::string text = TRY(run_manifest_tool(folder));
  // For the next start, and for the plugin's process; where the folder cannot be written, it is
  // made each time.
  (void)write_file(folder / kMade, text);
  return text;
}

Result<std::string> language_library(const Json& manifest) {
  const std::string language = get_string(manifest, {"language"}, "python");
  const bool is_name = std::all_of(language.begin(), language.end(),
                                   [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  if (!is_name || language.empty()) {
    return Error::invalid("/language: \"" + language + "\" is no language's name");
  }
  const std::string name = "capstan_" + language + ".so";
  for (const std::string& folder : installed_folders("lib/capstan/languages")) {
    if (fs::exists(folder + "/" + name)) return folder + "/" + name;
  }
  return Error::failed_precondition("this host runs no plugins in " + language + " (there is no " +
                                    name + "); install the package that has it");
}

}  // namespace

bool is_plugin_folder(const std::string& path) {
  std::error_code failure;
  return fs::is_regular_file(fs::path(path) / kSource, failure);
}

Result<PluginFile> read_plugin_folder(const std::string& path) {
  const auto named = [&](Error error) { return std::move(error).with_context(path); };
  std::error_code failure;
  const fs::path folder = fs::absolute(path, failure);
  auto text = manifest_text(folder);
  if (!text.ok()) return named(std::move(text).error());
  const auto json = parse_json(*text);
  if (!json.ok()) return named(Error(json.error()).with_context("manifest"));
  auto manifest = manifest_from_json(*json);
  if (!manifest.ok()) return named(std::move(manifest).error());
  auto abi = negotiate_abi(manifest->abi_major, manifest->abi_min_minor, manifest->abi_max_minor);
  if (!abi.ok()) return named(std::move(abi).error());
  auto library = language_library(*json);
  if (!library.ok()) return named(std::move(library).error());
  PluginFile runner = TRY(read_plugin_file(*library));
  return PluginFile{.path = folder.lexically_normal().string(),
                    .manifest = *std::move(manifest),
                    .manifest_text = *std::move(text),
                    .warnings = {},
                    .library = *std::move(library),
                    .library_manifest_sha256 = std::move(runner.library_manifest_sha256)};
}

}  // namespace capstan
