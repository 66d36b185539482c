// One life of a plugin's process: started with three connections (calls to the plugin, calls to the
// host, one call at a time to the plugin) and a control socket, no environment and no other file
// descriptors; what it prints becomes log lines. It may be left without its connections, and be
// adopted with new ones (handover.h).
//
// Thread safety: calls() and give_up() from any thread, the rest from the thread that started it.
// That thread must live as long as the process: the kernel ends the process with it. One that was
// adopted ends with the program.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/base/clock.h"
#include "runtime/isolation/call_client.h"
#include "runtime/isolation/call_server.h"
#include "runtime/isolation/cgroup.h"
#include "runtime/isolation/handover.h"
#include "runtime/isolation/output_reader.h"
#include "runtime/isolation/service_dispatcher.h"

namespace capstan::isolation {

class PluginProcess {
 public:
  struct Options {
    std::string program;  // capstan-plugin-host
    std::string plugin;   // its name, for log lines
    size_t service_threads = 16;
    ServiceDispatcher& services;
    std::function<void()> given_up;  // from any thread, when give_up() was called first
  };

  // Errors: kUnavailable with what the system said.
  static Result<std::unique_ptr<PluginProcess>> spawn(Options options);
  // One that was left, with new connections; it waits for hello. Errors: as above; it has ended.
  static Result<std::unique_ptr<PluginProcess>> adopt(Options options, LeftProcess left);
  // Kills the process where it is still there; waits for requests of its that are being answered.
  ~PluginProcess();

  CallClient& calls() { return calls_; }
  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }  // readable once the process has ended

  // Leaves the process as it is, without connections; no call may be under way. Errors: it does not
  // answer within `limit`, or cannot be left: it is to be ended.
  Result<LeftProcess> leave(Duration limit);

  bool in_cgroup() const { return group_.has_value(); }
  // The group is its own until both are gone.
  void keep(Cgroup group) { group_.emplace(std::move(group)); }

  // A call by the thread that started it: without an answer within `limit` the process is killed.
  // `current`: what it is to the host (current_call.h). `unwanted`: true ends it before its time.
  Result<Message> call_within(Duration limit, Method method, std::string_view body,
                              uint64_t current = 0, const std::function<bool()>& unwanted = {});

  // The process is to be ended since it cannot be worked with any more; the first reason counts.
  void give_up(const std::string& reason) { give_up(reason, true); }
  // The process is to be ended for the sake of others: it does what it was asked for, in its time.
  void dismiss(const std::string& reason) { give_up(reason, false); }
  bool given_up() const { return given_up_since().has_value(); }
  std::optional<MonotonicTime> given_up_since() const;

  // Closes the connections, waits, then SIGTERM, waits, then SIGKILL. Nothing of its group is left.
  void end(Duration grace);
  // SIGTERM, and SIGKILL after the grace.
  void terminate(Duration grace);
  struct End {
    std::string reason;
    bool crash = true;  // not where it was dismissed, and ended for that
  };
  // Why it ended: what give_up() said, "signal 11 (Segmentation fault)", "it ended with code 3".
  // Precondition: it has ended.
  End reap();
  // What it used, after reap().
  double cpu_seconds() const { return cpu_seconds_; }

 private:
  PluginProcess(Options options, Fd calls, Fd services, Fd direct, Fd control);
  // From now on it is read and answered.
  void attend(pid_t pid, Fd output, Fd errors);
  bool waits_detached(Duration limit) const;
  void give_up(const std::string& reason, bool blamed);
  bool wait(Duration limit) const;
  void signal(int number);

  const Options options_;
  Channel call_channel_;
  Channel service_channel_;
  Channel direct_channel_;
  Fd control_;
  std::optional<Cgroup> group_;
  pid_t pid_ = 0;
  Fd pidfd_;
  bool reaped_ = false;
  double cpu_seconds_ = 0;
  bool told_to_end_ = false;  // by a signal of ours
  mutable std::mutex mutex_;
  std::string reason_;
  std::optional<MonotonicTime> given_up_since_;
  bool blamed_ = true;  // for that reason
  CallClient calls_;
  std::unique_ptr<OutputReader> output_;
  std::unique_ptr<CallServer> services_;
};

}  // namespace capstan::isolation
