#include "runtime/isolation/plugin_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <tuple>
#include <utility>

#include "runtime/isolation/connections.h"
#include "runtime/isolation/poll_time.h"
#include "runtime/plugin/current_call.h"

namespace capstan::isolation {
namespace {

constexpr int kCallFd = 3;
constexpr int kServiceFd = 4;
constexpr int kDirectFd = 5;
constexpr int kControlFd = 6;
// Above every number that the child uses, so that placing one does not overwrite another.
constexpr int kFirstFree = 10;
constexpr std::chrono::milliseconds kEndsByItself{100};

Error system_error(const std::string& what, int code) {
  return Error::unavailable(what + ": " + std::strerror(code));
}

// The child's side of what it is given.
struct ChildEnds {
  Fd nowhere, output, errors, calls, services, direct, control;
};

Fd moved_up(Fd fd) {
  return Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstFree));
}

Result<std::pair<Fd, Fd>> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("pipe", errno);
  return std::pair<Fd, Fd>(Fd(ends[0]), Fd(ends[1]));
}

// A session of its own (no signals from the host's terminal), default signals, nothing inherited.
Result<pid_t> spawn_program(const std::string& program, const std::string& plugin,
                            const ChildEnds& ends) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  const int places[] = {ends.nowhere.get(),  ends.output.get(), ends.errors.get(), ends.calls.get(),
                        ends.services.get(), ends.direct.get(), ends.control.get()};
  for (int i = 0; i <= kControlFd; ++i) posix_spawn_file_actions_adddup2(&files, places[i], i);
  posix_spawn_file_actions_addclosefrom_np(&files, kControlFd + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  // The name is for those who look at the list of processes.
  char* const arguments[] = {const_cast<char*>(program.c_str()), const_cast<char*>(plugin.c_str()),
                             nullptr};
  char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char language[] = "LANG=C.UTF-8";
  char* const environment[] = {path, language, nullptr};
  pid_t pid = 0;
  const int failure =
      ::posix_spawn(&pid, program.c_str(), &files, &attributes, arguments, environment);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (failure != 0) return system_error("cannot start " + program, failure);
  return pid;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

std::string end_of(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return "it ended with code " + std::to_string(info.si_status);
  return "signal " + std::to_string(info.si_status) + " (" + ::strsignal(info.si_status) + ")";
}

}  // namespace

PluginProcess::PluginProcess(Options options, Fd calls, Fd services, Fd direct, Fd control)
    : options_(std::move(options)),
      call_channel_(std::move(calls)),
      service_channel_(std::move(services)),
      direct_channel_(std::move(direct)),
      control_(std::move(control)),
      calls_(
          call_channel_, [this](const Error& error) { give_up(error.message); }, &direct_channel_) {
}

Result<std::unique_ptr<PluginProcess>> PluginProcess::spawn(Options options) {
  auto calls = TRY(Channel::make_pair());
  auto services = TRY(Channel::make_pair());
  auto direct = TRY(Channel::make_pair());
  auto control = TRY(Channel::make_pair());
  auto output = TRY(make_pipe());
  auto errors = TRY(make_pipe());
  ChildEnds ends{Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
                 std::move(output.second),
                 std::move(errors.second),
                 std::move(calls.second),
                 std::move(services.second),
                 std::move(direct.second),
                 std::move(control.second)};
  for (Fd* end : {&ends.nowhere, &ends.output, &ends.errors, &ends.calls, &ends.services,
                  &ends.direct, &ends.control}) {
    *end = moved_up(std::move(*end));
    if (!end->valid()) return system_error("no file descriptors for a plugin's process", errno);
  }
  std::unique_ptr<PluginProcess> process(
      new PluginProcess(std::move(options), std::move(calls.first), std::move(services.first),
                        std::move(direct.first), std::move(control.first)));
  const pid_t pid = TRY(spawn_program(process->options_.program, process->options_.plugin, ends));
  process->attend(pid, std::move(output.first), std::move(errors.first));
  return process;
}

Result<std::unique_ptr<PluginProcess>> PluginProcess::adopt(Options options, LeftProcess left) {
  auto calls = Channel::make_pair();
  auto services = Channel::make_pair();
  auto direct = Channel::make_pair();
  for (const auto* pair : {&calls, &services, &direct}) {
    if (pair->ok()) continue;
    end_left_process(std::move(left));
    return pair->error();
  }
  std::unique_ptr<PluginProcess> process(
      new PluginProcess(std::move(options), std::move(calls->first), std::move(services->first),
                        std::move(direct->first), std::move(left.control)));
  if (!left.cgroup.empty()) process->keep(Cgroup::adopt(std::move(left.cgroup)));
  process->attend(left.pid, std::move(left.output), std::move(left.errors));
  TRY(send_connections(process->control_, {std::move(calls->second), std::move(services->second),
                                           std::move(direct->second)}));
  return process;
}

