#include "runtime/isolation/isolated_provider.h"

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <utility>

#include "runtime/isolation/messages.h"
#include "runtime/plugin/current_call.h"
#include "runtime/system/process_usage.h"

namespace capstan::isolation {
namespace {

constexpr std::chrono::milliseconds kSoon{1000};
constexpr std::chrono::minutes kQuarantineRetry{5};
constexpr std::chrono::seconds kBriefAbsence{10};
constexpr std::chrono::milliseconds kLookAgain{500};  // unless `changed` is earlier

ProviderReply failure(Code code, std::string summary, std::string detail,
                      std::chrono::milliseconds retry, const char* reason) {
  ProviderReply reply;
  reply.status = code;
  reply.diagnostics.push_back(
      {false, std::move(summary), std::move(detail), "", retry, false, reason});
  return reply;
}

// Whether a call is to end, and what becomes of a process in which it does not.
class CallLimit {
 public:
  CallLimit(const ProviderCall& call, std::string name, PluginProcess& process,
            const IsolationOptions& options)
      : call_(call), name_(std::move(name)), process_(process), options_(options) {}

  bool reached() {
    const MonotonicTime now = options_.clock.monotonic();
    if (!late_ && call_.deadline != MonotonicTime{} && now >= call_.deadline) late_ = now;
    if (!cancelled_ && call_.cancelled != nullptr && *call_.cancelled) cancelled_ = now;
    if (late_ && now - *late_ >= options_.restart.grace) {
      process_.give_up("it did not return from " + name_ + " within its deadline and " +
                       format_age(options_.restart.grace) + " of grace");
    }
    if (cancelled_ && now - *cancelled_ >= patience()) {
      process_.dismiss("it did not return from " + name_ + " within " + format_age(patience()) +
                       " of being told to give up");
    }
    return late_ || cancelled_;
  }

 private:
  Duration patience() const {
    const Duration grace = options_.restart.grace;
    return options_.ending() ? grace : std::max(grace, options_.patience);
  }

  const ProviderCall& call_;
  const std::string name_;
  PluginProcess& process_;
  const IsolationOptions& options_;
  std::optional<MonotonicTime> late_;       // seen to be past its deadline
  std::optional<MonotonicTime> cancelled_;  // seen to be
};

}  // namespace

IsolatedProvider::IsolatedProvider(PluginFile file, std::unique_ptr<HostTable> services,
                                   IsolationOptions options)
    : file_(std::move(file)),
      services_(std::move(services)),
      options_(std::move(options)),
      nonce_(options_.random.uuid()),
      policy_(options_.restart, options_.random),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  state_.isolation = options_.sandbox ? "sandbox" : "process";
}

IsolatedProvider::~IsolatedProvider() {
  deactivate();
}

Result<void> IsolatedProvider::activate(const Json& settings) {
  const auto minor = negotiate_abi(file_.manifest.abi_major, file_.manifest.abi_min_minor,
                                   file_.manifest.abi_max_minor);
  if (!minor.ok()) return minor.error();
  dispatcher_ = std::make_unique<ServiceDispatcher>(services_->table(*minor));
  std::unique_lock lock(mutex_);
  settings_ = dump_json(settings);
  activation_ = CurrentCall::id();
  phase_ = Phase::kStarting;
  state_.crashes = state_.restarts = 0;
  last_failure_.clear();
  first_start_.reset();
  stopping_ = false;
  policy_.forget();
  supervisor_ = std::thread([this] { supervise(); });
  changed_.wait(lock, [this] { return phase_ != Phase::kStarting; });
  if (phase_ == Phase::kRunning) return {};
  lock.unlock();
  supervisor_.join();
  return *first_start_;
}

void IsolatedProvider::deactivate() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake();
  if (supervisor_.joinable()) supervisor_.join();
}

ProviderReply IsolatedProvider::reconcile(const ProviderCall& call, std::string_view request) {
  return work(Method::kReconcile, call,
              encode_work({call.key, call.trace_id, request, "", CurrentCall::id()}));
}

ProviderReply IsolatedProvider::admit(const ProviderCall& call, std::string_view object,
                                      std::string_view old) {
  if (admissions_.fetch_add(1) >= options_.max_admissions) {
    admissions_.fetch_sub(1);
    return failure(Code::kUnavailable, "plugin \"" + name() + "\" checks other writes just now",
                   "Write again a little later", kSoon, kPluginUnavailable);
  }
  ProviderReply reply = work(
      Method::kAdmit, call, encode_work({call.key, call.trace_id, object, old, CurrentCall::id()}));
  admissions_.fetch_sub(1);
  return reply;
}

ProviderReply IsolatedProvider::work(Method method, const ProviderCall& call,
                                     const std::string& body) {
  const MonotonicTime begin = options_.clock.monotonic();
  in_flight_.fetch_add(1, std::memory_order_relaxed);
  ProcessPtr process;
  {
    const std::scoped_lock lock(mutex_);
    process = process_;
  }
  ProviderReply reply;
  if (process == nullptr || process->given_up()) {
    reply = unavailable(nullptr);
  } else {
    Result<ProviderReply> result = exchange(*process, method, call, body);
    reply = result.ok() ? *std::move(result) : unavailable(process);
  }
  const std::chrono::duration<double> seconds = options_.clock.monotonic() - begin;
  counter_.count(reply.status, seconds.count());
  in_flight_.fetch_sub(1, std::memory_order_relaxed);
  for (ProviderDiagnostic& diagnostic : reply.diagnostics) {
    services_->redact(diagnostic.summary);
    services_->redact(diagnostic.detail);
  }
  return reply;
}

