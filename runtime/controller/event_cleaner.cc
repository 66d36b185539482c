#include "runtime/controller/event_cleaner.h"

#include <algorithm>

namespace capstan {
namespace {

const GroupKind kEvent{"", "Event"};
constexpr size_t kMaxDeletions = 1000;  // per round

// RFC 3339 in UTC, so times compare as text.
std::string last_seen(const Object& event) {
  const JsonPtr tree = event.tree();
  for (const auto& path : {std::string_view("lastTimestamp"), std::string_view("eventTime")}) {
    std::string time = get_string(*tree, {path});
    if (!time.empty()) return time;
  }
  return event.meta().creation_timestamp;
}

}  // namespace

Result<Outcome> EventCleaner::reconcile(const ObjectKey&, const ReconcileContext& context) {
  Outcome outcome;
  outcome.requeue_after = options_.interval;
  const std::string limit = format_time(context.clock.now() - options_.time_to_live);
  std::vector<std::pair<std::string, ObjectPtr>> events;
  for (const ObjectPtr& event : context.objects.list(kEvent).items) {
    events.emplace_back(last_seen(*event), event);
  }
  std::sort(events.begin(), events.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  const size_t surplus = events.size() > options_.keep ? events.size() - options_.keep : 0;
  for (size_t i = 0; i < events.size(); ++i) {
    if (i >= surplus && events[i].first >= limit) break;
    if (outcome.changes.size() == kMaxDeletions) {
      outcome.requeue_after = std::chrono::seconds(1);
      break;
    }
    const Object& event = *events[i].second;
    outcome.changes.push_back(
        {.op = Change::Op::kDelete, .key = event.key(), .uid = event.meta().uid});
  }
  return outcome;
}

ControllerOptions event_cleaner(EventCleanerOptions options) {
  return {.reconciler = std::make_shared<EventCleaner>(options),
          .watches = {},
          .concurrency = 1,
          .start_keys = {{kEvent, "", "expired"}}};
}

}  // namespace capstan
