#include "runtime/plugin/host_services/services_tables.h"

namespace capstan::services {
namespace {

void wake(void* ctx, capstan_str api_version, capstan_str kind, capstan_str ns, capstan_str name) {
  (void)guarded(ctx, CAPSTAN_EXT_WAKE, [&]() -> capstan_status {
    options_of(ctx).wake(
        {{GroupVersion::parse(view(api_version)).group, string(kind)}, string(ns), string(name)});
    return CAPSTAN_OK;
  });
}

}  // namespace

const capstan_wake kWake = {sizeof(capstan_wake), &wake};

}  // namespace capstan::services
