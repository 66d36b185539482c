// Gives a status that is none of the ABI's.
#include "raw.h"

namespace zoo {

capstan_status reconcile(const capstan_call* call, capstan_str request, const capstan_sink* reply) {
  (void)call, (void)request, (void)reply;
  return 99;
}

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Raw<zoo::reconcile>)
