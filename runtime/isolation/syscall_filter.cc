#include "runtime/isolation/syscall_filter.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

namespace capstan::isolation {
namespace {

// By name: libseccomp leaves out those that this machine's kernel headers do not know.
constexpr const char* kNeverNeeded[] = {
    // other processes and what they have
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
    "perf_event_open", "bpf", "userfaultfd", "keyctl", "add_key", "request_key", "lookup_dcookie",
    // programs and processes of its own
    "execve", "execveat", "fork", "vfork",
    // file systems and name spaces
    "mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "move_mount", "fsopen",
    "fsmount", "fsconfig", "fspick", "open_tree", "mount_setattr", "open_by_handle_at",
    "name_to_handle_at", "quotactl", "swapon", "swapoff", "mknod", "mknodat",
    // who it is
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
    "setgroups", "capset",
    // the machine
    "reboot", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module",
    "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname",
    "iopl", "ioperm", "acct", "syslog", "vhangup", "nfsservctl",
    // a second way to make system calls, past this filter
    "io_uring_setup", "io_uring_enter", "io_uring_register"};

class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release) {}

  void refuse(const char* name) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number != __NR_SCMP_ERROR) keep(seccomp_rule_add(get(), refusal(), number, 0));
  }
  template <typename... Conditions>
  void refuse_where(int number, Conditions... conditions) {
    keep(seccomp_rule_add(get(), refusal(), number, sizeof...(conditions), conditions...));
  }
  // As if the kernel did not know it, so that libraries take the older call.
  void hide(int number) { keep(seccomp_rule_add(get(), SCMP_ACT_ERRNO(ENOSYS), number, 0)); }

  Result<void> load() {
    // Calls of another architecture's numbers would pass unseen.
    keep(seccomp_attr_set(get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS));
    if (failure_ == 0) keep(seccomp_load(get()));
    if (failure_ == 0) return {};
    return Error::failed_precondition(std::string("seccomp: ") + std::strerror(failure_));
  }

 private:
  scmp_filter_ctx get() const { return context_.get(); }
  static uint32_t refusal() { return SCMP_ACT_ERRNO(EPERM); }
  void keep(int result) {
    // A call that this architecture does not have needs no rule.
    if (result < 0 && result != -EDOM && result != -EFAULT && failure_ == 0) failure_ = -result;
  }
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
  int failure_ = 0;
};

// New threads yes, new processes and name spaces no.
void refuse_processes(Filter& filter) {
  filter.refuse_where(SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  filter.hide(SCMP_SYS(clone3));  // its flags are in memory, where a filter cannot look
}

void refuse_sockets(Filter& filter, const SyscallRules& rules) {
  for (const int family : {AF_INET, AF_INET6}) {
    const auto is_family = SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(family));
    if (rules.internet_sockets) {
      filter.refuse_where(SCMP_SYS(socket), is_family, SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_RAW));
    } else {
      filter.refuse_where(SCMP_SYS(socket), is_family);
    }
  }
  if (!rules.unix_sockets) filter.refuse_where(SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
  // The resolver asks for the machine's addresses; everything else is nothing for a provider.
  for (int family = AF_UNIX + 2; family < AF_MAX + 16; ++family) {
    if (family == AF_INET6 || family == AF_NETLINK) continue;
    filter.refuse_where(SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(family)));
  }
}

}  // namespace

Result<void> filter_syscalls(const SyscallRules& rules) {
  Filter filter;
  for (const char* name : kNeverNeeded) filter.refuse(name);
  refuse_processes(filter);
  refuse_sockets(filter, rules);
  // Typing into the terminal of somebody else.
  filter.refuse_where(SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, TIOCSTI));
  return filter.load();
}

}  // namespace capstan::isolation
