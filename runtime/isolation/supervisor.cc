// IsolatedProvider's own thread: starts the process, watches it, ends it.
#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/isolation/file_stamp.h"
#include "runtime/isolation/isolated_provider.h"
#include "runtime/isolation/messages.h"
#include "runtime/isolation/plugin_files.h"
#include "runtime/isolation/poll_time.h"
#include "sdk/include/capstan/abi.h"

namespace capstan::isolation {
namespace {

constexpr const char* kWellEnded = "it ended with code 0";

// The failure that a reply reports.
Error error_of(const Message& message, const std::string& plugin) {
  Result<ProviderReply> reply = decode_reply(message.body);
  if (!reply.ok()) return reply.error();
  reply->status = message.header.status;
  return reply->error(plugin);
}

size_t service_threads(const Manifest& manifest) {
  size_t calls = 4;
  for (const ReconcileEntry& entry : manifest.reconciles) {
    calls += static_cast<size_t>(entry.concurrency);
  }
  return std::clamp<size_t>(calls, 4, 64);
}

Json limits_json(const PluginLimits& limits) {
  return {{"memory", limits.memory_bytes},
          {"cpuSeconds", limits.cpu_seconds},
          {"openFiles", limits.open_files},
          {"processes", limits.processes}};
}

}  // namespace

void IsolatedProvider::supervise() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    run_once(lock);
    // A first start that fails is the answer to activate().
    if (first_start_) break;
  }
  const ProcessPtr process = std::exchange(process_, nullptr);
  phase_ = Phase::kStopped;
  state_.pid = 0;
  changed_.notify_all();
  lock.unlock();
  retired_.reset();
  if (process == nullptr || leave(*process)) return;
  // The server's end waits no longer for a plugin than for one of its calls.
  const Duration limit = options_.ending() ? std::max(options_.patience, options_.restart.grace)
                                           : options_.activate_timeout;
  (void)process->call_within(limit, Method::kDeactivate, "");
  process->end(options_.restart.grace);
  tell_end(process->reap().reason);
}

// It was asked to end: what else it did is its last crash.
void IsolatedProvider::tell_end(std::string end) {
  if (end == kWellEnded) return;
  spdlog::error("plugin \"{}\": its process did not end well: {}", name(), end);
  const std::scoped_lock lock(mutex_);
  ++state_.crashes;
  last_failure_ = std::move(end);
}

// Whatever is to be done in the present phase.
void IsolatedProvider::run_once(std::unique_lock<std::mutex>& lock) {
  if (phase_ == Phase::kRunning) return watch(lock);
  if (phase_ == Phase::kQuarantined) return wait_in_quarantine(lock);
  const Duration left = due_ - options_.clock.monotonic();
  const bool ending = options_.ending();
  if (phase_ == Phase::kWaiting && (ending || left > Duration::zero())) {
    lock.unlock();
    sleep_until_woken(-1, ending ? std::nullopt : std::optional(left));
    lock.lock();
    return;
  }
  const bool again = phase_ == Phase::kWaiting;
  phase_ = Phase::kStarting;
  const ProcessPtr retired = std::exchange(retired_, nullptr);
  lock.unlock();
  Result<ProcessPtr> started = start();
  lock.lock();
  if (!started.ok()) {
    if (!again) {
      first_start_ = started.error();
      last_failure_ = started.error().message;
      if (start_crashed_) ++state_.crashes;
      return;
    }
    if (stopping_) return;  // its start was broken off for that
    return lost(started.error().message, start_crashed_ ? Loss::kCrash : Loss::kRefusal);
  }
  activation_ = 0;
  process_ = *std::move(started);
  phase_ = Phase::kRunning;
  state_.pid = process_->pid();
  if (again) ++state_.restarts;
  changed_.notify_all();
  if (!again) return;
  spdlog::info("plugin \"{}\" runs again in process {}", name(), state_.pid);
  lock.unlock();
  if (options_.changed) options_.changed();
  lock.lock();
}

void IsolatedProvider::wait_in_quarantine(std::unique_lock<std::mutex>& lock) {
  std::optional<Duration> left;
  if (options_.restart.quarantine > Duration::zero()) {
    left = due_ - options_.clock.monotonic();
    if (*left <= Duration::zero()) {
      spdlog::info("plugin \"{}\": its quarantine is over", name());
      return leave_quarantine();
    }
  }
  lock.unlock();
  sleep_until_woken(-1, left);
  lock.lock();
}

// With the lock held.
void IsolatedProvider::leave_quarantine() {
  policy_.forget();
  due_ = options_.clock.monotonic();
  phase_ = Phase::kWaiting;
}

