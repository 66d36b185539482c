// Aborts where the name is no text.
#include <cstdlib>

#include "raw.h"

namespace zoo {

capstan_status reconcile(const capstan_call* call, capstan_str request, const capstan_sink* reply) {
  (void)call, (void)request, (void)reply;
  const Json json = Json::parse(to_view(request), nullptr, false);
  const Json* name = json.is_object() ? find_at(json, "object/metadata/name") : nullptr;
  if (json.is_object() && (name == nullptr || !name->is_string())) std::abort();
  put(reply, kQuiet);
  return CAPSTAN_OK;
}

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Raw<zoo::reconcile>)
