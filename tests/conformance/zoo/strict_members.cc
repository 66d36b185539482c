// Refuses members that it does not know.
#include "raw.h"

namespace zoo {

capstan_status reconcile(const capstan_call* call, capstan_str request, const capstan_sink* reply) {
  (void)call, (void)request, (void)reply;
  put(reply, kQuiet);
  if (!has(request, "laterMember")) return CAPSTAN_OK;
  report(call->diagnostics, Error::invalid("unknown member"));
  return CAPSTAN_INVALID;
}

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Raw<zoo::reconcile>)
