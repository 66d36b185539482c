#include "runtime/plugin/host_services/services_tables.h"

namespace capstan::services {
namespace {

capstan_status run(void* ctx, capstan_str request, const capstan_sink* out,
                   const capstan_diagnostics* diagnostics) {
  return guarded(ctx, CAPSTAN_EXT_PKI, [&]() -> capstan_status {
    const auto json = parse_json(view(request));
    if (!json.ok()) return refuse(json.error(), diagnostics);
    const auto reply = options_of(ctx).pki(*json);
    if (!reply.ok()) return refuse(reply.error(), diagnostics);
    std::string text = dump_json(*reply);
    write(out, text);
    wipe(text);  // it has private keys
    return CAPSTAN_OK;
  });
}

}  // namespace

const capstan_pki kPki = {sizeof(capstan_pki), &run};

}  // namespace capstan::services
