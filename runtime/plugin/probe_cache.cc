#include "runtime/plugin/probe_cache.h"

#include <cstdio>
#include <fstream>
#include <iterator>

#include "runtime/base/json.h"
#include "runtime/plugin/file_identity.h"
#include "sdk/include/capstan/abi.h"

namespace capstan {
namespace {

// What changes when the file or this program's ABI does; "" where it cannot be read.
std::string identity(const std::string& path) {
  const std::string file = file_identity(path);
  if (file.empty()) return "";
  return file + ":abi" + std::to_string(CAPSTAN_ABI_MAJOR) + "." +
         std::to_string(CAPSTAN_ABI_MINOR);
}

}  // namespace

ProbeCache::ProbeCache(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  std::ifstream file(path_);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto json = parse_json(text);
  if (!json.ok() || !json->is_object()) return;
  for (const auto& [plugin, seen] : json->items()) {
    if (seen.is_string()) good_[plugin] = seen.get<std::string>();
  }
}

bool ProbeCache::known_good(const std::string& plugin) const {
  const auto seen = good_.find(plugin);
  return seen != good_.end() && !seen->second.empty() && seen->second == identity(plugin);
}

void ProbeCache::begin(const PluginFile& file, const ProbeOptions& options) {
  if (known_good(file.library)) return;
  begun_[file.library] = {identity(file.library), std::async(std::launch::async, [file, options] {
                            return probe_plugin(file, options);
                          })};
}

Result<void> ProbeCache::try_out(const PluginFile& file, const ProbeOptions& options) {
  if (known_good(file.library)) return {};
  // Before it is tried out: what takes its place meanwhile is not what was found good.
  const std::string tried = identity(file.library);
  const auto begun = begun_.extract(file.library);
  TRY(!begun.empty() && begun.mapped().identity == tried ? begun.mapped().result.get()
                                                         : probe_plugin(file, options));
  good_[file.library] = tried;
  changed_ = true;
  return {};
}

void ProbeCache::save() {
  if (path_.empty() || !changed_) return;
  const std::string temporary = path_ + ".new";
  {
    std::ofstream file(temporary, std::ios::trunc);
    file << dump_json(Json(good_));
    if (!file.flush()) return;
  }
  changed_ = ::rename(temporary.c_str(), path_.c_str()) != 0;
}

}  // namespace capstan
