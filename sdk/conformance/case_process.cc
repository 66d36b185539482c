#include "sdk/conformance/case_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace capstan::conformance {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kMaxOutput = 8192;

[[noreturn]] void run_child(const std::function<Finding()>& body, int report, int output) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::dup2(::open("/dev/null", O_RDONLY), 0);
  ::dup2(output, 1);
  ::dup2(output, 2);
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}) ::signal(signal, SIG_DFL);
  Finding finding;
  try {
    finding = body();
  } catch (const std::exception& error) {
    finding = failed(std::string("an exception reached the kit: ") + error.what());
  } catch (...) {
    finding = failed("an exception of unknown type reached the kit");
  }
  const std::string text = dump_json({{"verdict", static_cast<int>(finding.verdict)},
                                      {"message", finding.message},
                                      {"evidence", finding.evidence}});
  for (size_t at = 0; at < text.size();) {
    const ssize_t count = ::write(report, text.data() + at, text.size() - at);
    if (count < 0 && errno != EINTR) break;
    at += static_cast<size_t>(std::max<ssize_t>(0, count));
  }
  std::fflush(nullptr);
  ::_exit(0);
}

// Everything until the writer's end is closed. False at the timeout.
bool read_all(int fd, steady_clock::time_point end, std::string& out) {
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
    pollfd ready{fd, POLLIN, 0};
    const int count = ::poll(&ready, 1, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (count == 0) return false;
    if (count < 0 && errno == EINTR) continue;
    char buffer[16384];
    const ssize_t size = ::read(fd, buffer, sizeof(buffer));
    if (size <= 0) return true;
    out.append(buffer, static_cast<size_t>(size));
  }
}

std::string last_of(int file) {
  const off_t size = ::lseek(file, 0, SEEK_END);
  const auto start = std::max<off_t>(0, size - static_cast<off_t>(kMaxOutput));
  std::string text(static_cast<size_t>(size - start), '\0');
  const ssize_t count = ::pread(file, text.data(), text.size(), start);
  text.resize(static_cast<size_t>(std::max<ssize_t>(0, count)));
  return text;
}

Finding finding_of(bool ended, int status, const std::string& report, milliseconds timeout) {
  if (!ended) {
    return failed("hung: no answer in " + std::to_string(timeout.count() / 1000) + " s");
  }
  const auto json = parse_json(report);
  if (json.ok() && json->is_object()) {
    return {static_cast<Verdict>(get_int(*json, {"verdict"})), get_string(*json, {"message"}),
            json->value("evidence", Json())};
  }
  if (WIFSIGNALED(status)) {
    return failed("crashed: signal " + std::to_string(WTERMSIG(status)) + ", " +
                  ::strsignal(WTERMSIG(status)));
  }
  return failed("ended the process with code " + std::to_string(WEXITSTATUS(status)));
}

}  // namespace

ProcessResult run_in_process(const std::function<Finding()>& body, milliseconds timeout) {
  ProcessResult result;
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) {
    result.finding = failed("the kit cannot make a pipe");
    return result;
  }
  const int output = ::memfd_create("conformance-output", MFD_CLOEXEC);
  const auto begin = steady_clock::now();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(report[0]);
    run_child(body, report[1], output);
  }
  ::close(report[1]);
  std::string text;
  const bool ended = child > 0 && read_all(report[0], begin + timeout, text);
  ::close(report[0]);
  int status = 0;
  if (child > 0) {
    ::kill(-child, SIGKILL);  // what it started, and itself where it hangs
    if (!ended) ::kill(child, SIGKILL);
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
  }
  result.finding =
      child > 0 ? finding_of(ended, status, text, timeout) : failed("the kit cannot fork");
  result.output = last_of(output);
  ::close(output);
  result.took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
  return result;
}

}  // namespace capstan::conformance
