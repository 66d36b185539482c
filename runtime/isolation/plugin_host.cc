#include "runtime/isolation/plugin_host.h"

#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include "runtime/isolation/confinement.h"
#include "runtime/isolation/connections.h"
#include "runtime/isolation/messages.h"
#include "runtime/isolation/plugin_files.h"
#include "runtime/isolation/poll_time.h"
#include "runtime/plugin/current_call.h"
#include "runtime/plugin/manifest_tool.h"
#include "runtime/telemetry/trace.h"
#include "sdk/include/capstan/abi.h"

namespace capstan::isolation {
namespace {

// More than the host ever has under way: one thread must be left for its next message.
constexpr size_t kMaxThreads = 1024;
// How long a host that starts itself anew may take to come back: other plugins may be started
// before. One that is gone is noticed at once.
constexpr std::chrono::minutes kHostReturns{10};
// How long the plugin's own end may take where nobody came back.
constexpr std::chrono::seconds kEndsAlone{10};

CallServer::Answer success(std::string text = "") {
  ProviderReply reply;
  reply.text = std::move(text);
  return {Code::kOk, encode_reply(reply)};
}

CallServer::Answer failure(const Error& error) {
  ProviderReply reply;
  reply.diagnostics.push_back({false, error.message, "", "", error.retry_after, false, ""});
  return {error.code, encode_reply(reply)};
}

bool is_hello(const Result<Message>& message) {
  return message.ok() && message->header.type == FrameType::kCall &&
         message->header.method == Method::kHello;
}

// The greeting with the nonce of the host that asks.
CallServer::Answer greet_back(Json greeting, const Message& hello) {
  const Result<Json> json = parse_json(hello.body);
  if (!json.ok()) return failure(json.error());
  greeting["nonce"] = get_string(*json, {"nonce"});
  return success(dump_json(greeting));
}

// Nobody would end this process if it hung in its last steps, whatever the plugin does about
// signals.
void end_alone() {
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  ::signal(SIGALRM, SIG_DFL);
  ::pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr);
  ::alarm(static_cast<unsigned>(kEndsAlone.count()));
}

void send_answer(Channel& channel, const Message& call, const CallServer::Answer& answer) {
  FrameHeader header = call.header;
  header.type = FrameType::kReply;
  header.flags = 0;
  header.status = answer.status;
  (void)channel.send(header, answer.body);
}

}  // namespace

PluginHost::PluginHost(Fd calls, Fd services, Fd direct, Fd control)
    : calls_(std::make_unique<Calls>(std::move(calls), std::move(direct))),
      line_(std::move(services)),
      control_(std::move(control)) {}

PluginHost::~PluginHost() = default;

int PluginHost::run() {
  const Result<Message> hello = calls_->pooled.receive();
  if (!is_hello(hello)) {
    spdlog::error("this program is started by capstan for a plugin, not by hand");
    return 2;
  }
  Result<Json> greeting = greet(*hello);
  if (!greeting.ok()) {
    send_answer(calls_->pooled, *hello, failure(greeting.error()));
    return 1;
  }
  greeting_ = *std::move(greeting);
  send_answer(calls_->pooled, *hello, greet_back(greeting_, *hello));
  serve();
  while (detached_ && wait_for_host()) serve();
  if (detached_) end_alone();
  line_.close();
  provider_.reset();
  return 0;
}

// Until the connections are closed.
void PluginHost::serve() {
  CallServer::Options options;
  options.answer = [this](const Message& message, const std::atomic<bool>& cancelled) {
    return answer(message, cancelled);
  };
  options.max_threads = kMaxThreads;
  options.direct = &calls_->direct;
  CallServer server(calls_->pooled, std::move(options));
  server.join();
}

// By the thread that asked the kernel to end it with its host: the thread that started it ends
// before the process of the host does.
bool PluginHost::wait_for_host() {
  ::prctl(PR_SET_PDEATHSIG, 0);
  const char ready = 0;
  if (::send(control_.get(), &ready, 1, MSG_NOSIGNAL) != 1) return false;
  if (!wait_readable(control_.get(), kHostReturns)) return false;
  Result<std::array<Fd, kConnections>> sockets = receive_connections(control_);
  if (!sockets.ok()) return false;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (get_int(greeting_, {"parent"}) != ::getppid()) return false;
  calls_ = std::make_unique<Calls>(std::move((*sockets)[0]), std::move((*sockets)[2]));
  const Result<Message> hello = calls_->pooled.receive();
  if (!is_hello(hello)) return false;
  detached_ = false;
  line_.connect(std::move((*sockets)[1]),
                [this](CallClient& host) { services_->define_metrics_again(host); });
  send_answer(calls_->pooled, *hello, greet_back(greeting_, *hello));
  return true;
}