// Until the process ends, must be ended, or the provider is told to stop.
void IsolatedProvider::watch(std::unique_lock<std::mutex>& lock) {
  const ProcessPtr process = process_;
  lock.unlock();
  sleep_until_woken(process->pidfd(), {});
  pollfd ended{process->pidfd(), POLLIN, 0};
  const bool has_ended = ::poll(&ended, 1, 0) > 0;
  PluginProcess::End end;
  const bool gone = has_ended || process->given_up();
  if (gone) {
    if (!has_ended) process->terminate(options_.restart.grace);
    end = process->reap();
  }
  lock.lock();
  if (gone) {
    process_ = nullptr;
    past_cpu_seconds_ += process->cpu_seconds();
    away_since_ = process->given_up_since().value_or(options_.clock.monotonic());
    retired_ = process;
    lost(end.reason, end.crash ? Loss::kCrash : Loss::kDismissal);
    const bool quarantined = phase_ == Phase::kQuarantined;
    lock.unlock();
    if (quarantined && options_.changed) options_.changed();
    lock.lock();
  }
}

// With the lock held: the process is gone, or could not be started.
void IsolatedProvider::lost(std::string reason, Loss loss) {
  const MonotonicTime now = options_.clock.monotonic();
  state_.pid = 0;
  last_failure_ = std::move(reason);
  if (loss == Loss::kCrash) ++state_.crashes;
  if (const std::optional<Duration> delay = delay_after(loss, now)) {
    due_ = now + *delay;
    phase_ = Phase::kWaiting;
    spdlog::log(loss == Loss::kDismissal ? spdlog::level::warn : spdlog::level::err,
                "plugin \"{}\": {}; {}", name(), last_failure_, what_follows(*delay));
  } else {
    phase_ = Phase::kQuarantined;
    due_ = now + options_.restart.quarantine;
    ++quarantines_;
    spdlog::error("plugin \"{}\" is in quarantine after {} crashes: {}", name(), state_.crashes,
                  last_failure_);
  }
  changed_.notify_all();
}

// With the lock held.
std::string IsolatedProvider::what_follows(Duration delay) const {
  if (stopping_ || options_.ending()) return "it was about to end, and is not started again";
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(delay);
  return "it is started again in " + std::to_string(milliseconds.count()) + " ms";
}

// Nothing: not before its quarantine is over.
std::optional<Duration> IsolatedProvider::delay_after(Loss loss, MonotonicTime now) {
  switch (loss) {
    case Loss::kCrash:
      return policy_.crashed(now);
    case Loss::kRefusal:
      return policy_.refused(now);
    case Loss::kDismissal:
      break;
  }
  return options_.restart.first_delay;
}

// May return early: whoever calls it looks again at what it waits for.
void IsolatedProvider::sleep_until_woken(int pidfd, std::optional<Duration> limit) {
  pollfd waits[2] = {{wake_.get(), POLLIN, 0}, {pidfd, POLLIN, 0}};
  ::poll(waits, 2, poll_milliseconds(limit));
  uint64_t count = 0;
  (void)!::read(wake_.get(), &count, sizeof(count));
}

PluginProcess::Options IsolatedProvider::process_options() {
  return {.program = options_.program,
          .plugin = name(),
          .service_threads = service_threads(file_.manifest),
          .services = *dispatcher_,
          .given_up = [this] { wake(); }};
}

// What a process was started with, as one word; one that was started with something else is of no
// use. The bytes of a file that nobody verified count as unchanged while its times and size do.
std::string IsolatedProvider::identity() const {
  Json told = terms();
  told["settings"] = settings_;
  told["secrets"] = services_->secrets_stamp();
  for (const std::string& path : plugin_files(file_)) told["files"].push_back(file_stamp(path));
  return hex_encode(sha256(dump_json(told)));
}

// The process that the program before has left; null where there is none, or it does not answer.
IsolatedProvider::ProcessPtr IsolatedProvider::adopt() {
  if (options_.handover == nullptr) return nullptr;
  identity_ = identity();
  std::optional<LeftProcess> left = options_.handover->take(name(), identity_);
  if (!left) return nullptr;
  const pid_t pid = left->pid;
  services_->know_secrets();  // before it says anything
  limit_notices_ = left->notices;
  auto adopted = PluginProcess::adopt(process_options(), *std::move(left));
  Result<void> met = adopted.ok() ? Result<void>() : adopted.error();
  if (met.ok()) met = meet_again(**adopted);
  if (met.ok()) {
    spdlog::info("plugin \"{}\" goes on in process {}", name(), pid);
    return *std::move(adopted);
  }
  spdlog::warn("plugin \"{}\": its process {} cannot go on and is started anew: {}", name(), pid,
               met.error().message);
  return nullptr;
}

// It was activated with the same settings.
Result<void> IsolatedProvider::meet_again(PluginProcess& process) {
  const Message greeting =
      TRY(process.call_within(options_.start_timeout, Method::kHello, hello(process.in_cgroup())));
  if (greeting.header.status != Code::kOk) return error_of(greeting, name());
  return greet(process, greeting, limit_notices_);
}

