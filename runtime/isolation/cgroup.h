// A control group (version 2) for one plugin's process: memory and processes, counted by the kernel
// for that process and all that it starts. Possible where this program may make groups beside or
// below its own, as systemd's Delegate=yes allows.
//
// Thread safety: one owner.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "runtime/base/result.h"
#include "runtime/plugin/plugin_config.h"

namespace capstan::isolation {

struct CgroupPlace {
  std::string root = "/sys/fs/cgroup";    // where version 2 is mounted
  std::string own = "/proc/self/cgroup";  // which group this process is in
};

class Cgroup {
 public:
  // Errors: why there can be none, for people.
  static Result<Cgroup> make(const CgroupPlace& place, const std::string& name,
                             const PluginLimits& limits);
  // One that make() made for a process which is there still, by what release() gave.
  static Cgroup adopt(std::string folder) { return Cgroup(std::move(folder)); }
  Cgroup(Cgroup&& other) noexcept;
  Cgroup& operator=(Cgroup&&) = delete;
  // Removes the group. Its processes must be gone.
  ~Cgroup();

  Result<void> add(pid_t process);
  // The group stays; gives its folder.
  std::string release() && { return std::exchange(folder_, ""); }
  // Whether the kernel ended a process of it for its memory.
  bool ran_out_of_memory() const;

 private:
  explicit Cgroup(std::string folder) : folder_(std::move(folder)) {}
  std::string folder_;
};

}  // namespace capstan::isolation
