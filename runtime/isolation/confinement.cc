#include "runtime/isolation/confinement.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "runtime/isolation/landlock.h"
#include "runtime/isolation/syscall_filter.h"

namespace capstan::isolation {
namespace {

// What any program needs that resolves names, checks certificates and starts threads.
constexpr const char* kReadable[] = {"/usr",
                                     "/lib",
                                     "/lib64",
                                     "/etc/ld.so.cache",
                                     "/etc/ld.so.conf",
                                     "/etc/ld.so.conf.d",
                                     "/etc/ssl",
                                     "/etc/pki",
                                     "/etc/ca-certificates",
                                     "/etc/resolv.conf",
                                     "/etc/hosts",
                                     "/etc/host.conf",
                                     "/etc/nsswitch.conf",
                                     "/etc/gai.conf",
                                     "/etc/services",
                                     "/etc/protocols",
                                     "/etc/localtime",
                                     "/etc/timezone",
                                     "/run/systemd/resolve",
                                     "/dev/random",
                                     "/dev/urandom",
                                     "/dev/zero",
                                     "/proc/cpuinfo",
                                     "/proc/meminfo",
                                     "/proc/stat",
                                     "/proc/sys/kernel",
                                     "/proc/sys/vm",
                                     "/sys/devices/system/cpu"};

Error refused(const char* what) {
  return Error::failed_precondition(std::string(what) + ": " + std::strerror(errno));
}

Result<void> limit(int resource, uint64_t value, const char* what) {
  if (value == 0) return {};
  const rlimit wanted{value, value};
  if (::setrlimit(static_cast<__rlimit_resource>(resource), &wanted) == 0) return {};
  return refused(what);
}

Result<void> apply_limits(const Confinement& confinement, std::vector<std::string>& notices) {
  const PluginLimits& limits = confinement.limits;
  TRY(limit(RLIMIT_CPU, limits.cpu_seconds, "limits.cpuSeconds"));
  TRY(limit(RLIMIT_NOFILE, limits.open_files, "limits.openFiles"));
  if (confinement.in_cgroup) return {};
  // Writable private memory, stacks included: what a plugin uses, not what its libraries map.
  TRY(limit(RLIMIT_DATA, limits.memory_bytes, "limits.memory"));
  TRY(limit(RLIMIT_NPROC, limits.processes, "limits.processes"));
  if (limits.processes > 0) {
    notices.emplace_back(::geteuid() == 0
                             ? "limits.processes is not enforced: this host runs as root, whose "
                               "processes the kernel does not count"
                             : "limits.processes counts all processes of this host's user");
  }
  return {};
}

// The port of "api.example.com", "api.example.com:8443", "https://api.example.com/", "[::1]:80".
uint16_t port_of(std::string_view host) {
  uint16_t port = 443;
  if (const size_t scheme = host.find("://"); scheme != std::string_view::npos) {
    if (host.substr(0, scheme) == "http") port = 80;
    host.remove_prefix(scheme + 3);
  }
  host = host.substr(0, host.find('/'));
  const size_t colon = host.rfind(':');
  const size_t bracket = host.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && bracket > colon)) {
    return port;
  }
  std::from_chars(host.data() + colon + 1, host.data() + host.size(), port);
  return port;
}

LandlockRules rules_for(const Confinement& confinement) {
  LandlockRules rules;
  rules.read.assign(std::begin(kReadable), std::end(kReadable));
  rules.read.push_back("/proc/" + std::to_string(::getpid()));
  for (const std::string& path : confinement.plugin_files) rules.read.push_back(path);
  rules.write.emplace_back("/dev/null");
  for (const Needs* needs : {&confinement.needs, &confinement.more_needs}) {
    rules.write.insert(rules.write.end(), needs->paths.begin(), needs->paths.end());
    for (const std::string& host : needs->hosts) {
      rules.any_port = rules.any_port || host == "*" || host.ends_with(":*");
      rules.connect_ports.push_back(port_of(host));
    }
  }
  // Answers too long for a datagram.
  if (!rules.connect_ports.empty()) rules.connect_ports.push_back(53);
  rules.listen = confinement.needs.listen;
  return rules;
}

Result<void> drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  if (::syscall(SYS_capset, &header, none) != 0) return refused("dropping capabilities");
  return {};
}

Result<void> enter_sandbox(const Confinement& confinement, std::vector<std::string>& notices) {
  const Needs& needs = confinement.needs;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("no_new_privs");
  TRY(landlock_restrict(rules_for(confinement), landlock_version(), notices));
  TRY(drop_capabilities());
  TRY(filter_syscalls({!needs.hosts.empty() || needs.listen, !needs.paths.empty()}));
  if (!needs.hosts.empty()) {
    notices.emplace_back(
        "needs.hosts limits TCP connections by port only, not by name; UDP is not limited");
  }
  if (needs.listen) {
    notices.emplace_back("needs.listen: nothing keeps it to the loopback interface");
  }
  if (!needs.paths.empty()) {
    notices.emplace_back("Unix sockets are not limited to those in needs.paths");
  }
  return {};
}

std::vector<std::string> texts_of(const Json& json, std::initializer_list<std::string_view> path) {
  std::vector<std::string> out;
  const Json* list = find(json, path);
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : *list) {
    if (item.is_string()) out.push_back(item.get<std::string>());
  }
  return out;
}

}  // namespace

Result<Confinement> confinement_from_json(const Json& hello) {
  Confinement confinement;
  confinement.sandbox = get_bool(hello, {"sandbox"});
  confinement.in_cgroup = get_bool(hello, {"cgroup"});
  const auto number = [&](const char* name) {
    return static_cast<uint64_t>(get_int(hello, {"limits", name}));
  };
  confinement.limits = {number("memory"), number("cpuSeconds"), number("openFiles"),
                        number("processes")};
  confinement.more_needs.hosts = texts_of(hello, {"moreNeeds", "hosts"});
  confinement.more_needs.paths = texts_of(hello, {"moreNeeds", "paths"});
  return confinement;
}

Result<std::vector<std::string>> confine_this_process(const Confinement& confinement) {
  std::vector<std::string> notices;
  TRY(apply_limits(confinement, notices));
  if (confinement.sandbox) TRY(enter_sandbox(confinement, notices));
  return notices;
}

}  // namespace capstan::isolation
