#include "runtime/plugin/recording/replay.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <sstream>

#include "runtime/plugin/host_calls/host_call_tables.h"
#include "runtime/plugin/native_provider.h"
#include "runtime/plugin/recording/recorder.h"
#include "runtime/system/file.h"
#include "sdk/include/capstan/ext/services.h"

namespace capstan {
namespace {

constexpr size_t kShown = 200;

// Texts that hold JSON are compared as JSON.
Json normal(const Json& value) {
  if (value.is_string()) {
    auto inner = parse_json(value.get_ref<const std::string&>());
    return inner.ok() && inner->is_structured() ? *std::move(inner) : value;
  }
  if (!value.is_structured()) return value;
  Json out = value;
  for (Json& item : out) item = normal(item);
  return out;
}

std::string first_difference(const Json& recorded, const Json& seen) {
  for (const Json& change : Json::diff(recorded, seen)) {
    const std::string path = get_string(change, {"path"});
    const Json::json_pointer at(path);
    const auto shown = [&](const Json& from) {
      return from.contains(at) ? dump_json(from[at]).substr(0, kShown) : std::string("nothing");
    };
    return path + ": recorded " + shown(recorded) + ", now " + shown(seen);
  }
  return "";
}

bool is_compared(const std::string& service) {
  return service != CAPSTAN_EXT_LOG && service != CAPSTAN_EXT_METRICS &&
         service != CAPSTAN_EXT_CLOCK;
}

// Answers from the recording, each line once.
class ReplayHost final : public HostCallHandler {
 public:
  explicit ReplayHost(const Recording& recording) {
    for (const Json& line : recording.lines) {
      if (get_string(line, {"line"}) != "host") continue;
      Kept kept;
      kept.call = static_cast<uint64_t>(get_int(line, {"call"}));
      kept.service = get_string(line, {"service"});
      kept.function = get_string(line, {"function"});
      kept.arguments = normal(line.value("arguments", Json::object()));
      kept.answer = line.value("answer", Json::object());
      offered_[kept.service] = true;
      kept_.push_back(std::move(kept));
    }
  }

  // What was never asked is offered too where it needs no answer.
  bool offers(std::string_view service) override {
    return offered_.contains(std::string(service)) || !is_compared(std::string(service));
  }

  HostAnswer call(const HostCall& call) override {
    const std::lock_guard lock(mutex_);
    const Json arguments = normal(call.arguments);
    Kept* found = find(call, &arguments);
    if (found == nullptr && !is_compared(call.service)) found = find(call, nullptr);
    if (found == nullptr) return missing(call, arguments);
    found->used = true;
    last_[call.service + call.function] = found->answer;
    return answer_from_json(found->answer);
  }

  // The time of the call that follows, where the recording has no clock: a plugin in a process of
  // its own reads the machine's.
  void set_now(Instant now) { now_ = now.time_since_epoch().count(); }

  // What was asked otherwise, or was not asked in the call; "" where nothing.
  std::string difference(uint64_t id) const {
    if (!unasked_.empty()) return unasked_;
    for (const Kept& kept : kept_) {
      if (kept.call == id && !kept.used && is_compared(kept.service)) {
        return "recorded " + kept.service + " " + kept.function + " " +
               dump_json(kept.arguments).substr(0, kShown) + " was not asked for now";
      }
    }
    return "";
  }

 private:
  struct Kept {
    uint64_t call = 0;
    std::string service;
    std::string function;
    Json arguments;
    Json answer;
    bool used = false;
  };

  // In the same call first; calls from other threads are anybody's.
  Kept* find(const HostCall& call, const Json* arguments) {
    for (const uint64_t id : {CurrentCall::id(), uint64_t{0}}) {
      for (Kept& kept : kept_) {
        if (kept.used || kept.call != id || kept.service != call.service ||
            kept.function != call.function ||
            (arguments != nullptr && kept.arguments != *arguments)) {
          continue;
        }
        return &kept;
      }
    }
    return nullptr;
  }

  HostAnswer missing(const HostCall& call, const Json& arguments) {
    if (!is_compared(call.service)) {
      // Time stands still after the last recorded moment.
      const auto last = last_.find(call.service + call.function);
      if (last != last_.end()) return answer_from_json(last->second);
      const int64_t monotonic = SystemClock().monotonic().time_since_epoch().count();
      return {.number = call.function == "unix_nanos" ? now_.load() : monotonic};
    }
    if (unasked_.empty()) {
      unasked_ = "asks " + call.service + " " + call.function + " " +
                 dump_json(arguments).substr(0, kShown) + ", which was not recorded";
    }
    HostAnswer answer{.status = Code::kUnavailable};
    answer.diagnostics.push_back({false, "not in the recording", "", "", {}, false});
    return answer;
  }

