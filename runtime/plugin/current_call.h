// Which call of a plugin runs on this thread, so that what the plugin asks the host meanwhile can
// be told to belong to it: by a recording, and across the boundary of a plugin's process.
//
// Thread safety: of each thread its own.
//
// Example:
//   const CurrentCall current(id);
//   provider.reconcile(call, request);   // host calls on this thread see CurrentCall::id() == id
#pragma once

#include <cstdint>

namespace capstan {

class CurrentCall {
 public:
  explicit CurrentCall(uint64_t id) : before_(id_) { id_ = id; }
  ~CurrentCall() { id_ = before_; }
  CurrentCall(const CurrentCall&) = delete;
  // 0: none.
  static uint64_t id() { return id_; }

 private:
  static inline thread_local uint64_t id_ = 0;
  uint64_t before_;
};

}  // namespace capstan
