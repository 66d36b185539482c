#include "runtime/package/plugin_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "runtime/package/lock_file.h"
#include "runtime/plugin/plugin_file.h"
#include "runtime/system/file.h"
#include "runtime/system/file_descriptor.h"
#include "runtime/trust/digest.h"
#include "runtime/trust/package_files.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStaging = ".new-XXXXXX";
constexpr const char* kLockName = ".lock";

Error disk_error(const std::string& action, const std::string& path) {
  const Code code = errno == ENOSPC || errno == EDQUOT  ? Code::kResourceExhausted
                    : errno == EACCES || errno == EROFS ? Code::kPermissionDenied
                                                        : Code::kUnavailable;
  return {code, "cannot " + action + " " + path + ": " + std::strerror(errno), {}, {}};
}

// Held while the store changes.
Result<FileDescriptor> lock_store(const std::string& folder) {
  TRY(make_folder(folder, 0755));
  const std::string path = folder + "/" + kLockName;
  FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) return disk_error("open", path);
  while (::flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return disk_error("lock", path);
  }
  return lock;
}

// Each folder on the way with the same mode, whatever the umask. All files have the same time: a
// manifest that was made of others is not older than they are.
Result<void> write_member(const std::string& folder, const ArchiveMember& member, Instant now) {
  for (size_t slash = member.path.find('/'); slash != std::string::npos;
       slash = member.path.find('/', slash + 1)) {
    TRY(make_folder(folder + "/" + member.path.substr(0, slash), 0755));
  }
  const std::string path = folder + "/" + member.path;
  TRY(write_file(path, member.content));
  timespec time{};
  time.tv_sec = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  const timespec times[] = {time, time};
  if (::utimensat(AT_FDCWD, path.c_str(), times, 0) != 0)
    return disk_error("set the time of", path);
  return {};
}

void sync_folder(const std::string& path) {
  const FileDescriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.valid()) ::fsync(folder.get());
}

// What the archive says of its library has to hold of the library.
Result<void> check_library(const Package& package, const std::string& folder) {
  if (package.index().library.empty()) return {};
  const std::string name = package.index().library;
  auto file = read_plugin_file(folder + "/" + name);
  if (!file.ok()) {
    // The folder is only a stage: what matters to a reader is the archive.
    std::string words = file.error().message;
    if (words.starts_with(folder + "/")) words = words.substr(folder.size() + 1);
    return Error{file.code(), package.path() + ": " + words, {}, {}};
  }
  if (file->manifest_text == package.manifest_text()) return {};
  return Error::invalid(package.path() + ": manifest.json differs from the manifest in " + name +
                        "; pack it anew");
}

// Other files under the same version stand until the lock file is exchanged.
std::string free_folder(const std::string& wanted) {
  std::string folder = wanted;
  for (int i = 1; fs::exists(folder); ++i) folder = wanted + "~" + std::to_string(i);
  return folder;
}

void choose_current(std::vector<InstalledPlugin>& plugins, const std::string& name) {
  InstalledPlugin* highest = nullptr;
  for (InstalledPlugin& plugin : plugins) {
    if (plugin.name != name) continue;
    if (plugin.current) return;
    if (highest == nullptr || compare_semantic_versions(plugin.version, highest->version) > 0) {
      highest = &plugin;
    }
  }
  if (highest != nullptr) highest->current = true;
}

}  // namespace

PluginStore::PluginStore(std::string data_dir, std::function<void(std::string_view)> before_step)
    : folder_(fs::absolute(data_dir).lexically_normal().string() + "/plugins"),
      lock_file_(fs::absolute(data_dir).lexically_normal().string() + "/plugins.lock"),
      before_step_(std::move(before_step)) {}

Result<std::vector<InstalledPlugin>> PluginStore::list() const {
  auto text = read_file(lock_file_);
  if (text.code() == Code::kNotFound) return std::vector<InstalledPlugin>();
  if (!text.ok()) return std::move(text).error();
  auto plugins = parse_lock_file(*text, folder_);
  if (!plugins.ok()) return std::move(plugins).error().with_context(lock_file_);
  return plugins;
}

Result<void> PluginStore::write_lock(const std::vector<InstalledPlugin>& plugins) {
  step("write the lock file");
  TRY(write_file(lock_file_, lock_file_text(plugins, folder_)));
  sync_folder(fs::path(lock_file_).parent_path().string());
  return {};
}

// Into a folder beside the final ones, on the same file system.
Result<std::string> PluginStore::unpack(const Package& package, Instant now) {
  step("make the staging folder");
  std::string staging = folder_ + "/" + kStaging;
  if (::mkdtemp(staging.data()) == nullptr) return disk_error("make", staging);
  if (::chmod(staging.c_str(), 0755) != 0) return disk_error("set the mode of", staging);
  TRY(package.extract([&](const ArchiveMember& member) -> Result<void> {
    step("write a file");
    return write_member(staging, member, now);
  }));
  TRY(check_library(package, staging));
  return staging;
}