Result<ProviderReply> IsolatedProvider::exchange(PluginProcess& process, Method method,
                                                 const ProviderCall& call,
                                                 const std::string& body) {
  CallLimit limit(call, method == Method::kAdmit ? "admit" : "reconcile", process, options_);
  Result<Message> answer =
      process.calls().call({.method = method,
                            .body = body,
                            .deadline_ns = call.deadline.time_since_epoch().count(),
                            .attempt = call.attempt,
                            .cancelled = [&] { return limit.reached(); },
                            .give_up = [&] { return limit.reached() && process.given_up(); }});
  if (answer.code() == Code::kResourceExhausted) {  // too large to be sent: the process is well
    return failure(answer.code(), answer.error().message, "", kSoon, "");
  }
  if (!answer.ok()) {
    process.give_up(answer.error().message);
    return answer.error();
  }
  Result<ProviderReply> reply = decode_reply(answer->body);
  if (!reply.ok()) {
    process.give_up(reply.error().message);
    return reply.error();
  }
  reply->status = answer->header.status;
  return reply;
}

// What is said of a call that could not be made, or whose process ended.
ProviderReply IsolatedProvider::unavailable(const ProcessPtr& lost) {
  std::unique_lock lock(mutex_);
  // Until it is known why, and the process is gone: the object may be called for again then.
  changed_.wait(lock, [&] { return lost == nullptr || process_ != lost; });
  const std::string plugin = "plugin \"" + name() + "\"";
  const std::string what = lost == nullptr
                               ? plugin + " does not run"
                               : plugin + ": its process ended during the call: " + last_failure_;
  switch (phase_) {
    case Phase::kQuarantined:
      return failure(
          Code::kUnavailable,
          plugin + " is in quarantine: its process ended too often, last: " + last_failure_,
          "Correct or replace it; `capstan plugin unquarantine " + name() + "` starts it again",
          kQuarantineRetry, kPluginQuarantined);
    case Phase::kWaiting: {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(
          std::max(Duration::zero(), due_ - options_.clock.monotonic()));
      return failure(Code::kUnavailable, lost == nullptr ? what + ": " + last_failure_ : what,
                     options_.ending()
                         ? "Everything ends, so it is not started again"
                         : "It is started again in " + std::to_string(left.count()) + " ms",
                     left + std::chrono::milliseconds(100), kPluginUnavailable);
    }
    case Phase::kStopped:
      return failure(Code::kUnavailable, plugin + " is not active", "", kSoon, kPluginUnavailable);
    default:
      return failure(Code::kUnavailable, what, "It is being started", kSoon, kPluginUnavailable);
  }
}

ProviderStatistics IsolatedProvider::statistics() const {
  ProviderStatistics out;
  counter_.tell(out);
  out.in_flight = in_flight_.load(std::memory_order_relaxed);
  int64_t pid = 0;
  {
    const std::scoped_lock lock(mutex_);
    pid = state_.pid;
    out.restarts = state_.restarts;
    out.crashes = state_.crashes;
    out.quarantines = quarantines_;
    out.cpu_seconds = past_cpu_seconds_;
  }
  if (pid == 0) return out;
  // It may be gone by now.
  const auto usage = read_process_usage(static_cast<pid_t>(pid));
  if (!usage.ok()) return out;
  out.cpu_seconds += usage->cpu_seconds;
  out.resident_bytes = usage->resident_bytes;
  return out;
}

ProviderState IsolatedProvider::state() const {
  const std::scoped_lock lock(mutex_);
  ProviderState state = state_;
  switch (phase_) {
    case Phase::kRunning:
      break;
    case Phase::kStarting:
    case Phase::kWaiting:
      state.name = "Restarting";
      state.message = last_failure_;
      if (phase_ == Phase::kWaiting) {
        state.retry_in = std::max(Duration::zero(), due_ - options_.clock.monotonic());
      }
      break;
    case Phase::kQuarantined:
      state.name = "Quarantined";
      if (options_.restart.quarantine > Duration::zero()) {
        state.retry_in = std::max(Duration::zero(), due_ - options_.clock.monotonic());
      }
      state.message = "its process ended " + std::to_string(state.crashes) +
                      " times, last: " + last_failure_ +
                      "; correct or replace it, then `capstan plugin unquarantine " + name() + "`";
      break;
    case Phase::kStopped:
      state.name = "Stopped";
      state.message = last_failure_;
      break;
  }
  return state;
}

std::optional<Duration> IsolatedProvider::away() const {
  const std::scoped_lock lock(mutex_);
  const MonotonicTime now = options_.clock.monotonic();
  switch (phase_) {
    case Phase::kRunning:
      if (const auto since = process_->given_up_since(); since && now - *since < kBriefAbsence) {
        return kLookAgain;  // it is being ended
      }
      return {};
    case Phase::kStarting:
      if (now - away_since_ < kBriefAbsence) return kLookAgain;
      return {};
    case Phase::kWaiting:
      if (std::max(now, due_) - away_since_ >= kBriefAbsence || options_.ending()) return {};
      return std::max(Duration::zero(), due_ - now) + kLookAgain;
    case Phase::kQuarantined:
    case Phase::kStopped:
      return {};
  }
  return {};
}

bool IsolatedProvider::unquarantine() {
  {
    const std::scoped_lock lock(mutex_);
    if (phase_ != Phase::kQuarantined) return false;
    leave_quarantine();
  }
  wake();
  return true;
}

void IsolatedProvider::wake() {
  const uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof(one));
}

}  // namespace capstan::isolation
