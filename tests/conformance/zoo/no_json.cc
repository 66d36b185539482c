// Replies what is no JSON.
#include "raw.h"

namespace zoo {

capstan_status reconcile(const capstan_call* call, capstan_str request, const capstan_sink* reply) {
  (void)call, (void)request, (void)reply;
  put(reply, "{\"patch\": oops");
  return CAPSTAN_OK;
}

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Raw<zoo::reconcile>)
