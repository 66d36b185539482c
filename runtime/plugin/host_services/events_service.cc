#include "runtime/plugin/host_services/services_tables.h"

namespace capstan::services {
namespace {

void record(void* ctx, capstan_str text) {
  (void)guarded(ctx, CAPSTAN_EXT_EVENTS, [&]() -> capstan_status {
    const auto json = parse_json(view(text));
    if (!json.ok() || !json->is_object()) return CAPSTAN_INVALID;
    EventRecord event;
    event.regarding = {{GroupVersion::parse(get_string(*json, {"regarding", "apiVersion"})).group,
                        get_string(*json, {"regarding", "kind"})},
                       get_string(*json, {"regarding", "namespace"}),
                       get_string(*json, {"regarding", "name"})};
    event.uid = get_string(*json, {"regarding", "uid"});
    event.type = get_string(*json, {"type"}) == "Warning" ? "Warning" : "Normal";
    event.reason = get_string(*json, {"reason"});
    event.message = get_string(*json, {"message"});
    redactor_of(ctx).redact(event.reason);
    redactor_of(ctx).redact(event.message);
    if (event.regarding.name.empty() || event.reason.empty()) return CAPSTAN_INVALID;
    options_of(ctx).events(event);
    return CAPSTAN_OK;
  });
}

}  // namespace

const capstan_events kEvents = {sizeof(capstan_events), &record};

}  // namespace capstan::services
