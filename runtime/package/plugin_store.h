// The plugins that are installed on this host: DATA/plugins/NAME/VERSION/, each the unpacked files
// of a package, and DATA/plugins.lock, which says which of them there are, with their digests.
//
// The lock file is the truth: a folder that it does not name does not count. It is exchanged at
// once when everything else is done, so a crash at any moment leaves what was installed before or
// what is installed now; what else it leaves is removed by the next change.
//
// Thread safety: const members from any thread. Two programs may change one store: they wait for
// each other.
//
// Example:
//   PluginStore store("/var/lib/capstan");
//   TRY(store.install(package, {.source = path, .verified = verified}, clock.now()));
//   for (const InstalledPlugin& plugin : TRY(store.list())) load(plugin.file());
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/package/package.h"
#include "runtime/trust/trust_policy.h"

namespace capstan {

struct InstalledPlugin {
  std::string name;
  std::string version;
  bool current = true;  // the version to run; one of each name
  std::string folder;   // absolute
  std::string library;  // "" for one in Python
  std::string index_sha256;
  std::string archive_sha256;
  std::string publisher;  // of the signature that was trusted when it was installed
  std::string key_id;
  std::string source;
  std::string installed_at;

  // What the loader takes: the library, or the folder.
  std::string file() const { return library.empty() ? folder : folder + "/" + library; }
};

struct InstallRecord {
  std::string source;
  Verified verified;
};

class PluginStore {
 public:
  // `before_step`, where set, is called with the name of each step that changes the disk, before
  // it: tests end the process there.
  explicit PluginStore(std::string data_dir,
                       std::function<void(std::string_view)> before_step = {});

  // By name, the highest version first. Errors: kInvalid for a damaged lock file.
  Result<std::vector<InstalledPlugin>> list() const;

  // Unpacks the package and makes its version the current one; another installed version stays.
  // The same package again changes nothing. Errors: kInvalid where the package or its library is
  // not what it says; kUnavailable, kResourceExhausted of the disk.
  Result<InstalledPlugin> install(const Package& package, const InstallRecord& record, Instant now);

  // One version, or all where `version` is "". The highest that is left becomes the current one.
  // Gives what was removed. Errors: kNotFound.
  Result<std::vector<InstalledPlugin>> remove(const std::string& name, const std::string& version);

  // Has the policy demand of each installed file what the lock file says of it.
  Result<void> protect(TrustPolicy& policy) const;

  // Each file against the package's index. Errors: kDataLoss with the file that differs, is missing
  // or does not belong there.
  Result<void> check_files(const InstalledPlugin& plugin) const;

  // Folders that the lock file does not name: a crash left them, or somebody put them there.
  Result<std::vector<std::string>> strays() const;

  const std::string& folder() const { return folder_; }  // DATA/plugins
  const std::string& lock_file() const { return lock_file_; }

 private:
  Result<void> write_lock(const std::vector<InstalledPlugin>& plugins);
  Result<std::string> unpack(const Package& package, Instant now);
  Result<InstalledPlugin> make_current(std::vector<InstalledPlugin> plugins,
                                       const std::string& name, const std::string& version);
  Result<void> remove_strays();
  void step(std::string_view name) const {
    if (before_step_) before_step_(name);
  }

  std::string folder_;
  std::string lock_file_;
  std::function<void(std::string_view)> before_step_;
};

}  // namespace capstan
