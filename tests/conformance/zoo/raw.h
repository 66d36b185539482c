// A reconcile function without the SDK's barrier and checks.
#pragma once

#include <cstring>

#include "zoo.h"

namespace zoo {

inline bool has(capstan_str text, const char* word) {
  return memmem(text.data, text.size, word, std::strlen(word)) != nullptr;
}
inline void put(const capstan_sink* sink, std::string_view text) {
  sink->write(sink->ctx, to_abi(text));
}
inline constexpr const char* kQuiet = "{}";

template <capstan_status (*kReconcile)(const capstan_call*, capstan_str, const capstan_sink*)>
class Raw {
 public:
  Status admit(Admission&) { return {}; }
  const void* extension(std::string_view id) {
    static constexpr capstan_reconcile kTable = {
        sizeof(kTable), [](void*, const capstan_call* call, capstan_str request,
                           const capstan_sink* reply) { return kReconcile(call, request, reply); }};
    return id == CAPSTAN_EXT_RECONCILE ? &kTable : nullptr;
  }
};

}  // namespace zoo
