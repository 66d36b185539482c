#include "runtime/isolation/confinement.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace capstan::isolation {
namespace {

Result<void> limit(int resource, uint64_t value, const char* what) {
  if (value == 0) return {};
  const rlimit wanted{value, value};
  if (::setrlimit(static_cast<__rlimit_resource>(resource), &wanted) == 0) return {};
  return Error::failed_precondition(std::string("limits.") + what + ": " + std::strerror(errno));
}

Result<void> apply_limits(const PluginLimits& limits, std::vector<std::string>& notices) {
  // Writable private memory, stacks included: what a plugin uses, not what its libraries map.
  TRY(limit(RLIMIT_DATA, limits.memory_bytes, "memory"));
  TRY(limit(RLIMIT_CPU, limits.cpu_seconds, "cpuSeconds"));
  TRY(limit(RLIMIT_NOFILE, limits.open_files, "openFiles"));
  TRY(limit(RLIMIT_NPROC, limits.processes, "processes"));
  if (limits.processes > 0) {
    notices.emplace_back(::geteuid() == 0
                             ? "limits.processes is not enforced: this host runs as root, for whom "
                               "the kernel counts no processes"
                             : "limits.processes counts all processes of this host's user");
  }
  return {};
}

}  // namespace

Result<Confinement> confinement_from_json(const Json& hello) {
  Confinement confinement;
  confinement.sandbox = get_bool(hello, {"sandbox"});
  const auto number = [&](const char* name) {
    return static_cast<uint64_t>(get_int(hello, {"limits", name}));
  };
  confinement.limits = {number("memory"), number("cpuSeconds"), number("openFiles"),
                        number("processes")};
  return confinement;
}

Result<std::vector<std::string>> confine_this_process(const Confinement& confinement) {
  std::vector<std::string> notices;
  TRY(apply_limits(confinement.limits, notices));
  return notices;
}

}  // namespace capstan::isolation
