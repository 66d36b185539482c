// Calls of host services, given as values, made through another host's tables: what stands behind a
// handler that only looks on (a recorder) or changes one call in a hundred.
//
// Thread safety: as the tables. Lifetime: the host outlives it.
#pragma once

#include <memory>

#include "runtime/plugin/host_calls/host_call.h"
#include "runtime/plugin/host_services/host_services.h"

namespace capstan {

class TableCaller final : public HostCallHandler {
 public:
  explicit TableCaller(std::unique_ptr<HostTable> host);

  bool offers(std::string_view service) override;
  // kUnimplemented where the host has no such function.
  HostAnswer call(const HostCall& call) override;
  void redact(std::string& text) { host_->redact(text); }

 private:
  std::unique_ptr<HostTable> host_;
  const capstan_host* table_;
};

}  // namespace capstan
