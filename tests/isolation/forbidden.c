/* What a sandbox is there to refuse, tried one by one. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "zoo.h"

static int open_file(const char* path, int flags) {
  const int fd = open(path, flags | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
  return fd;
}
static int read_shadow(void) {
  return open_file("/etc/shadow", O_RDONLY);
}
static int read_home(void) {
  return open_file("/root", O_RDONLY | O_DIRECTORY);
}
static int read_parent(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
  return open_file(path, O_RDONLY);
}
static int write_file(void) {
  return open_file("/var/tmp/capstan-zoo", O_WRONLY | O_CREAT);
}
static int write_allowed(void) {
  return open_file(ZOO_ALLOWED_PATH "/written", O_WRONLY | O_CREAT);
}
static int read_resolver(void) {
  return open_file("/etc/hosts", O_RDONLY);
}
static int run_program(void) {
  char* const arguments[] = {"true", NULL};
  char* const environment[] = {NULL};
  pid_t child = 0;
  errno = posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environment);
  if (errno != 0) return -1;
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
  errno = EACCES;
  return -1;
}
static int trace(void) {
  return (int)ptrace(PTRACE_TRACEME, 0, 0, 0);
}
static int mount_folder(void) {
  return mount("none", "/tmp", "tmpfs", 0, "");
}
static int new_namespace(void) {
  return unshare(CLONE_NEWUSER);
}
static int load_bpf(void) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes);
}
static int read_host_memory(void) {
  char byte;
  struct iovec local = {&byte, 1}, remote = {(void*)0x1000, 1};
  return (int)process_vm_readv(getppid(), &local, 1, &remote, 1, 0);
}
static int signal_host(void) {
  return kill(getppid(), 0);
}
static int set_clock(void) {
  const struct timespec time = {0, -1};
  return (int)syscall(SYS_clock_settime, CLOCK_REALTIME, &time); /* past the library's checks */
}
static int raw_socket(void) {
  const int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  if (fd >= 0) close(fd);
  return fd;
}
static int connect_to(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  struct sockaddr_in to = {0};
  to.sin_family = AF_INET;
  to.sin_port = htons((uint16_t)port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int result = connect(fd, (struct sockaddr*)&to, sizeof to);
  const int failure = errno;
  close(fd);
  errno = failure;
  return result;
}
/* Nobody listens on either: an allowed one is refused by the other end, not by the kernel. */
static int connect_allowed(void) {
  return connect_to(1);
}
static int connect_elsewhere(void) {
  return connect_to(2);
}
static int listen_on_a_port(void) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  struct sockaddr_in at = {0};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int result = bind(fd, (struct sockaddr*)&at, sizeof at) < 0 ? -1 : listen(fd, 1);
  const int failure = errno;
  close(fd);
  errno = failure;
  return result;
}
static int become_somebody(void) {
  return setuid(12345);
}

static const struct {
  const char* name;
  int (*act)(void);
} kActs[] = {{"try-read-shadow", read_shadow},
             {"try-read-home", read_home},
             {"try-read-parent", read_parent},
             {"try-write-file", write_file},
             {"try-write-allowed", write_allowed},
             {"try-read-resolver", read_resolver},
             {"try-run-program", run_program},
             {"try-ptrace", trace},
             {"try-mount", mount_folder},
             {"try-namespace", new_namespace},
             {"try-bpf", load_bpf},
             {"try-host-memory", read_host_memory},
             {"try-signal-host", signal_host},
             {"try-set-clock", set_clock},
             {"try-raw-socket", raw_socket},
             {"try-connect-allowed", connect_allowed},
             {"try-connect-elsewhere", connect_elsewhere},
             {"try-listen", listen_on_a_port},
             {"try-setuid", become_somebody}};

const char* try_forbidden(const char* text, size_t size) {
  static char answer[128];
  for (size_t i = 0; i < sizeof kActs / sizeof *kActs; ++i) {
    if (memmem(text, size, kActs[i].name, strlen(kActs[i].name)) == NULL) continue;
    errno = 0;
    if (kActs[i].act() >= 0) return "done";
    snprintf(answer, sizeof answer, "refused: %s", strerror(errno));
    return answer;
  }
  return "unknown";
}
