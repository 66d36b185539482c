// Spans as lines of a file, each an ExportTraceServiceRequest of OTLP in JSON, as OpenTelemetry's
// file exporter writes them and its collector reads them (otlpjsonfile). The file grows; whoever
// rotates it truncates it in place.
//
// Thread safety: record() from any thread; a line is written whole.
//
// Example:
//   const auto file = TRY(TraceFile::open("/var/log/capstan/traces.jsonl", "0.1.0"));
//   const Tracer tracer{clock, random, file.get()};
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "runtime/system/file_descriptor.h"
#include "runtime/telemetry/trace.h"

namespace capstan {

// One span as such a line, without its end.
std::string otlp_json(const Span& span, const std::string& service_version);

class TraceFile final : public SpanSink {
 public:
  // Appends. Errors: the file cannot be opened.
  static Result<std::unique_ptr<TraceFile>> open(const std::string& path, std::string version);

  // A line that cannot be written is lost; the first one is logged.
  void record(const Span& span) override;

 private:
  TraceFile(FileDescriptor file, std::string path, std::string version);

  const FileDescriptor file_;
  const std::string path_;
  const std::string version_;
  std::atomic<bool> complained_{false};
};

}  // namespace capstan