Result<InstalledPlugin> PluginStore::install(const Package& package, const InstallRecord& record,
                                             Instant now) {
  TRY(make_folder(fs::path(folder_).parent_path().string(), 0700));
  const FileDescriptor lock = TRY(lock_store(folder_));
  std::vector<InstalledPlugin> plugins = TRY(list());
  TRY(remove_strays());
  for (InstalledPlugin& same : plugins) {
    if (same.name != package.index().name || same.version != package.index().version) continue;
    if (same.index_sha256 == sha256_hex(package.index_text()) && check_files(same).ok()) {
      return make_current(std::move(plugins), same.name, same.version);
    }
  }
  InstalledPlugin plugin;
  plugin.name = package.index().name;
  plugin.version = package.index().version;
  plugin.library = package.index().library;
  plugin.index_sha256 = sha256_hex(package.index_text());
  plugin.archive_sha256 = package.archive_sha256();
  plugin.publisher = record.verified.publisher;
  plugin.key_id = record.verified.key_id;
  plugin.source = record.source;
  plugin.installed_at = format_time(now);
  plugin.folder = free_folder(folder_ + "/" + plugin.name + "/" + plugin.version);

  auto staging = unpack(package, now);
  if (!staging.ok()) {
    (void)remove_strays();
    return std::move(staging).error();
  }
  TRY(make_folder(fs::path(plugin.folder).parent_path().string(), 0755));
  step("move the folder");
  if (::rename(staging->c_str(), plugin.folder.c_str()) != 0) {
    return disk_error("move", plugin.folder);
  }
  sync_folder(fs::path(plugin.folder).parent_path().string());

  std::erase_if(plugins, [&](const InstalledPlugin& other) {
    return other.name == plugin.name && other.version == plugin.version;
  });
  for (InstalledPlugin& other : plugins) other.current = other.current && other.name != plugin.name;
  plugins.push_back(plugin);
  TRY(write_lock(plugins));
  TRY(remove_strays());
  return plugin;
}

Result<InstalledPlugin> PluginStore::make_current(std::vector<InstalledPlugin> plugins,
                                                  const std::string& name,
                                                  const std::string& version) {
  InstalledPlugin found;
  bool changed = false;
  for (InstalledPlugin& plugin : plugins) {
    if (plugin.name != name) continue;
    const bool meant = plugin.version == version;
    changed = changed || plugin.current != meant;
    plugin.current = meant;
    if (meant) found = plugin;
  }
  if (changed) TRY(write_lock(plugins));
  return found;
}

Result<std::vector<InstalledPlugin>> PluginStore::remove(const std::string& name,
                                                         const std::string& version) {
  std::vector<InstalledPlugin> plugins = TRY(list());
  const auto is_meant = [&](const InstalledPlugin& plugin) {
    return plugin.name == name && (version.empty() || plugin.version == version);
  };
  if (std::none_of(plugins.begin(), plugins.end(), is_meant)) {
    return Error::not_found("plugin \"" + name + (version.empty() ? "" : "@" + version) +
                            "\" is not installed; `capstan plugin list` shows what is");
  }
  const FileDescriptor lock = TRY(lock_store(folder_));
  plugins = TRY(list());
  const auto kept = std::stable_partition(plugins.begin(), plugins.end(), is_meant);
  const std::vector<InstalledPlugin> removed(plugins.begin(), kept);
  plugins.erase(plugins.begin(), kept);
  choose_current(plugins, name);
  TRY(write_lock(plugins));
  TRY(remove_strays());
  return removed;
}

Result<std::vector<std::string>> PluginStore::strays() const {
  std::vector<std::string> out;
  const std::vector<InstalledPlugin> plugins = TRY(list());
  const auto is_named = [&](const fs::path& path) {
    return std::any_of(plugins.begin(), plugins.end(),
                       [&](const InstalledPlugin& plugin) { return plugin.folder == path; });
  };
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().filename() == kLockName) continue;
    if (entry.path().filename().string().starts_with(".") || !entry.is_directory() ||
        entry.is_symlink()) {
      out.push_back(entry.path().string());
      continue;
    }
    size_t named = 0;
    for (const auto& version : fs::directory_iterator(entry.path(), error)) {
      if (is_named(version.path())) {
        ++named;
      } else {
        out.push_back(version.path().string());
      }
    }
    if (named == 0) out.push_back(entry.path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<void> PluginStore::remove_strays() {
  for (const std::string& path : TRY(strays())) {
    step("remove a folder");
    std::error_code error;
    fs::remove_all(path, error);
  }
  return {};
}

Result<void> PluginStore::protect(TrustPolicy& policy) const {
  policy.require_in(folder_, TrustLevel::kDigest);
  for (const InstalledPlugin& plugin : TRY(list())) {
    policy.pin(plugin.folder + "/" + kIndexFile, plugin.index_sha256);
  }
  return {};
}

Result<void> PluginStore::check_files(const InstalledPlugin& plugin) const {
  const std::string path = plugin.folder + "/" + kIndexFile;
  const auto text = read_file(path);
  if (!text.ok() || sha256_hex(*text) != plugin.index_sha256) {
    return Error{Code::kDataLoss,
                 (text.ok() ? path + " has changed" : text.error().message) + "; install it again",
                 {},
                 {}};
  }
  return check_package_files(plugin.folder, TRY(PackageIndex::parse(*text)));
}

}  // namespace capstan
