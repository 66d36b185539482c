// The recent events that a watch can resume from. The bound is one for all kinds, the oldest goes
// first; each kind knows what it lost, so a kind that rarely changes stays resumable for long.
//
// Thread safety: none of its own; the watch cache's lock guards it.
#pragma once

#include <deque>
#include <unordered_map>
#include <vector>

#include "runtime/store/store.h"

namespace capstan {

class EventWindow {
 public:
  // At most `events` events whose objects' texts are at most `bytes` together.
  EventWindow(size_t events, size_t bytes) : max_events_(events), max_bytes_(bytes) {}

  // Events at and before `revision` were never here, for any kind.
  void start_at(Revision revision) { start_ = revision; }
  // `event` is newer than all that were appended before.
  void append(StoreEvent event);

  // Errors: kExpired where an event of this kind after `after` is no longer here.
  Result<std::vector<StoreEvent>> after(const GroupKind& kind, Revision after) const;

  void append_all(std::vector<ObjectPtr>& to) const;
  size_t size() const { return order_.size(); }

 private:
  struct KindEvents {
    std::deque<StoreEvent> events;
    Revision lost = 0;  // of the newest event of this kind that is no longer here
  };

  void drop_oldest();

  const size_t max_events_;
  const size_t max_bytes_;
  Revision start_ = 0;
  size_t bytes_ = 0;
  std::unordered_map<GroupKind, KindEvents> kinds_;  // its nodes do not move
  std::deque<KindEvents*> order_;                    // whose event is the oldest, and so on
};

}  // namespace capstan
