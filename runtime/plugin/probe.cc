#include "runtime/plugin/probe.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <sstream>

#include "runtime/base/json.h"
#include "runtime/plugin/diagnostics_collector.h"
#include "runtime/plugin/native_provider.h"
#include "runtime/system/file_descriptor.h"

namespace capstan {
namespace {

constexpr std::string_view kGood = "good";

const void* no_extension(void*, const char*) {
  return nullptr;
}

// In the child. Each step is announced first, so that the parent knows where a crash happened.
class Probe {
 public:
  Probe(const PluginFile& file, int report) : file_(file), report_(report) {}

  std::string run() {
    step("when it was loaded");
    auto library = SharedObject::open(file_.library, file_.image);
    if (!library.ok()) return library.error().message;
    step("in its entry");
    const auto entry = check_entry(*library, file_);
    if (!entry.ok()) return entry.error().message;
    step("when its instance was made");
    return make_instance(**entry);
  }

 private:
  void step(std::string_view name) const {
    const std::string line = std::string(name) + "\n";
    (void)!::write(report_, line.data(), line.size());
  }

  std::string make_instance(const capstan_entry& entry) const {
    const capstan_host host{sizeof(host), 0, nullptr, &no_extension};
    std::vector<ProviderDiagnostic> diagnostics;
    const DiagnosticsCollector collector(diagnostics);
    const capstan_plugin* plugin = nullptr;
    const capstan_status status = entry.create(&host, &plugin, collector.table());
    if (status != CAPSTAN_OK) {
      return "cannot make an instance: " +
             (diagnostics.empty() ? "status " + std::to_string(status) : diagnostics[0].summary);
    }
    if (!CAPSTAN_HAS(plugin, destroy)) return "its plugin table is too small or lacks destroy";
    step("when its instance was destroyed");
    plugin->destroy(plugin->self);
    return std::string(kGood);
  }

  const PluginFile& file_;
  int report_;
};

Result<FileDescriptor> memory_file(const std::string& text) {
  FileDescriptor file(::memfd_create("capstan-probe", MFD_CLOEXEC));
  if (!file.valid() ||
      ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::lseek(file.get(), 0, SEEK_SET) != 0) {
    return Error::internal(std::string("no memory file for a probe: ") + std::strerror(errno));
  }
  return file;
}

// A session of its own, nothing inherited; what is to be tried on 0, the report on 3.
Result<pid_t> spawn_probe(const std::string& program, const PluginFile& file, int report) {
  constexpr int kReport = 3;
  const FileDescriptor told = TRY(memory_file(dump_json(file.to_brief_json())));
  // Above the numbers of the child, so that placing one does not overwrite another.
  const FileDescriptor moved(::fcntl(report, F_DUPFD_CLOEXEC, 10));
  const FileDescriptor input(::fcntl(told.get(), F_DUPFD_CLOEXEC, 10));
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, input.get(), 0);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&files, moved.get(), kReport);
  posix_spawn_file_actions_addclosefrom_np(&files, kReport + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  char flag[] = "--probe";
  char* const arguments[] = {const_cast<char*>(program.c_str()), flag, nullptr};
  char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char language[] = "LANG=C.UTF-8";
  char* const environment[] = {path, language, nullptr};
  pid_t pid = 0;
  const int failure =
      ::posix_spawn(&pid, program.c_str(), &files, &attributes, arguments, environment);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (failure == 0) return pid;
  return Error::failed_precondition("cannot start " + program + ": " + std::strerror(failure));
}

enum class Ending { kDone, kTimeout, kStopped };

// Everything until the end or the deadline, or until it is to be given up.
Ending read_all(int fd, const ProbeOptions& options, std::string& out) {
  const auto deadline = std::chrono::steady_clock::now() + options.timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    // A descriptor of -1 is passed over.
    pollfd poll_fds[] = {{fd, POLLIN, 0}, {options.stop, POLLIN, 0}, {options.unwanted, POLLIN, 0}};
    const int ready = ::poll(poll_fds, 3, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (ready == 0) return Ending::kTimeout;
    if (ready < 0 && errno == EINTR) continue;
    if (poll_fds[1].revents != 0 || poll_fds[2].revents != 0) return Ending::kStopped;
    char buffer[4096];
    const ssize_t count = ::read(fd, buffer, sizeof(buffer));
    if (count <= 0) return Ending::kDone;
    out.append(buffer, static_cast<size_t>(count));
  }
}

std::string end_of(int status) {
  if (WIFSIGNALED(status)) {
    return "signal " + std::to_string(WTERMSIG(status)) + ", " + ::strsignal(WTERMSIG(status));
  }
  return "it ended the process with code " + std::to_string(WEXITSTATUS(status));
}

// The last step that was announced.
std::string last_step(const std::string& report) {
  std::istringstream lines(report);
  std::string line, last = "before it was loaded";
  while (std::getline(lines, line)) last = line;
  return last;
}

}  // namespace

std::string run_probe(const PluginFile& file, int report) {
  return "=" + Probe(file, report).run();
}

Result<void> probe_plugin(const PluginFile& file, const ProbeOptions& options) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return Error::internal("cannot make a pipe for a probe");
  const Result<pid_t> spawned = spawn_probe(options.program, file, pipe[1]);
  ::close(pipe[1]);
  if (!spawned.ok()) {
    ::close(pipe[0]);
    return spawned.error();
  }
  const pid_t child = *spawned;
  std::string report;
  const Ending ending = read_all(pipe[0], options, report);
  ::close(pipe[0]);
  if (ending != Ending::kDone) ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const size_t result = report.find('=');
  if (ending == Ending::kStopped) {
    return Error{Code::kCancelled, file.path + ": the try was given up", {}, {}};
  }
  if (ending == Ending::kTimeout) {
    return Error::invalid(file.path + ": hung " + last_step(report) + " (no answer in " +
                          std::to_string(options.timeout.count()) + " ms)");
  }
  if (result == std::string::npos) {
    return Error::invalid(file.path + ": crashed " + last_step(report) + " (" + end_of(status) +
                          ")");
  }
  const std::string message = report.substr(result + 1);
  if (message == kGood) return {};
  return Error::invalid(message.starts_with(file.path) ? message : file.path + ": " + message);
}

}  // namespace capstan
