// A call of a host service as a value, and who answers it. What the tables of ext/services.h do
// with pointers and sinks is here a service, a function, named arguments and an answer, so that
// calls can be recorded, replayed, counted and made to fail without knowing any service.
//
// Thread safety: values; a handler is called from any thread.
//
// Example:
//   class Refusing final : public HostCallHandler {
//     bool offers(std::string_view) override { return true; }
//     HostAnswer call(const HostCall&) override { return {.status = Code::kUnavailable}; }
//   };
//   HostCallTables host(std::make_shared<Refusing>());
//   auto provider = NativeProvider::load(file, std::make_unique<HostCallTables>(handler));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/plugin/provider_port.h"

namespace capstan {

struct HostCall {
  std::string service;   // "capstan.objects/1"
  std::string function;  // "get"
  // By name: texts as they came; numbers for levels, types, handles and values.
  Json arguments = Json::object();
};

struct HostAnswer {
  Code status = Code::kOk;  // kOk for functions without a status
  std::string text = {};    // what is written to the sink
  int64_t number = 0;       // a metric's handle, a time
  std::vector<ProviderDiagnostic> diagnostics = {};
};

class HostCallHandler {
 public:
  virtual ~HostCallHandler() = default;
  // Whether the host has the extension.
  virtual bool offers(std::string_view service) = 0;
  virtual HostAnswer call(const HostCall& call) = 0;
};

}  // namespace capstan
