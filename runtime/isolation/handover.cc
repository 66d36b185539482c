#include "runtime/isolation/handover.h"

#include <fcntl.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/base/json.h"
#include "runtime/isolation/cgroup.h"
#include "runtime/isolation/poll_time.h"

namespace capstan::isolation {
namespace {

void set_closed_on_exec(const Fd& fd, bool closed) {
  ::fcntl(fd.get(), F_SETFD, closed ? FD_CLOEXEC : 0);
}

// Only what is a child of this process: a text that came from elsewhere names no process of its.
bool is_child(pid_t pid) {
  siginfo_t info{};
  return pid > 0 &&
         ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

std::optional<LeftProcess> read_process(const Json& json) {
  LeftProcess process{.plugin = get_string(json, {"plugin"}),
                      .identity = get_string(json, {"identity"}),
                      .pid = static_cast<pid_t>(get_int(json, {"pid"})),
                      .cgroup = get_string(json, {"cgroup"})};
  if (!is_child(process.pid)) return {};
  for (const Json& notice : json.value("notices", Json::array())) {
    if (notice.is_string()) process.notices.push_back(notice.get<std::string>());
  }
  const std::pair<const char*, Fd*> descriptors[] = {
      {"control", &process.control}, {"output", &process.output}, {"errors", &process.errors}};
  for (const auto& [name, fd] : descriptors) {
    *fd = Fd(static_cast<int>(get_int(json, {name}, -1)));
    set_closed_on_exec(*fd, true);
  }
  return process;
}

}  // namespace

// Without its host's end of the control socket it ends by itself.
void end_left_process(LeftProcess process) {
  process.control.reset();
  const Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!wait_readable(handle.get(), Handover::kGrace)) ::kill(process.pid, SIGKILL);
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(process.pid), &info, WEXITED | WNOWAIT) != 0 &&
         errno == EINTR) {
  }
  ::kill(-process.pid, SIGKILL);  // what it started
  (void)::waitpid(process.pid, nullptr, 0);
  if (!process.cgroup.empty()) (void)Cgroup::adopt(process.cgroup);
  spdlog::info("plugin \"{}\": its process {} of before is not needed any more and has ended",
               process.plugin, process.pid);
}

Handover::Handover(const char* text) {
  const Result<Json> json = parse_json(text == nullptr ? "" : text);
  if (!json.ok() || !json->is_object() || get_int(*json, {"host"}) != ::getpid()) return;
  for (const Json& item : json->value("processes", Json::array())) {
    if (auto process = read_process(item)) left_.push_back(*std::move(process));
  }
}

Handover::~Handover() {
  end_rest();
}

std::optional<LeftProcess> Handover::take(const std::string& plugin, const std::string& identity) {
  std::vector<LeftProcess> others;
  std::optional<LeftProcess> taken;
  {
    const std::scoped_lock lock(mutex_);
    for (LeftProcess& process : left_) {
      if (process.plugin != plugin) continue;
      if (!taken && process.identity == identity) {
        taken = std::move(process);
      } else {
        others.push_back(std::move(process));
      }
    }
    std::erase_if(left_, [](const LeftProcess& process) { return !process.control.valid(); });
  }
  for (LeftProcess& other : others) end_left_process(std::move(other));
  return taken;
}

void Handover::end_rest() {
  std::vector<LeftProcess> rest;
  {
    const std::scoped_lock lock(mutex_);
    rest.swap(left_);
  }
  for (LeftProcess& process : rest) end_left_process(std::move(process));
}

void Handover::leave(LeftProcess process) {
  const std::scoped_lock lock(mutex_);
  left_.push_back(std::move(process));
}

std::string Handover::to_text() {
  const std::scoped_lock lock(mutex_);
  Json processes = Json::array();
  for (const LeftProcess& process : left_) {
    for (const Fd* fd : {&process.control, &process.output, &process.errors}) {
      set_closed_on_exec(*fd, false);
    }
    processes.push_back({{"plugin", process.plugin},
                         {"identity", process.identity},
                         {"pid", process.pid},
                         {"control", process.control.get()},
                         {"output", process.output.get()},
                         {"errors", process.errors.get()},
                         {"cgroup", process.cgroup},
                         {"notices", process.notices}});
  }
  return dump_json({{"host", ::getpid()}, {"processes", std::move(processes)}});
}

}  // namespace capstan::isolation
