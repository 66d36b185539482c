// Plugins' processes that outlive the program that started them: a host that starts itself anew (a
// newer version of it, say) by exec stays the process that it is, so its children stay its own.
//
// A process that is left has closed its connections and waits on its control socket for new ones,
// for ten minutes, and as long as somebody holds the other end. What the next program has to know of it
// goes with the environment, its descriptors by staying open.
//
// Thread safety: all members from any thread.
//
// Example:
//   Handover handover(getenv(Handover::kVariable));  // what the program before has left
//   ... take(name, identity) ... end_rest();
//   handover.begin(); ... leave(process) ...
//   setenv(Handover::kVariable, handover.to_text()); execv(...);
#pragma once

#include <sys/types.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/isolation/fd.h"

namespace capstan::isolation {

struct LeftProcess {
  std::string plugin;
  std::string identity = {};  // of all that it was started with
  pid_t pid = 0;
  Fd control = {};
  Fd output = {};
  Fd errors = {};
  std::string cgroup = {};                // the group's folder, "" where it has none
  std::vector<std::string> notices = {};  // of what its host could not give it
};

// Ends it, at the latest after Handover::kGrace, with all that it started; its group goes too.
void end_left_process(LeftProcess process);

class Handover {
 public:
  static constexpr const char* kVariable = "CAPSTAN_HANDOVER";
  // How long a process that nobody takes may take to end.
  static constexpr std::chrono::seconds kGrace{2};

  // `text`: of to_text() of the program before, which was this process; anything else is as none.
  explicit Handover(const char* text = nullptr);
  ~Handover();  // as end_rest()
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  // The process of the plugin, where it was started with the same; one that was started with
  // something else is ended.
  std::optional<LeftProcess> take(const std::string& plugin, const std::string& identity);
  // Ends what nobody took.
  void end_rest();

  // From now on processes are to be left.
  void begin() { under_way_ = true; }
  bool under_way() const { return under_way_; }
  void leave(LeftProcess process);
  // For the program that is executed next; the descriptors stay open for it.
  std::string to_text();

 private:
  std::atomic<bool> under_way_{false};
  std::mutex mutex_;
  std::vector<LeftProcess> left_;
};

}  // namespace capstan::isolation
