// User data as files that run by themselves in a node. Everything lives below one folder on the
// node's /var volume, so that it outlives a restart of the container and the engine's archive calls
// can see it:
//
//   run.sh             runs the steps once, however often it is started
//   files/N            contents of the files to write
//   state/started/     made by the run that won; nothing is run twice
//   state/started-at   seconds since 1970
//   state/log          what the steps wrote
//   state/exit-code    there when all is over; 0 is success
//
// Thread safety: functions of values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/docker/client/tar.h"
#include "plugins/docker/cloudinit/user_data.h"

namespace capstan::docker {

inline constexpr const char* kBootstrapParent = "/var/lib";
inline constexpr const char* kBootstrapFolder = "/var/lib/capstan/bootstrap";
inline constexpr const char* kBootstrapState = "/var/lib/capstan/bootstrap/state";
inline constexpr const char* kPreloadFolder = "/var/lib/capstan/preload";
inline constexpr const char* kSentinelFile = "/run/cluster-api/bootstrap-success.complete";

// What goes below kBootstrapParent.
std::vector<TarEntry> bootstrap_files(const UserData& data);

// The command that runs it.
std::vector<std::string> bootstrap_command();

// How far a node has come, from the archive of kBootstrapState.
struct BootstrapState {
  bool started = false;
  std::optional<int64_t> started_at = {};  // seconds since 1970
  std::optional<int> exit_code = {};
  std::string log = {};
};
BootstrapState read_bootstrap_state(std::string_view tar);

// The last lines of a log, at most so many bytes.
std::string log_tail(std::string_view log, size_t limit = 1500);

// One word for the shell, whatever is in it.
std::string shell_quoted(std::string_view text);

}  // namespace capstan::docker
