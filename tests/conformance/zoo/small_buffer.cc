// Copies a request into too small a buffer.
#include <cstdlib>

#include "raw.h"

namespace zoo {

capstan_status reconcile(const capstan_call* call, capstan_str request, const capstan_sink* reply) {
  (void)call, (void)request, (void)reply;
  static char buffer[1 << 20];
  if (request.size > sizeof(buffer)) std::abort();
  std::memcpy(buffer, request.data, request.size);
  put(reply, kQuiet);
  return CAPSTAN_OK;
}

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Raw<zoo::reconcile>)
