#include "runtime/plugin/plugin_reader.h"

#include "runtime/plugin/file_identity.h"

namespace capstan {

const PluginFile* PluginReader::unchanged(const std::string& path,
                                          const std::string& identity) const {
  const auto kept = kept_.find(path);
  return kept != kept_.end() && kept->second.identity == identity ? &kept->second.file : nullptr;
}

// Folders have no identity: what is in them may change without them.
void PluginReader::keep(const std::string& path, const std::string& identity,
                        const Result<PluginFile>& file) {
  kept_.erase(path);
  if (file.ok() && !identity.empty()) kept_.emplace(path, Kept{identity, *file});
}

Result<PluginFile> PluginReader::read(const std::string& path) {
  const std::string identity = file_identity(path);
  if (const PluginFile* before = unchanged(path, identity)) return *before;
  Result<PluginFile> file = read_plugin_file(path);
  keep(path, identity, file);
  return file;
}

Result<PluginFile> PluginReader::open(const std::string& path, const TrustPolicy& trust,
                                      Instant now) {
  const std::string identity = file_identity(path);
  const PluginFile* before = unchanged(path, identity);
  Result<PluginFile> file = open_plugin_file(path, trust, now, before);
  const bool kept = before != nullptr && file.ok() && file->image == before->image;
  if (!kept) keep(path, identity, file);
  return file;
}

}  // namespace capstan
