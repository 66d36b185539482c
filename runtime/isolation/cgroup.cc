#include "runtime/isolation/cgroup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "runtime/base/text.h"
#include "runtime/system/file.h"

namespace capstan::isolation {
namespace {

namespace fs = std::filesystem;

Error unusable(const std::string& what) {
  return Error::unavailable("no cgroup for it: " + what);
}

// The kernel's files take one write and answer it with its result.
Result<void> write_value(const std::string& path, const std::string& value) {
  std::ofstream file(path);
  file << value;
  file.close();
  if (file) return {};
  return unusable("cannot write " + path + ": " + std::strerror(errno));
}

// "0::/system.slice/capstan.service" -> "/system.slice/capstan.service"
Result<std::string> own_group(const std::string& file) {
  for (const std::string& line : split(TRY(read_file(file)), '\n')) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return unusable("this machine has no cgroups of version 2");
}

bool has_all(const std::string& file, const std::vector<std::string>& wanted) {
  const auto text = read_file(file);
  if (!text.ok()) return false;
  std::vector<std::string> there = split(trim(*text), ' ');
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& name) {
    return std::find(there.begin(), there.end(), name) != there.end();
  });
}

// Whether groups in the folder have the controllers, or have them now.
bool offers(const std::string& folder, const std::vector<std::string>& wanted) {
  const std::string control = folder + "/cgroup.subtree_control";
  if (has_all(control, wanted)) return true;
  if (!has_all(folder + "/cgroup.controllers", wanted)) return false;
  (void)write_value(control, "+" + join(wanted, " +"));
  return has_all(control, wanted);
}

}  // namespace

Result<Cgroup> Cgroup::make(const CgroupPlace& place, const std::string& name,
                            const PluginLimits& limits) {
  std::vector<std::string> wanted;
  if (limits.memory_bytes > 0) wanted.emplace_back("memory");
  if (limits.processes > 0) wanted.emplace_back("pids");
  const fs::path own = place.root + TRY(own_group(place.own));
  // A group that has processes can have no groups with controllers, so siblings come first.
  std::vector<std::string> parents = {own.string()};
  if (own.string() != place.root + "/") parents.insert(parents.begin(), own.parent_path().string());
  for (const std::string& parent : parents) {
    if (!offers(parent, wanted)) continue;
    const std::string folder = parent + "/" + name;
    if (::mkdir(folder.c_str(), 0755) != 0) continue;
    Cgroup group(folder);
    if (limits.memory_bytes > 0) {
      TRY(write_value(folder + "/memory.max", std::to_string(limits.memory_bytes)));
      (void)write_value(folder + "/memory.swap.max", "0");  // absent without swap accounting
    }
    if (limits.processes > 0) {
      TRY(write_value(folder + "/pids.max", std::to_string(limits.processes)));
    }
    return group;
  }
  return unusable("this program may make no groups with " + join(wanted, " and ") + " in " +
                  parents.front() + " (systemd: Delegate=yes)");
}

Cgroup::Cgroup(Cgroup&& other) noexcept : folder_(std::exchange(other.folder_, "")) {}

Cgroup::~Cgroup() {
  if (!folder_.empty()) ::rmdir(folder_.c_str());
}

Result<void> Cgroup::add(pid_t process) {
  return write_value(folder_ + "/cgroup.procs", std::to_string(process));
}

bool Cgroup::ran_out_of_memory() const {
  const auto events = read_file(folder_ + "/memory.events");
  if (!events.ok()) return false;
  for (const std::string& line : split(*events, '\n')) {
    if (line.starts_with("oom_kill ")) return line != "oom_kill 0";
  }
  return false;
}

}  // namespace capstan::isolation
