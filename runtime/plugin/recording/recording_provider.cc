#include "runtime/plugin/recording/recording_provider.h"

#include <string>
#include <utility>

#include "runtime/plugin/host_calls/host_call_tables.h"
#include "runtime/plugin/host_calls/table_caller.h"

namespace capstan {
namespace {

class RecordingHandler final : public HostCallHandler {
 public:
  RecordingHandler(std::unique_ptr<HostTable> host, std::shared_ptr<Recorder> recorder)
      : inner_(std::move(host)), recorder_(std::move(recorder)) {}

  bool offers(std::string_view service) override { return inner_.offers(service); }
  void redact(std::string& text) { inner_.redact(text); }
  HostAnswer call(const HostCall& call) override {
    HostAnswer answer = inner_.call(call);
    recorder_->host_call(call, answer);
    return answer;
  }

 private:
  TableCaller inner_;
  const std::shared_ptr<Recorder> recorder_;
};

class RecordingHost final : public HostTable {
 public:
  explicit RecordingHost(std::shared_ptr<RecordingHandler> handler)
      : handler_(handler), tables_(std::move(handler)) {}

  const capstan_host* table(uint32_t abi_minor) override { return tables_.table(abi_minor); }
  void redact(std::string& text) override { handler_->redact(text); }

 private:
  const std::shared_ptr<RecordingHandler> handler_;
  HostCallTables tables_;
};

Json json_or_text(std::string_view text) {
  auto parsed = parse_json(text);
  return parsed.ok() ? *std::move(parsed) : Json(std::string(text));
}

Json call_json(const ProviderCall& call) {
  return {{"attempt", call.attempt},
          {"key", std::string(call.key)},
          {"cancelled", call.cancelled != nullptr && call.cancelled->load()}};
}

}  // namespace

std::unique_ptr<HostTable> recording_host(std::unique_ptr<HostTable> host,
                                          std::shared_ptr<Recorder> recorder) {
  return std::make_unique<RecordingHost>(
      std::make_shared<RecordingHandler>(std::move(host), std::move(recorder)));
}

Result<std::unique_ptr<Provider>> make_recorded(const std::string& path, const Manifest& manifest,
                                                std::unique_ptr<HostTable> host,
                                                const ProviderMaker& make) {
  auto recorder = TRY(Recorder::open(path, manifest));
  auto inner = TRY(make(recording_host(std::move(host), recorder)));
  return std::unique_ptr<Provider>(
      std::make_unique<RecordingProvider>(std::move(inner), std::move(recorder)));
}

Result<void> RecordingProvider::activate(const Json& settings) {
  const uint64_t id = recorder_->begin("activate", {{"settings", settings}});
  const CurrentCall current(id);
  auto result = inner_->activate(settings);
  ProviderReply reply;
  reply.status = result.code();
  if (!result.ok()) reply.diagnostics.push_back({false, result.error().message, "", "", {}, false});
  recorder_->end(id, reply);
  return result;
}

void RecordingProvider::deactivate() {
  const uint64_t id = recorder_->begin("deactivate", Json::object());
  const CurrentCall current(id);
  inner_->deactivate();
  recorder_->end(id, {});
}

std::string RecordingProvider::end() {
  const uint64_t id = recorder_->begin("deactivate", Json::object());
  const CurrentCall current(id);
  std::string pinned = inner_->end();
  recorder_->end(id, {});
  return pinned;
}

ProviderReply RecordingProvider::reconcile(const ProviderCall& call, std::string_view request) {
  Json arguments = call_json(call);
  arguments["request"] = json_or_text(request);
  const uint64_t id = recorder_->begin("reconcile", std::move(arguments));
  const CurrentCall current(id);
  ProviderReply reply = inner_->reconcile(call, request);
  recorder_->end(id, reply);
  return reply;
}

ProviderReply RecordingProvider::admit(const ProviderCall& call, std::string_view object,
                                       std::string_view old) {
  Json arguments = call_json(call);
  arguments["object"] = json_or_text(object);
  arguments["old"] = old.empty() ? Json() : json_or_text(old);
  const uint64_t id = recorder_->begin("admit", std::move(arguments));
  const CurrentCall current(id);
  ProviderReply reply = inner_->admit(call, object, old);
  recorder_->end(id, reply);
  return reply;
}

}  // namespace capstan
