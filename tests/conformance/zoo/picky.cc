// Takes the object to be an object.
#include <cstdlib>

#include "raw.h"

namespace zoo {

capstan_status reconcile(const capstan_call* call, capstan_str request, const capstan_sink* reply) {
  (void)call, (void)request, (void)reply;
  const Json json = Json::parse(to_view(request), nullptr, false);
  if (json.is_object() && json.contains("object") && !json["object"].is_object()) std::abort();
  put(reply, kQuiet);
  return CAPSTAN_OK;
}

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Raw<zoo::reconcile>)
