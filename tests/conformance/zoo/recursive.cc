// Goes into depth without a limit.
#include "raw.h"

namespace zoo {

capstan_status reconcile(const capstan_call* call, capstan_str request, const capstan_sink* reply) {
  (void)call, (void)request, (void)reply;
  struct Walk {
    static size_t down(std::string_view text, size_t at) {
      volatile char frame[512];
      frame[0] = 0;
      if (at >= text.size() || text[at] != 0x5b) return at;
      return down(text, at + 1) + static_cast<size_t>(frame[0]);
    }
  };
  const size_t start = to_view(request).find("[[[");
  if (start != std::string_view::npos && Walk::down(to_view(request), start) == 0) return 99;
  put(reply, kQuiet);
  return CAPSTAN_OK;
}

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Raw<zoo::reconcile>)
