#include "runtime/store/event_window.h"

#include <algorithm>

namespace capstan {

void EventWindow::append(StoreEvent event) {
  KindEvents& kind = kinds_[event.object->key().kind];
  bytes_ += event.object->text().size();
  kind.events.push_back(std::move(event));
  order_.push_back(&kind);
  while (order_.size() > max_events_ || (bytes_ > max_bytes_ && order_.size() > 1)) drop_oldest();
}

void EventWindow::drop_oldest() {
  KindEvents& kind = *order_.front();
  order_.pop_front();
  kind.lost = kind.events.front().revision;
  bytes_ -= kind.events.front().object->text().size();
  kind.events.pop_front();
}

Result<std::vector<StoreEvent>> EventWindow::after(const GroupKind& kind, Revision after) const {
  const auto found = kinds_.find(kind);
  const Revision lost = found == kinds_.end() ? start_ : std::max(start_, found->second.lost);
  if (after < lost) return events_expired(after, lost);
  if (found == kinds_.end()) return std::vector<StoreEvent>();
  const std::deque<StoreEvent>& events = found->second.events;
  const auto first = std::upper_bound(
      events.begin(), events.end(), after,
      [](Revision revision, const StoreEvent& event) { return revision < event.revision; });
  return std::vector<StoreEvent>(first, events.end());
}

void EventWindow::append_all(std::vector<ObjectPtr>& to) const {
  for (const auto& [kind, recent] : kinds_) {
    for (const StoreEvent& event : recent.events) to.push_back(event.object);
  }
}

}  // namespace capstan
