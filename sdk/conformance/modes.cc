#include "sdk/conformance/modes.h"

#include <mutex>
#include <utility>

#include "runtime/base/random.h"
#include "runtime/base/text.h"
#include "runtime/isolation/host_program.h"
#include "runtime/plugin/native_provider.h"

namespace capstan::conformance {
namespace {

using isolation::IsolatedProvider;
using std::chrono::milliseconds;

// A call may take as long to end itself (call-cancel, call-deadline) in every mode.
constexpr auto kGrace = std::chrono::seconds(2);
constexpr const char* kEnded = "its process ended ";

class CrashLog {
 public:
  void add(std::string what) {
    const std::scoped_lock lock(mutex_);
    crashes_.push_back(std::move(what));
  }
  // "plugin \"zoo\": its process ended during the call: signal 11": what is behind "call: ".
  void add_from(const std::string& text) {
    const size_t ended = text.find(kEnded);
    if (ended == std::string::npos) return;
    const size_t colon = text.find(": ", ended);
    add(colon == std::string::npos ? text.substr(ended) : text.substr(colon + 2));
  }
  std::vector<std::string> all() const {
    const std::scoped_lock lock(mutex_);
    return crashes_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> crashes_;
};

CrashLog& crash_log() {
  static CrashLog log;
  return log;
}

// Notes the ends of the plugin's process. In this process a crash needs no notes.
class WatchedProvider final : public Provider {
 public:
  explicit WatchedProvider(std::unique_ptr<IsolatedProvider> inner) : inner_(std::move(inner)) {}

  const Manifest& manifest() const override { return inner_->manifest(); }
  const std::string& origin() const override { return inner_->origin(); }
  Result<void> activate(const Json& settings) override {
    auto active = inner_->activate(settings);
    if (!active.ok()) crash_log().add_from(active.error().message);
    return active;
  }
  void deactivate() override {
    const uint64_t before = inner_->state().crashes;
    inner_->deactivate();
    const ProviderState after = inner_->state();
    if (after.crashes > before) crash_log().add("at deactivate: " + after.message);
  }
  ProviderReply reconcile(const ProviderCall& call, std::string_view request) override {
    return watched(inner_->reconcile(call, request));
  }
  ProviderReply admit(const ProviderCall& call, std::string_view object,
                      std::string_view old) override {
    return watched(inner_->admit(call, object, old));
  }
  ProviderStatistics statistics() const override { return inner_->statistics(); }
  ProviderState state() const override { return inner_->state(); }

 private:
  static ProviderReply watched(ProviderReply reply) {
    if (reply.status == Code::kUnavailable && !reply.diagnostics.empty()) {
      crash_log().add_from(reply.diagnostics.front().summary);
    }
    return reply;
  }

  const std::unique_ptr<IsolatedProvider> inner_;
};

}  // namespace

const char* mode_name(Mode mode) {
  switch (mode) {
    case Mode::kInProcess:
      return "in-process";
    case Mode::kProcess:
      return "process";
    case Mode::kSandbox:
      return "sandbox";
  }
  return "";
}

std::vector<Mode> all_modes() {
  return {Mode::kInProcess, Mode::kProcess, Mode::kSandbox};
}

Result<Mode> parse_mode(const std::string& name) {
  std::vector<std::string> known;
  for (const Mode mode : all_modes()) {
    if (name == mode_name(mode)) return mode;
    known.emplace_back(mode_name(mode));
  }
  return Error::invalid("there is no mode \"" + name + "\"; there are: " + join(known, ", "));
}

Result<std::unique_ptr<IsolatedProvider>> make_isolated(const Subject& subject,
                                                        std::unique_ptr<HostTable> host,
                                                        PluginLimits limits, Duration grace) {
  static SystemClock clock;
  static SystemRandom random;
  isolation::IsolationOptions options{.clock = clock, .random = random};
  options.program = TRY(isolation::plugin_host_program());
  options.sandbox = subject.mode == Mode::kSandbox;
  options.limits = limits;
  options.restart.grace = grace;
  // A case has no time to wait for it.
  options.restart.first_delay = milliseconds(10);
  options.restart.longest_delay = milliseconds(200);
  // The author's fake stands for what the manifest needs.
  options.more_needs = subject.config.world_needs;
  for (std::string& path : options.more_needs.paths) path = in_world(path, subject.world);
  options.more_needs.paths.push_back(subject.world);
  return std::make_unique<IsolatedProvider>(subject.file, std::move(host), std::move(options));
}

Result<std::unique_ptr<Provider>> make_provider(const Subject& subject,
                                                std::unique_ptr<HostTable> host) {
  if (subject.isolated()) {
    return std::unique_ptr<Provider>(std::make_unique<WatchedProvider>(
        TRY(make_isolated(subject, std::move(host), {}, kGrace))));
  }
  return std::unique_ptr<Provider>(TRY(NativeProvider::load(subject.file, std::move(host))));
}

std::vector<std::string> crashes_seen() {
  return crash_log().all();
}

}  // namespace capstan::conformance
