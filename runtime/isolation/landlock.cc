#include "runtime/isolation/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/isolation/fd.h"

namespace capstan::isolation {
namespace {

// Numbers of the kernel's interface, the same on all architectures.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr uint32_t kAskVersion = 1;
constexpr int kPathBeneath = 1;
constexpr int kNetPort = 2;

constexpr uint64_t kExecute = 1 << 0;
constexpr uint64_t kWriteFile = 1 << 1;
constexpr uint64_t kReadFile = 1 << 2;
constexpr uint64_t kReadFolder = 1 << 3;
constexpr uint64_t kFirstRights = (1 << 13) - 1;
constexpr uint64_t kRefer = 1 << 13;          // version 2
constexpr uint64_t kTruncate = 1 << 14;       // version 3
constexpr uint64_t kDeviceControl = 1 << 15;  // version 5
constexpr uint64_t kBindTcp = 1 << 0;         // version 4
constexpr uint64_t kConnectTcp = 1 << 1;
constexpr uint64_t kScopeAbstractSocket = 1 << 0;  // version 6
constexpr uint64_t kScopeSignal = 1 << 1;

struct RulesetAttributes {
  uint64_t files;
  uint64_t net;
  uint64_t scoped;
};
struct __attribute__((packed)) PathAttributes {
  uint64_t allowed;
  int32_t parent;
};
struct PortAttributes {
  uint64_t allowed;
  uint64_t port;
};

Error refused(const std::string& what) {
  return Error::failed_precondition("landlock: " + what + ": " + std::strerror(errno));
}

uint64_t file_rights(int version) {
  return kFirstRights | (version >= 2 ? kRefer : 0) | (version >= 3 ? kTruncate : 0) |
         (version >= 5 ? kDeviceControl : 0);
}

// A rule for a file may have only rights that files have.
uint64_t rights_for(int fd, uint64_t wanted, int version) {
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) return wanted;
  return wanted & (kExecute | kWriteFile | kReadFile | (version >= 3 ? kTruncate : 0) |
                   (version >= 5 ? kDeviceControl : 0));
}

Result<void> allow_path(int ruleset, const std::string& path, uint64_t wanted, int version) {
  const Fd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!fd.valid()) return {};
  const PathAttributes rule{rights_for(fd.get(), wanted, version), fd.get()};
  if (::syscall(kAddRule, ruleset, kPathBeneath, &rule, 0) == 0) return {};
  return refused(path);
}

void name_missing(int version, std::vector<std::string>& notices) {
  const auto missing = [&](int since, const char* what) {
    if (version < since) {
      notices.push_back(std::string(what) + " (this kernel's Landlock is version " +
                        std::to_string(version) + ", it needs " + std::to_string(since) + ")");
    }
  };
  missing(3, "truncating files outside of needs.paths is not prevented");
  missing(4, "TCP ports are not limited");
  missing(5, "device control (ioctl) is not limited");
  missing(6, "signals to other processes of this user are not prevented");
}

}  // namespace

int landlock_version() {
  const long version = ::syscall(kCreateRuleset, nullptr, 0, kAskVersion);
  return version < 0 ? 0 : static_cast<int>(version);
}

Result<void> landlock_restrict(const LandlockRules& rules, int version,
                               std::vector<std::string>& notices) {
  if (version <= 0) {
    notices.emplace_back("files and ports are not limited: this kernel has no Landlock");
    return {};
  }
  name_missing(version, notices);
  const uint64_t all = file_rights(version);
  const uint64_t ports = (rules.any_port ? 0 : kConnectTcp) | (rules.listen ? 0 : kBindTcp);
  const RulesetAttributes attributes{all, version < 4 ? 0 : ports,
                                     version < 6 ? 0 : kScopeAbstractSocket | kScopeSignal};
  const size_t size = version < 4 ? 8 : version < 6 ? 16 : 24;
  const Fd ruleset(static_cast<int>(::syscall(kCreateRuleset, &attributes, size, 0)));
  if (!ruleset.valid()) return refused("cannot make a set of rules");
  for (const std::string& path : rules.read) {
    TRY(allow_path(ruleset.get(), path, kReadFile | kReadFolder, version));
  }
  for (const std::string& path : rules.write) {
    TRY(allow_path(ruleset.get(), path, all & ~kExecute, version));
  }
  for (const uint16_t port : rules.connect_ports) {
    if (version < 4 || rules.any_port) break;
    const PortAttributes rule{kConnectTcp, port};
    if (::syscall(kAddRule, ruleset.get(), kNetPort, &rule, 0) != 0) return refused("a port");
  }
  if (::syscall(kRestrictSelf, ruleset.get(), 0) != 0) return refused("cannot restrict itself");
  return {};
}

}  // namespace capstan::isolation
