#include "runtime/plugin/host_services/services_tables.h"

namespace capstan::services {
namespace {

int64_t unix_nanos(void* ctx) {
  return options_of(ctx).clock.now().time_since_epoch().count();
}
int64_t monotonic_nanos(void* ctx) {
  return options_of(ctx).clock.monotonic().time_since_epoch().count();
}

}  // namespace

const capstan_clock kClock = {sizeof(capstan_clock), &unix_nanos, &monotonic_nanos};

}  // namespace capstan::services