Result<Json> PluginHost::greet(const Message& hello) {
  const Json json = TRY(parse_json(hello.body));
  if (get_int(json, {"protocol"}) != kProtocolVersion) {
    return Error::failed_precondition(
        "capstan-plugin-host speaks another protocol; install it together with capstan");
  }
  // The host may have ended before this process asked to end with it.
  if (get_int(json, {"parent"}) != ::getppid()) return Error::unavailable("the host is gone");
  const PluginFile file = TRY(PluginFile::from_json(json));
  Confinement confinement = TRY(confinement_from_json(json));
  confinement.plugin_files = plugin_files(file);
  confinement.needs = file.manifest.needs;
  const std::vector<std::string> notices = TRY(confine_this_process(confinement));
  TRY(load(file, json));
  const uint32_t minor = TRY(negotiate_abi(file.manifest.abi_major, file.manifest.abi_min_minor,
                                           file.manifest.abi_max_minor));
  return Json{{"protocol", kProtocolVersion},
              {"abi",
               {{"major", file.manifest.abi_major},
                {"minMinor", file.manifest.abi_min_minor},
                {"maxMinor", file.manifest.abi_max_minor}}},
              {"minor", minor},
              {"pid", ::getpid()},
              {"parent", ::getppid()},
              {"features", {"memfd"}},
              {"notices", notices}};
}

Result<void> PluginHost::load(const PluginFile& file, const Json& hello) {
  std::set<std::string> offered;
  for (const Json& id : hello.value("services", Json::array())) {
    if (id.is_string()) offered.insert(id.get<std::string>());
  }
  NativeProviderOptions options;
  options.measure = false;  // the host measures
  options.max_reply = static_cast<size_t>(
      std::clamp<int64_t>(get_int(hello, {"maxReply"}), 1024, int64_t{kMaxBody} / 2));
  auto services = std::make_unique<RemoteServices>(line_, std::move(offered));
  services_ = services.get();
  provider_ = TRY(NativeProvider::load(file, std::move(services), options));
  return {};
}

CallServer::Answer PluginHost::answer(const Message& message, const std::atomic<bool>& cancelled) {
  const ServiceLine::InCall in_call;
  switch (message.header.method) {
    case Method::kActivate: {
      const CurrentCall current(message.header.attempt);
      const auto settings = parse_json(message.body);
      if (!settings.ok()) return failure(settings.error());
      const Result<void> active = provider_->activate(*settings);
      return active.ok() ? success() : failure(active.error());
    }
    case Method::kDeactivate:
      provider_->deactivate();
      return success();
    case Method::kDetach:
      return detach();
    case Method::kReconcile:
    case Method::kAdmit:
      return work(message, cancelled);
    default:
      return failure(Error{Code::kUnimplemented, "the plugin's process has no such call", {}, {}});
  }
}

CallServer::Answer PluginHost::detach() {
  if (!control_.valid()) {
    return failure(Error{Code::kUnimplemented, "it has no control socket", {}, {}});
  }
  line_.interrupt();
  detached_ = true;
  return success();
}

CallServer::Answer PluginHost::work(const Message& message, const std::atomic<bool>& cancelled) {
  const Result<WorkCall> work = decode_work(message.body);
  if (!work.ok()) return failure(work.error());
  ProviderCall call;
  call.attempt = message.header.attempt;
  call.deadline = MonotonicTime(Duration(message.header.deadline_ns));
  call.key = work->key;
  call.trace_id = work->trace_id;
  const TraceScope trace(TraceContext{std::string(work->trace_id), ""});  // for what it logs
  call.cancelled = &cancelled;
  const CurrentCall current(work->current);
  const ProviderReply reply = message.header.method == Method::kReconcile
                                  ? provider_->reconcile(call, work->text)
                                  : provider_->admit(call, work->text, work->second);
  return {reply.status, encode_reply(reply)};
}

}  // namespace capstan::isolation