// Whether the process stays for the program that comes next.
bool IsolatedProvider::leave(PluginProcess& process) {
  Handover* const handover = options_.handover;
  if (handover == nullptr || !handover->under_way() || process.given_up()) return false;
  Result<LeftProcess> left = process.leave(options_.restart.grace);
  if (!left.ok()) {
    spdlog::warn("plugin \"{}\": its process is ended and will be started anew: {}", name(),
                 left.error().message);
    return false;
  }
  left->identity = identity_;
  left->notices = limit_notices_;
  handover->leave(*std::move(left));
  return true;
}

// Errors: kInternal where the process crashed, hung or broke the protocol (start_crashed_);
// otherwise what the plugin said, which may be any code.
Result<IsolatedProvider::ProcessPtr> IsolatedProvider::start() {
  if (ProcessPtr adopted = adopt()) return adopted;
  auto spawned = PluginProcess::spawn(process_options());
  if (!spawned.ok()) return std::move(spawned).error().with_context("plugin \"" + name() + "\"");
  ProcessPtr process = *std::move(spawned);
  start_crashed_ = false;
  const auto crashed = [&](const std::string& when) {
    start_crashed_ = true;
    process->terminate(options_.restart.grace);
    return Error::internal(file_.path + ": its process ended " + when + ": " +
                           process->reap().reason);
  };
  const auto unwanted = [this] {
    const std::scoped_lock lock(mutex_);
    return stopping_;
  };
  const bool in_cgroup = limit_by_cgroup(*process);
  Result<Message> greeting =
      process->call_within(options_.start_timeout, Method::kHello, hello(in_cgroup), 0, unwanted);
  if (!greeting.ok()) return crashed("when it was loaded");
  if (greeting->header.status != Code::kOk) return error_of(*greeting, name());
  start_crashed_ = true;  // until the program has said what is expected of it
  TRY(greet(*process, *greeting, limit_notices_));
  start_crashed_ = false;
  Result<Message> active = process->call_within(options_.activate_timeout, Method::kActivate,
                                                settings_, activation_, unwanted);
  if (!active.ok()) return crashed("when it was activated");
  if (active->header.status != Code::kOk) return error_of(*active, name());
  return process;
}

// Before it runs anything of the plugin's. False where there is no group for it.
bool IsolatedProvider::limit_by_cgroup(PluginProcess& process) {
  limit_notices_.clear();
  const PluginLimits& limits = options_.limits;
  if (limits.memory_bytes == 0 && limits.processes == 0) return false;
  const std::string name = "capstan-plugin-" + this->name() + "-" + std::to_string(process.pid());
  Result<Cgroup> group = Cgroup::make(options_.cgroups, name, limits);
  const Result<void> added = group.ok() ? group->add(process.pid()) : group.error();
  if (!added.ok()) {
    limit_notices_.push_back("limits of memory and processes are the kernel's simpler ones: " +
                             added.error().message);
    return false;
  }
  process.keep(*std::move(group));
  return true;
}

std::string IsolatedProvider::hello(bool in_cgroup) const {
  Json hello = terms();
  hello["nonce"] = nonce_;
  hello["cgroup"] = in_cgroup;
  return dump_json(hello);
}

// What every greeting of this host says.
Json IsolatedProvider::terms() const {
  Json terms = {
      {"protocol", kProtocolVersion},
      {"abi", {{"major", CAPSTAN_ABI_MAJOR}, {"minMinor", 0}, {"maxMinor", CAPSTAN_ABI_MINOR}}},
      {"parent", ::getpid()},
      {"services", dispatcher_->offered()},
      {"maxReply", options_.max_reply},
      {"sandbox", options_.sandbox},
      {"moreNeeds", {{"hosts", options_.more_needs.hosts}, {"paths", options_.more_needs.paths}}},
      {"limits", limits_json(options_.limits)}};
  terms.update(file_.to_json());
  return terms;
}

// What the process says of itself must fit what it was told.
Result<void> IsolatedProvider::greet(const PluginProcess& process, const Message& greeting,
                                     std::vector<std::string> notices) {
  const auto wrong = [&](const std::string& what) {
    return Error::internal(options_.program + " of plugin \"" + name() + "\" " + what);
  };
  const ProviderReply reply = TRY(decode_reply(greeting.body));
  const auto json = parse_json(reply.text);
  if (!json.ok()) return wrong("sent a greeting that is no JSON");
  if (get_int(*json, {"protocol"}) != kProtocolVersion) {
    return wrong("speaks another protocol; install it together with this program");
  }
  if (get_string(*json, {"nonce"}) != nonce_ || get_int(*json, {"pid"}) != process.pid()) {
    return wrong("is not the process that was started");
  }
  if (const Json* list = find(*json, {"notices"}); list != nullptr && list->is_array()) {
    for (const Json& notice : *list) {
      if (notice.is_string()) notices.push_back(notice.get<std::string>());
    }
  }
  const std::scoped_lock lock(mutex_);
  if (notices != state_.notices) {
    for (const std::string& notice : notices) spdlog::warn("plugin \"{}\": {}", name(), notice);
  }
  state_.notices = std::move(notices);
  return {};
}

}  // namespace capstan::isolation