void PluginProcess::attend(pid_t pid, Fd output, Fd errors) {
  pid_ = pid;
  pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  output_ = std::make_unique<OutputReader>(options_.plugin, std::move(output), std::move(errors));
  CallServer::Options serve;
  serve.answer = [this](const Message& message, const std::atomic<bool>&) {
    const CurrentCall current(message.header.attempt);
    return options_.services.answer(message);
  };
  serve.notice = [this](const Message& message) {
    const CurrentCall current(message.header.attempt);
    options_.services.notice(message);
  };
  serve.ended = [this](const Error& error) { give_up(error.message); };
  serve.give_up = [this] { return given_up(); };
  serve.max_threads = options_.service_threads;
  serve.ordered = true;
  services_ = std::make_unique<CallServer>(service_channel_, std::move(serve));
}

Result<LeftProcess> PluginProcess::leave(Duration limit) {
  const Message told = TRY(call_within(limit, Method::kDetach, ""));
  if (told.header.status != Code::kOk) {
    return Error{told.header.status, "its program cannot go on without its host", {}, {}};
  }
  call_channel_.shutdown();
  direct_channel_.shutdown();
  services_.reset();
  if (!waits_detached(limit)) return Error::unavailable("it does not wait for its host");
  LeftProcess left{.plugin = options_.plugin, .pid = pid_, .control = std::move(control_)};
  std::tie(left.output, left.errors) = output_->release();
  if (group_) left.cgroup = std::move(*group_).release();
  reaped_ = true;  // no longer its owner
  return left;
}

bool PluginProcess::waits_detached(Duration limit) const {
  char mark = 0;
  return wait_readable(control_.get(), limit) &&
         ::recv(control_.get(), &mark, 1, MSG_DONTWAIT) == 1;
}

PluginProcess::~PluginProcess() {
  if (pid_ == 0 || reaped_) return;
  signal(SIGKILL);
  (void)reap();
}

Result<Message> PluginProcess::call_within(Duration limit, Method method, std::string_view body,
                                           uint64_t current,
                                           const std::function<bool()>& unwanted) {
  const SystemClock clock;
  const MonotonicTime deadline = clock.monotonic() + limit;
  const auto overdue = [&] {
    const bool dismissed = unwanted && unwanted();
    if (!given_up() && !dismissed && clock.monotonic() < deadline) return false;
    if (dismissed) dismiss("it is not wanted any more");
    give_up("it did not answer within " + format_age(limit));
    signal(SIGKILL);
    return true;
  };
  return calls_.call({.method = method,
                      .body = body,
                      .deadline_ns = deadline.time_since_epoch().count(),
                      .attempt = static_cast<uint32_t>(current),
                      .cancelled = overdue,
                      .give_up = overdue});
}

void PluginProcess::give_up(const std::string& reason, bool blamed) {
  {
    const std::scoped_lock lock(mutex_);
    if (given_up_since_) return;
    reason_ = reason;
    blamed_ = blamed;
    given_up_since_ = SystemClock().monotonic();
  }
  if (options_.given_up) options_.given_up();
}

std::optional<MonotonicTime> PluginProcess::given_up_since() const {
  const std::scoped_lock lock(mutex_);
  return given_up_since_;
}

bool PluginProcess::wait(Duration limit) const {
  return wait_readable(pidfd_.get(), limit);
}

void PluginProcess::signal(int number) {
  told_to_end_ = true;
  if (pidfd_.valid()) {
    ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
  } else {
    ::kill(pid_, number);  // not reaped yet, so the number is still its own
  }
}

void PluginProcess::end(Duration grace) {
  call_channel_.shutdown();
  direct_channel_.shutdown();
  control_.reset();
  if (!wait(grace)) terminate(grace);
}

void PluginProcess::terminate(Duration grace) {
  // Often it is ending already, and its own end says more than our signal.
  if (wait(kEndsByItself)) return;
  signal(SIGTERM);
  if (wait(grace)) return;
  signal(SIGKILL);
}

PluginProcess::End PluginProcess::reap() {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 &&
         errno == EINTR) {
  }
  // What it started goes with it; until it is reaped the group's number is its own.
  ::kill(-pid_, SIGKILL);
  rusage usage{};
  while (::wait4(pid_, nullptr, 0, &usage) < 0 && errno == EINTR) {
  }
  reaped_ = true;
  cpu_seconds_ = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  // Who waits for it wakes; requests of its that the host is still answering end by themselves.
  call_channel_.shutdown();
  direct_channel_.shutdown();
  service_channel_.shutdown();
  const bool ended_by_us = told_to_end_ && (info.si_code == CLD_EXITED ||
                                            info.si_status == SIGTERM || info.si_status == SIGKILL);
  if (group_ && group_->ran_out_of_memory()) return {"it used more memory than limits.memory"};
  const std::scoped_lock lock(mutex_);
  if (given_up_since_ && ended_by_us) return {reason_, blamed_};
  return {end_of(info)};
}

}  // namespace capstan::isolation
