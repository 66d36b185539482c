#include "runtime/server/trace_file.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/json.h"

namespace capstan {
namespace {

// OTLP's enumerations.
constexpr int kInternalSpan = 1;
constexpr int kStatusUnset = 0;
constexpr int kStatusError = 2;

Json attribute(const std::string& key, const std::string& value) {
  return {{"key", key}, {"value", {{"stringValue", value}}}};
}

// 64-bit numbers are texts in protobuf's JSON.
std::string nanos(Instant time) {
  return std::to_string(time.time_since_epoch().count());
}

}  // namespace

std::string otlp_json(const Span& span, const std::string& service_version) {
  Json attributes = Json::array();
  for (const auto& [key, value] : span.attributes) attributes.push_back(attribute(key, value));
  Json item = {{"traceId", span.context.trace_id},
               {"spanId", span.context.span_id},
               {"name", span.name},
               {"kind", kInternalSpan},
               {"startTimeUnixNano", nanos(span.begin)},
               {"endTimeUnixNano", nanos(span.end)},
               {"attributes", std::move(attributes)}};
  if (!span.parent_id.empty()) item["parentSpanId"] = span.parent_id;
  item["status"] = {{"code", span.status == Code::kOk ? kStatusUnset : kStatusError}};
  if (!span.message.empty()) item["status"]["message"] = span.message;
  const Json resource = {
      {"attributes", Json::array({attribute("service.name", "capstan"),
                                  attribute("service.version", service_version)})}};
  const Json scope = {{"scope", {{"name", "capstan"}}}, {"spans", Json::array({std::move(item)})}};
  return dump_json({{"resourceSpans", Json::array({{{"resource", resource},
                                                    {"scopeSpans", Json::array({scope})}}})}});
}

TraceFile::TraceFile(FileDescriptor file, std::string path, std::string version)
    : file_(std::move(file)), path_(std::move(path)), version_(std::move(version)) {}

Result<std::unique_ptr<TraceFile>> TraceFile::open(const std::string& path, std::string version) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) {
    return Error::failed_precondition("telemetry.traces: " + path + ": " + std::strerror(errno));
  }
  return std::unique_ptr<TraceFile>(new TraceFile(std::move(file), path, std::move(version)));
}

void TraceFile::record(const Span& span) {
  const std::string line = otlp_json(span, version_) + "\n";
  const ssize_t written = ::write(file_.get(), line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size()) || complained_.exchange(true)) return;
  spdlog::warn("telemetry.traces: {}: spans are lost: {}", path_,
               written < 0 ? std::strerror(errno) : "not written whole");
}

}  // namespace capstan
