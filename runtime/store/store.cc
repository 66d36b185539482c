#include "runtime/store/store.h"

namespace capstan {

Error events_expired(Revision after, Revision oldest) {
  return {Code::kExpired,
          "the events after resourceVersion " + std::to_string(after) +
              " are no longer kept (the oldest kept is " + std::to_string(oldest + 1) +
              "): list again and watch from the list's resourceVersion",
          {},
          {}};
}

Error commit_by_listener() {
  return Error::internal("commit() was called by a listener of the store; put it in a queue");
}

}  // namespace capstan
