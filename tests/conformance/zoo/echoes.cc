// Gives back bytes as they came, UTF-8 or not.
#include "raw.h"

namespace zoo {

capstan_status reconcile(const capstan_call* call, capstan_str request, const capstan_sink* reply) {
  (void)call, (void)request, (void)reply;
  const size_t at = to_view(request).find("\"text\":\"");
  if (at == std::string_view::npos) {
    put(reply, kQuiet);
    return CAPSTAN_OK;
  }
  put(reply, "{\"patch\":{\"metadata\":{\"annotations\":{\"echo\":\"");
  put(reply, to_view(request).substr(at + 8, 1));
  put(reply, "\"}}}}");
  return CAPSTAN_OK;
}

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Raw<zoo::reconcile>)
