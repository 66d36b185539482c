#include "sdk/conformance/case_process.h"

#include <fcntl.h>
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
#include <utility>

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

CaseProcess CaseProcess::start(const std::function<Finding()>& body, milliseconds timeout) {
  CaseProcess process;
  process.timeout_ = timeout;
  process.begin_ = steady_clock::now();
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) return process;
  ::fcntl(report[0], F_SETFL, O_NONBLOCK);
  process.report_ = report[0];
  process.output_ = ::memfd_create("conformance-output", MFD_CLOEXEC);
  std::fflush(nullptr);
  process.child_ = ::fork();
  if (process.child_ == 0) {
    ::close(report[0]);
    run_child(body, report[1], process.output_);
  }
  ::close(report[1]);
  return process;
}

CaseProcess::CaseProcess(CaseProcess&& other) noexcept
    : child_(std::exchange(other.child_, -1)),
      report_(std::exchange(other.report_, -1)),
      output_(std::exchange(other.output_, -1)),
      ended_(other.ended_),
      text_(std::move(other.text_)),
      timeout_(other.timeout_),
      begin_(other.begin_) {}

CaseProcess::~CaseProcess() {
  if (report_ >= 0) (void)finish();
}

milliseconds CaseProcess::left() const {
  const auto end = begin_ + timeout_;
  return std::max(milliseconds(0),
                  std::chrono::duration_cast<milliseconds>(end - steady_clock::now()));
}

bool CaseProcess::advance() {
  if (child_ < 0) return true;
  for (;;) {
    char buffer[16384];
    const ssize_t size = ::read(report_, buffer, sizeof(buffer));
    if (size > 0) {
      text_.append(buffer, static_cast<size_t>(size));
    } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
      ended_ = true;
      return true;
    } else if (errno == EAGAIN) {
      return left().count() == 0;
    }
  }
}

ProcessResult CaseProcess::finish() {
  ProcessResult result;
  result.finding = failed("the kit cannot make a process");
  int status = 0;
  if (child_ > 0) {
    ::kill(-child_, SIGKILL);  // what it started, and itself where it hangs
    if (!ended_) ::kill(child_, SIGKILL);
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    result.finding = finding_of(ended_, status, text_, timeout_);
  }
  if (output_ >= 0) {
    result.output = last_of(output_);
    ::close(output_);
  }
  if (report_ >= 0) ::close(report_);
  child_ = report_ = output_ = -1;
  result.took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin_);
  return result;
}

}  // namespace capstan::conformance
