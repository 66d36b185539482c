#include "runtime/plugin/host_services/host_services.h"

#include <cstring>
#include <utility>

#include "runtime/plugin/host_services/services_tables.h"

namespace capstan {

HostServices::HostServices(HostServicesOptions options) : options_(std::move(options)) {
  table_.struct_size = sizeof(table_);
  table_.abi_minor = CAPSTAN_ABI_MINOR;
  table_.ctx = this;
  table_.get_extension = &get_extension;
}

const capstan_host* HostServices::table(uint32_t abi_minor) {
  table_.abi_minor = abi_minor;
  return &table_;
}

const void* HostServices::get_extension(void* ctx, const char* id) {
  if (id == nullptr) return nullptr;
  const HostServicesOptions& options = services::options_of(ctx);
  const struct {
    const char* id;
    bool offered;
    const void* table;
  } offers[] = {
      {CAPSTAN_EXT_LOG, true, &services::kLog},
      {CAPSTAN_EXT_CLOCK, true, &services::kClock},
      {CAPSTAN_EXT_METRICS, options.metrics != nullptr, &services::kMetrics},
      {CAPSTAN_EXT_SECRETS, true, &services::kSecrets},
      {CAPSTAN_EXT_OBJECTS, options.objects != nullptr, &services::kObjects},
      {CAPSTAN_EXT_EVENTS, bool(options.events), &services::kEvents},
      {CAPSTAN_EXT_WAKE, bool(options.wake), &services::kWake},
      {CAPSTAN_EXT_WORKLOAD, options.workload != nullptr, &services::kWorkload},
      {CAPSTAN_EXT_PKI, bool(options.pki), &services::kPki},
  };
  for (const auto& offer : offers) {
    if (offer.offered && std::strcmp(id, offer.id) == 0) return offer.table;
  }
  return nullptr;
}

void wipe(std::string& text) {
  text.resize(text.capacity());
  explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace capstan
