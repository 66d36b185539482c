#include "runtime/isolation/plugin_files.h"

#include <filesystem>
#include <utility>

#include "runtime/base/json.h"
#include "runtime/plugin/manifest_tool.h"

namespace capstan::isolation {

std::vector<std::string> plugin_files(const PluginFile& file) {
  std::vector<std::string> files = {file.path, file.library};
  if (!file.is_folder()) return files;
  for (std::string& sdk : installed_folders("share/capstan-sdk/python")) {
    files.push_back(std::move(sdk));
  }
  const auto manifest = parse_json(file.manifest_text);
  const std::string venv = manifest.ok() ? get_string(*manifest, {"python", "venv"}) : "";
  if (!venv.empty()) files.push_back((std::filesystem::path(file.path) / venv).string());
  return files;
}

}  // namespace capstan::isolation
