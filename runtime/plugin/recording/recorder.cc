#include "runtime/plugin/recording/recorder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sdk/include/capstan/ext/services.h"

namespace capstan {
namespace {

// Text that is JSON is kept as JSON, so that a recording can be read and its secrets found.
Json text_json(const std::string& text) {
  auto parsed = parse_json(text);
  return parsed.ok() && parsed->is_structured() ? *std::move(parsed) : Json(text);
}
std::string json_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.is_null() ? "" : dump_json(value);
}

Json to_json(const std::vector<ProviderDiagnostic>& diagnostics) {
  Json out = Json::array();
  for (const ProviderDiagnostic& d : diagnostics) {
    Json item = {{"summary", d.summary}};
    if (d.warning) item["warning"] = true;
    if (!d.detail.empty()) item["detail"] = d.detail;
    if (!d.field.empty()) item["field"] = d.field;
    if (d.retry_after) item["retryAfterMs"] = d.retry_after->count();
    if (d.terminal) item["terminal"] = true;
    out.push_back(std::move(item));
  }
  return out;
}

std::vector<ProviderDiagnostic> diagnostics_from(const Json& list) {
  std::vector<ProviderDiagnostic> out;
  if (!list.is_array()) return out;
  for (const Json& item : list) {
    ProviderDiagnostic d{get_bool(item, {"warning"}),
                         get_string(item, {"summary"}),
                         get_string(item, {"detail"}),
                         get_string(item, {"field"}),
                         {},
                         get_bool(item, {"terminal"})};
    if (item.contains("retryAfterMs")) {
      d.retry_after = std::chrono::milliseconds(get_int(item, {"retryAfterMs"}));
    }
    out.push_back(std::move(d));
  }
  return out;
}

}  // namespace

Json to_json(const ProviderReply& reply) {
  return {{"status", static_cast<int>(reply.status)},
          {"reply", text_json(reply.text)},
          {"diagnostics", to_json(reply.diagnostics)}};
}

ProviderReply reply_from_json(const Json& json) {
  ProviderReply reply;
  reply.status = static_cast<Code>(get_int(json, {"status"}));
  reply.text = json_text(json.value("reply", Json()));
  reply.diagnostics = diagnostics_from(json.value("diagnostics", Json::array()));
  return reply;
}

Json to_json(const HostAnswer& answer) {
  Json out = {{"status", static_cast<int>(answer.status)}};
  if (!answer.text.empty()) out["text"] = text_json(answer.text);
  if (answer.number != 0) out["number"] = answer.number;
  if (!answer.diagnostics.empty()) out["diagnostics"] = to_json(answer.diagnostics);
  return out;
}

HostAnswer answer_from_json(const Json& json) {
  HostAnswer answer;
  answer.status = static_cast<Code>(get_int(json, {"status"}));
  answer.text = json_text(json.value("text", Json()));
  answer.number = get_int(json, {"number"});
  answer.diagnostics = diagnostics_from(json.value("diagnostics", Json::array()));
  return answer;
}

Result<std::shared_ptr<Recorder>> Recorder::open(const std::string& path,
                                                 const Manifest& manifest) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  std::FILE* file = fd < 0 ? nullptr : ::fdopen(fd, "w");
  if (file == nullptr) {
    const std::string why = std::strerror(errno);
    if (fd >= 0) ::close(fd);
    return Error{Code::kPermissionDenied, "cannot record to " + path + ": " + why, {}, {}};
  }
  ::fchmod(fd, 0600);
  std::shared_ptr<Recorder> recorder(new Recorder(file));
  recorder->write(
      {{"line", "plugin"}, {"format", 1}, {"name", manifest.name}, {"version", manifest.version}});
  return recorder;
}

Recorder::~Recorder() {
  if (file_ != nullptr) std::fclose(file_);
}

void Recorder::write(const Json& line) {
  const std::string text = dump_json(line) + "\n";
  const std::lock_guard lock(mutex_);
  if (file_ == nullptr) return;
  // A line at a time: what was recorded before a crash is there.
  if (std::fwrite(text.data(), 1, text.size(), file_) == text.size() && std::fflush(file_) == 0) {
    return;
  }
  std::fclose(file_);
  file_ = nullptr;
}

uint64_t Recorder::begin(const char* function, Json arguments) {
  const uint64_t id = ++last_id_;
  redactor_.learn_from(arguments);
  arguments = redactor_.redact(arguments);
  arguments["line"] = "call";
  arguments["id"] = id;
  arguments["function"] = function;
  write(arguments);
  return id;
}

void Recorder::end(uint64_t id, const ProviderReply& reply) {
  Json line = to_json(reply);
  redactor_.learn_from(line);
  line = redactor_.redact(line);
  line["line"] = "return";
  line["id"] = id;
  write(line);
}

void Recorder::host_call(const HostCall& call, const HostAnswer& answer) {
  if (call.service == CAPSTAN_EXT_SECRETS) redactor_.learn(answer.text);
  Json line = {{"arguments", call.arguments}, {"answer", to_json(answer)}};
  redactor_.learn_from(line);
  line = redactor_.redact(line);
  line["line"] = "host";
  line["call"] = CurrentCall::id();
  line["service"] = call.service;
  line["function"] = call.function;
  write(line);
}

}  // namespace capstan
