// Writes down every call that crosses a plugin's ABI, in both directions, as lines of JSON:
//
//   {"line":"plugin","format":1,"name":"hello","version":"0.1.0"}
//   {"line":"call","id":1,"function":"activate","settings":{...}}
//   {"line":"host","call":1,"service":"capstan.log/1","function":"write","arguments":{...},
//    "answer":{...}}
//   {"line":"return","id":1,"status":"ok","diagnostics":[]}
//   {"line":"call","id":2,"function":"reconcile","attempt":0,"key":"...","request":{...}}
//
// A call of the host belongs to the plugin's call that runs on the same thread (current_call.h), of
// a plugin in a process of its own to that on the thread there; 0 where none does. Secrets are
// redacted before anything is written (redactor.h). A recording that cannot be written any more
// (disk full) ends; the plugin goes on.
//
// Thread safety: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

#include "runtime/plugin/current_call.h"
#include "runtime/plugin/host_calls/host_call.h"
#include "runtime/plugin/plugin_file.h"
#include "runtime/plugin/recording/redactor.h"

namespace capstan {

// Settings, reconcile and admit calls, as they are recorded and replayed.
Json to_json(const ProviderReply& reply);
ProviderReply reply_from_json(const Json& json);
Json to_json(const HostAnswer& answer);
HostAnswer answer_from_json(const Json& json);

class Recorder {
 public:
  // Makes the file anew, readable by its owner only. Errors: kPermissionDenied with the path.
  static Result<std::shared_ptr<Recorder>> open(const std::string& path, const Manifest& manifest);
  ~Recorder();

  // The call's id.
  uint64_t begin(const char* function, Json arguments);
  void end(uint64_t id, const ProviderReply& reply);
  void host_call(const HostCall& call, const HostAnswer& answer);

 private:
  explicit Recorder(std::FILE* file) : file_(file) {}
  void write(const Json& line);

  Redactor redactor_;
  std::atomic<uint64_t> last_id_{0};
  std::mutex mutex_;
  std::FILE* file_;
};

}  // namespace capstan
