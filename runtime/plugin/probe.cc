#include "runtime/plugin/probe.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/plugin/diagnostics_collector.h"
#include "runtime/plugin/native_provider.h"
#include "sdk/include/capstan/abi.h"

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

// Whoever is connected to the server, or tries to be, would wait for a child that has its sockets
// when the server itself has ended.
void close_sockets() {
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return;
  std::vector<int> sockets;
  while (const dirent* entry = ::readdir(folder)) {
    const int fd = std::atoi(entry->d_name);
    struct stat status {};
    if (::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode)) sockets.push_back(fd);
  }
  ::closedir(folder);
  for (const int fd : sockets) ::close(fd);
}

[[noreturn]] void run_child(const PluginFile& file, int report) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd <= 2; ++fd) ::dup2(nowhere, fd);
  close_sockets();
  ::signal(SIGSEGV, SIG_DFL);
  ::signal(SIGABRT, SIG_DFL);
  const std::string result = "=" + Probe(file, report).run();
  (void)!::write(report, result.data(), result.size());
  ::_exit(0);
}

enum class Ending { kDone, kTimeout, kStopped };

// Everything until the end or the deadline, or until `stop` is readable.
Ending read_all(int fd, std::chrono::milliseconds timeout, int stop, std::string& out) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    // A descriptor of -1 is passed over.
    pollfd poll_fds[] = {{fd, POLLIN, 0}, {stop, POLLIN, 0}};
    const int ready = ::poll(poll_fds, 2, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (ready == 0) return Ending::kTimeout;
    if (ready < 0 && errno == EINTR) continue;
    if (poll_fds[1].revents != 0) return Ending::kStopped;
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

Result<void> probe_plugin(const PluginFile& file, std::chrono::milliseconds timeout, int stop) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return Error::internal("cannot make a pipe for a probe");
  const pid_t child = ::fork();
  if (child < 0) {
    ::close(pipe[0]);
    ::close(pipe[1]);
    return Error::internal(std::string("cannot fork for a probe: ") + std::strerror(errno));
  }
  if (child == 0) run_child(file, pipe[1]);
  ::close(pipe[1]);
  std::string report;
  const Ending ending = read_all(pipe[0], timeout, stop, report);
  ::close(pipe[0]);
  if (ending != Ending::kDone) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const size_t result = report.find('=');
  if (ending == Ending::kStopped) {
    return Error{Code::kCancelled, file.path + ": the try was given up", {}, {}};
  }
  if (ending == Ending::kTimeout) {
    return Error::invalid(file.path + ": hung " + last_step(report) + " (no answer in " +
                          std::to_string(timeout.count()) + " ms)");
  }
  if (result == std::string::npos) {
    return Error::invalid(file.path + ": crashed " + last_step(report) + " (" + end_of(status) +
                          ")");
  }
  const std::string message = report.substr(result + 1);
  if (message == kGood) return {};
  return Error::invalid(message.starts_with(file.path) ? message : file.path + ": " + message);
}

namespace {

// What changes when the file does; "" where it cannot be read.
std::string identity(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return "";
  std::ostringstream out;
  out << status.st_dev << ':' << status.st_ino << ':' << status.st_size << ':'
      << status.st_mtim.tv_sec << '.' << status.st_mtim.tv_nsec << ':' << status.st_ctim.tv_sec
      << '.' << status.st_ctim.tv_nsec << ":abi" << CAPSTAN_ABI_MAJOR << '.' << CAPSTAN_ABI_MINOR;
  return out.str();
}

}  // namespace

ProbeCache::ProbeCache(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  std::ifstream file(path_);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto json = parse_json(text);
  if (!json.ok() || !json->is_object()) return;
  for (const auto& [plugin, seen] : json->items()) {
    if (seen.is_string()) good_[plugin] = seen.get<std::string>();
  }
}

bool ProbeCache::known_good(const std::string& plugin) const {
  const auto seen = good_.find(plugin);
  return seen != good_.end() && !seen->second.empty() && seen->second == identity(plugin);
}

void ProbeCache::remember(const std::string& plugin) {
  good_[plugin] = identity(plugin);
  changed_ = true;
}

void ProbeCache::save() {
  if (path_.empty() || !changed_) return;
  const std::string temporary = path_ + ".new";
  {
    std::ofstream file(temporary, std::ios::trunc);
    file << dump_json(Json(good_));
    if (!file.flush()) return;
  }
  changed_ = ::rename(temporary.c_str(), path_.c_str()) != 0;
}

}  // namespace capstan