  std::atomic<int64_t> now_{SystemClock().now().time_since_epoch().count()};
  std::mutex mutex_;
  std::vector<Kept> kept_;
  std::map<std::string, bool> offered_;
  std::map<std::string, Json> last_;
  std::string unasked_;
};

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.is_null() ? "" : dump_json(value);
}

ProviderReply make_call(Provider& provider, const Json& line) {
  static const std::atomic<bool> kCancelled{true};
  const std::string function = get_string(line, {"function"});
  const std::string key = get_string(line, {"key"});
  ProviderCall call;
  call.attempt = static_cast<uint32_t>(get_int(line, {"attempt"}));
  call.key = key;
  call.deadline = SystemClock().monotonic() + std::chrono::minutes(1);
  if (get_bool(line, {"cancelled"})) call.cancelled = &kCancelled;
  if (function == "reconcile") {
    return provider.reconcile(call, text_of(line.value("request", Json())));
  }
  if (function == "admit") {
    return provider.admit(call, text_of(line.value("object", Json())),
                          text_of(line.value("old", Json())));
  }
  ProviderReply reply;
  if (function == "deactivate") {
    provider.deactivate();
  } else {
    const auto activated = provider.activate(line.value("settings", Json::object()));
    reply.status = activated.code();
    if (!activated.ok()) {
      reply.diagnostics.push_back({false, activated.error().message, "", "", {}, false});
    }
  }
  return reply;
}

}  // namespace

Result<Recording> parse_recording(const std::string& text) {
  Recording recording;
  std::istringstream lines(text);
  size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty()) continue;
    auto json = parse_json(line);
    // What a crash cut off is the last line.
    if (!json.ok() && lines.peek() == std::char_traits<char>::eof()) break;
    if (!json.ok() || get_string(*json, {"line"}).empty()) {
      return Error::invalid("line " + std::to_string(number) + " is no line of a recording");
    }
    if (get_string(*json, {"line"}) != "plugin") {
      recording.lines.push_back(*std::move(json));
      continue;
    }
    if (get_int(*json, {"format"}) != 1) {
      return Error::invalid("the recording has format " +
                            std::to_string(get_int(*json, {"format"})) + "; this program reads 1");
    }
    recording.plugin = get_string(*json, {"name"});
    recording.version = get_string(*json, {"version"});
  }
  if (recording.plugin.empty()) return Error::invalid("the recording does not name its plugin");
  return recording;
}

Result<Recording> read_recording(const std::string& path) {
  auto recording = parse_recording(TRY(read_file(path)));
  if (!recording.ok()) return std::move(recording).error().with_context(path);
  return recording;
}

Result<ReplayResult> replay(const Recording& recording, const PluginFile& file) {
  if (recording.plugin != file.manifest.name) {
    return Error::invalid("the recording is of plugin \"" + recording.plugin + "\", and " +
                          file.path + " is \"" + file.manifest.name + "\"");
  }
  std::map<int64_t, const Json*> returns;
  for (const Json& line : recording.lines) {
    if (get_string(line, {"line"}) == "return") returns[get_int(line, {"id"})] = &line;
  }
  const auto host = std::make_shared<ReplayHost>(recording);
  const auto provider = TRY(NativeProvider::load(file, std::make_unique<HostCallTables>(host)));
  ReplayResult result;
  for (const Json& line : recording.lines) {
    if (get_string(line, {"line"}) != "call") continue;
    const int64_t id = get_int(line, {"id"});
    const auto returned = returns.find(id);
    if (returned == returns.end()) continue;  // the recording ended in it
    const auto now = parse_time(get_string(line, {"request", "now"}));
    if (now.ok()) host->set_now(*now);
    ProviderReply reply;
    {
      const CurrentCall current(static_cast<uint64_t>(id));
      reply = make_call(*provider, line);
    }
    ++result.calls;
    Json expected = *returned->second;
    expected.erase("line");
    expected.erase("id");
    std::string difference = first_difference(normal(expected), normal(to_json(reply)));
    if (difference.empty()) difference = host->difference(static_cast<uint64_t>(id));
    if (difference.empty()) continue;
    result.difference =
        "call " + std::to_string(id) + " (" + get_string(line, {"function"}) + "): " + difference;
    break;
  }
  return result;
}

}  // namespace capstan
