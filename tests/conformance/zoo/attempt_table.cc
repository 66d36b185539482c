// Looks an attempt up in a table of eight.
#include <cstdlib>

#include "raw.h"

namespace zoo {

capstan_status reconcile(const capstan_call* call, capstan_str request, const capstan_sink* reply) {
  (void)call, (void)request, (void)reply;
  static const int kDelays[8] = {1, 2, 4, 8, 16, 32, 64, 128};
  if (call->attempt >= 8) std::abort();
  put(reply, kDelays[call->attempt] > 0 ? kQuiet : "");
  return CAPSTAN_OK;
}

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Raw<zoo::reconcile>)
