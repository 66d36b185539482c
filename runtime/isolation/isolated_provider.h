// A plugin in a process of its own: the Provider port over messages to capstan-plugin-host, which
// loads the same library.
//
// Deadlines and cancellation cross. A call that does not return within its deadline and a grace
// costs the plugin its process (SIGTERM, then SIGKILL); so does a broken message or a connection
// that it closes. So does, for the sake of those who wait, a cancelled call that is not past its
// deadline and does not return for a while; that is no crash and no step towards quarantine.
// Whatever ended the process, its calls fail with kUnavailable and a diagnostic that says why and
// when to come again, and the process is started again after a delay (see restart_policy.h), never
// before the old one is gone: no object is worked on twice at a time.
//
// Thread safety: as Provider. A thread of its own starts, watches and ends the process.
//
// Example:
//   IsolationOptions options{.clock = clock, .random = random, .program = plugin_host_program()};
//   auto provider = std::make_unique<IsolatedProvider>(file, std::move(services), options);
//   TRY(provider->activate(settings));
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/isolation/plugin_process.h"
#include "runtime/isolation/restart_policy.h"
#include "runtime/plugin/call_counter.h"
#include "runtime/plugin/host_services/host_services.h"
#include "runtime/plugin/plugin_config.h"
#include "runtime/plugin/plugin_file.h"
#include "runtime/plugin/provider_port.h"

namespace capstan::isolation {

struct IsolationOptions {
  Clock& clock;
  Random& random;
  std::string program = {};  // capstan-plugin-host
  bool sandbox = false;
  PluginLimits limits = {};
  CgroupPlace cgroups = {};
  Needs more_needs = {};  // hosts and paths besides the manifest's: where a test's fake is
  RestartOptions restart = {};
  // How long a cancelled call may take to return, unless the grace is longer: a change of plugins
  // waits for it, and meanwhile nothing is reconciled.
  Duration patience = std::chrono::seconds(10);
  // True: everything is to end, so a cancelled call has the grace only and no process that is gone
  // is started again. From any thread.
  std::function<bool()> ending = [] { return false; };
  Duration start_timeout = std::chrono::seconds(10);
  Duration activate_timeout = std::chrono::seconds(60);  // and of deactivate
  size_t max_reply = size_t{8} << 20;
  size_t max_admissions = 3;  // at once; others are refused, so that writes of other kinds go on
  // Where a process that was left by the program before is taken from, and where it is left when
  // this one starts itself anew; null: none is. Outlives the provider.
  Handover* handover = nullptr;
  // From a thread of its own: its process was started again, or it is in quarantine. Its objects
  // should be looked at.
  std::function<void()> changed = {};
};

class IsolatedProvider final : public Provider {
 public:
  IsolatedProvider(PluginFile file, std::unique_ptr<HostTable> services, IsolationOptions options);
  ~IsolatedProvider() override;

  const Manifest& manifest() const override { return file_.manifest; }
  const std::string& origin() const override { return file_.path; }
  Result<void> activate(const Json& settings) override;
  void deactivate() override;
  ProviderReply reconcile(const ProviderCall& call, std::string_view request) override;
  ProviderReply admit(const ProviderCall& call, std::string_view object,
                      std::string_view old) override;
  ProviderStatistics statistics() const override;
  ProviderState state() const override;
  // For ten seconds, unless it is to be away for longer.
  std::optional<Duration> away() const override;
  bool unquarantine() override;

 private:
  using ProcessPtr = std::shared_ptr<PluginProcess>;
  enum class Phase {
    kStopped,
    kStarting,  // also again, after kWaiting
    kRunning,
    kWaiting,      // the process ended; until due_
    kQuarantined,  // it ended too often; until due_, or until a person says so
  };

  enum class Loss {  // of a process
    kCrash,
    kRefusal,    // it could be started and said no
    kDismissal,  // it was ended for the sake of others
  };

  ProviderReply work(Method method, const ProviderCall& call, const std::string& body);
  Result<ProviderReply> exchange(PluginProcess& process, Method method, const ProviderCall& call,
                                 const std::string& body);
  ProviderReply unavailable(const ProcessPtr& lost);

  void supervise();
  Result<ProcessPtr> start();
  PluginProcess::Options process_options();
  std::string identity() const;
  ProcessPtr adopt();
  Result<void> meet_again(PluginProcess& process);
  bool leave(PluginProcess& process);
  bool limit_by_cgroup(PluginProcess& process);
  std::string hello(bool in_cgroup) const;
  Json terms() const;
  Result<void> greet(const PluginProcess& process, const Message& greeting,
                     std::vector<std::string> notices);
  void run_once(std::unique_lock<std::mutex>& lock);
  void watch(std::unique_lock<std::mutex>& lock);
  void wait_in_quarantine(std::unique_lock<std::mutex>& lock);
  void leave_quarantine();
  void lost(std::string reason, Loss loss);
  std::string what_follows(Duration delay) const;
  std::optional<Duration> delay_after(Loss loss, MonotonicTime now);
  void tell_end(std::string end);
  void wake();
  void sleep_until_woken(int pidfd, std::optional<Duration> limit);

  const PluginFile file_;
  const std::unique_ptr<HostTable> services_;
  const IsolationOptions options_;
  std::unique_ptr<ServiceDispatcher> dispatcher_;
  const std::string nonce_;
  RestartPolicy policy_;
  const Fd wake_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Phase phase_ = Phase::kStopped;
  ProviderState state_;  // without what follows from the phase
  std::string last_failure_;
  MonotonicTime due_{};
  MonotonicTime away_since_{};  // the last process was lost
  uint64_t quarantines_ = 0;
  double past_cpu_seconds_ = 0;  // of processes that are gone
  ProcessPtr process_;           // while it runs
  ProcessPtr retired_;           // the one before, until nobody uses it
  std::string settings_;
  std::string identity_;
  std::vector<std::string> limit_notices_;  // of the supervisor's process
  uint64_t activation_ = 0;                 // the current call of activate(), until it has returned
  std::optional<Error> first_start_;        // its failure
  bool start_crashed_ = false;  // the last start's failure is the process's, not a refusal
  bool stopping_ = false;
  std::thread supervisor_;

  CallCounter counter_;
  std::atomic<uint64_t> in_flight_{0};
  std::atomic<size_t> admissions_{0};
};

}  // namespace capstan::isolation
