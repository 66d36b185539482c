#include "runtime/isolation/plugin_host.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "runtime/isolation/confinement.h"
#include "runtime/isolation/messages.h"
#include "runtime/plugin/current_call.h"
#include "runtime/plugin/manifest_tool.h"
#include "runtime/telemetry/trace.h"
#include "sdk/include/capstan/abi.h"

namespace capstan::isolation {
namespace {

// More than the host ever has under way: one thread must be left for its next message.
constexpr size_t kMaxThreads = 1024;

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

// What the sandbox lets it read: for a folder also the SDK of its language, and the environment
// with its requirements, which may be beside the folder.
std::vector<std::string> files_of(const PluginFile& file) {
  std::vector<std::string> files = {file.path, file.library};
  if (!file.is_folder()) return files;
  for (std::string& sdk : installed_folders("share/capstan-sdk/python")) {
    files.push_back(std::move(sdk));
  }
  const auto manifest = parse_json(file.manifest_text);
  const std::string venv = manifest.ok() ? get_string(*manifest, {"python", "venv"}) : "";
  if (!venv.empty()) files.push_back((std::filesystem::path(file.path) / venv).string());
  return files;
}

void send_answer(Channel& channel, const Message& call, const CallServer::Answer& answer) {
  FrameHeader header = call.header;
  header.type = FrameType::kReply;
  header.flags = 0;
  header.status = answer.status;
  (void)channel.send(header, answer.body);
}

}  // namespace

PluginHost::PluginHost(Fd calls, Fd services, Fd direct)
    : call_channel_(std::move(calls)),
      service_channel_(std::move(services)),
      direct_channel_(std::move(direct)),
      services_(service_channel_) {}

PluginHost::~PluginHost() = default;

int PluginHost::run() {
  const Result<Message> hello = call_channel_.receive();
  if (!hello.ok() || hello->header.type != FrameType::kCall ||
      hello->header.method != Method::kHello) {
    spdlog::error("this program is started by capstan for a plugin, not by hand");
    return 2;
  }
  Result<std::string> greeting = greet(*hello);
  send_answer(call_channel_, *hello,
              greeting.ok() ? success(*std::move(greeting)) : failure(greeting.error()));
  if (!greeting.ok()) return 1;
  CallServer::Options options;
  options.answer = [this](const Message& message, const std::atomic<bool>& cancelled) {
    return answer(message, cancelled);
  };
  options.max_threads = kMaxThreads;
  options.direct = &direct_channel_;
  CallServer server(call_channel_, std::move(options));
  server.join();
  provider_.reset();
  return 0;
}

Result<std::string> PluginHost::greet(const Message& hello) {
  const Json json = TRY(parse_json(hello.body));
  if (get_int(json, {"protocol"}) != kProtocolVersion) {
    return Error::failed_precondition(
        "capstan-plugin-host speaks another protocol; install it together with capstan");
  }
  // The host may have ended before this process asked to end with it.
  if (get_int(json, {"parent"}) != ::getppid()) return Error::unavailable("the host is gone");
  const PluginFile file = TRY(PluginFile::from_json(json));
  Confinement confinement = TRY(confinement_from_json(json));
  confinement.plugin_files = files_of(file);
  confinement.needs = file.manifest.needs;
  const std::vector<std::string> notices = TRY(confine_this_process(confinement));
  TRY(load(file, json));
  const uint32_t minor = TRY(negotiate_abi(file.manifest.abi_major, file.manifest.abi_min_minor,
                                           file.manifest.abi_max_minor));
  return dump_json({{"protocol", kProtocolVersion},
                    {"abi",
                     {{"major", file.manifest.abi_major},
                      {"minMinor", file.manifest.abi_min_minor},
                      {"maxMinor", file.manifest.abi_max_minor}}},
                    {"minor", minor},
                    {"pid", ::getpid()},
                    {"nonce", get_string(json, {"nonce"})},
                    {"features", {"memfd"}},
                    {"notices", notices}});
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
  provider_ = TRY(NativeProvider::load(
      std::move(file), std::make_unique<RemoteServices>(services_, std::move(offered)), options));
  return {};
}

CallServer::Answer PluginHost::answer(const Message& message, const std::atomic<bool>& cancelled) {
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
    case Method::kReconcile:
    case Method::kAdmit:
      return work(message, cancelled);
    default:
      return failure(Error{Code::kUnimplemented, "the plugin's process has no such call", {}, {}});
  }
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
