#include "runtime/plugin/probe_cache.h"

#include <sys/eventfd.h>
#include <unistd.h>

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

std::string digest_of(const PluginFile& file) {
  return (file.image == nullptr ? "" : file.image->sha256()) + file.library_manifest_sha256;
}

}  // namespace

ProbeCache::ProbeCache(std::string path)
    : path_(std::move(path)), unwanted_(::eventfd(0, EFD_CLOEXEC)) {
  if (path_.empty()) return;
  std::ifstream file(path_);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto json = parse_json(text);
  if (!json.ok() || !json->is_object()) return;
  for (const auto& [plugin, seen] : json->items()) {
    if (seen.is_string()) good_[plugin] = seen.get<std::string>();
  }
}

// The futures wait for their threads.
ProbeCache::~ProbeCache() {
  const uint64_t one = 1;
  (void)!::write(unwanted_.get(), &one, sizeof(one));
}

bool ProbeCache::known_good(const std::string& plugin) const {
  const auto seen = good_.find(plugin);
  return seen != good_.end() && !seen->second.empty() && seen->second == identity(plugin);
}

void ProbeCache::begin(const PluginFile& file, const ProbeOptions& options) {
  if (known_good(file.library)) return;
  ProbeOptions ahead = options;
  ahead.unwanted = unwanted_.get();
  try {
    begun_[file.library] = {
        identity(file.library), digest_of(file),
        std::async(std::launch::async, [file, ahead] { return probe_plugin(file, ahead); })};
  } catch (const std::system_error&) {
    begun_.erase(file.library);  // no thread: it is tried out when it is wanted
  }
}

Result<void> ProbeCache::try_out(const PluginFile& file, const ProbeOptions& options) {
  if (known_good(file.library)) return {};
  // Before it is tried out: what takes its place meanwhile is not what was found good.
  const std::string tried = identity(file.library);
  const auto begun = begun_.extract(file.library);
  const bool same = !begun.empty() && begun.mapped().identity == tried &&
                    begun.mapped().digest == digest_of(file);
  TRY(same ? begun.mapped().result.get() : probe_plugin(file, options));
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
