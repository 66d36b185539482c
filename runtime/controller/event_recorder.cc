#include "runtime/controller/event_recorder.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>

namespace capstan {
namespace {

const GroupKind kEvent{"", "Event"};

std::string namespace_of(const EventRecord& event) {
  return event.regarding.ns.empty() ? "default" : event.regarding.ns;
}

}  // namespace

EventRecorder::EventRecorder(ResourceService& resources, Clock& clock, Random& random,
                             EventRecorderOptions options)
    : resources_(resources), clock_(clock), random_(random), options_(options) {}

// The entry for an identity, moved to the front; the longest unused one goes when there are too
// many.
EventRecorder::Seen& EventRecorder::remember(const std::string& identity) {
  if (const auto found = seen_.find(identity); found != seen_.end()) {
    recent_.splice(recent_.begin(), recent_, found->second);
    return recent_.front();
  }
  recent_.push_front({identity, "", 0, static_cast<double>(options_.burst), clock_.monotonic()});
  seen_[identity] = recent_.begin();
  if (recent_.size() > options_.remembered) {
    seen_.erase(recent_.back().identity);
    recent_.pop_back();
  }
  return recent_.front();
}

bool EventRecorder::admit(const std::string& source, MonotonicTime now) {
  Seen& seen = remember(source);
  const double gained = static_cast<double>((now - seen.tokens_at).count()) /
                        static_cast<double>(options_.refill.count());
  seen.tokens = std::min<double>(options_.burst, seen.tokens + gained);
  seen.tokens_at = now;
  if (seen.tokens < 1) return false;
  seen.tokens -= 1;
  return true;
}

void EventRecorder::record(const EventRecord& event, const std::string& controller) {
  const KindPtr kind = resources_.kinds().find(kEvent);
  if (kind == nullptr) return;
  std::string name;
  int64_t count = 0;
  {
    const std::scoped_lock lock(mutex_);
    const std::string source = controller + "\n" + event.regarding.text() + "\n" + event.uid;
    if (!admit(source, clock_.monotonic())) return;
    Seen& seen = remember(source + "\n" + event.type + "\n" + event.reason + "\n" + event.message);
    if (seen.name.empty()) {
      char suffix[20];
      std::snprintf(suffix, sizeof suffix, ".%016llx",
                    static_cast<unsigned long long>(random_.next()));
      seen.name = event.regarding.name + suffix;
    }
    name = seen.name;
    count = ++seen.count;
  }
  auto written =
      count > 1 ? raise(event, name, count, kind) : create(event, controller, name, kind);
  if (count > 1 && written.code() == Code::kNotFound) {
    written = create(event, controller, name, kind);  // it was older than its time to live
  }
  if (!written.ok()) {
    spdlog::debug("event {} of {} was not written: {}", event.reason, event.regarding.text(),
                  written.error().message);
  }
}

Result<ObjectPtr> EventRecorder::create(const EventRecord& event, const std::string& controller,
                                        const std::string& name, const KindPtr& kind) {
  const std::string now = format_time(clock_.now());
  const KindPtr regarding = resources_.kinds().find(event.regarding.kind);
  const std::string ns = namespace_of(event);
  Json involved = {{"kind", event.regarding.kind.kind}, {"name", event.regarding.name}};
  if (regarding != nullptr) involved["apiVersion"] = regarding->api_version();
  if (!event.regarding.ns.empty()) involved["namespace"] = event.regarding.ns;
  if (!event.uid.empty()) involved["uid"] = event.uid;
  const Json body = {{"apiVersion", "v1"},
                     {"kind", "Event"},
                     {"metadata", {{"name", name}, {"namespace", ns}}},
                     {"involvedObject", std::move(involved)},
                     {"type", event.type},
                     {"reason", event.reason},
                     {"message", event.message.substr(0, 1024)},
                     {"source", {{"component", controller}}},
                     {"reportingComponent", controller},
                     {"reportingInstance", "capstan"},
                     {"firstTimestamp", now},
                     {"lastTimestamp", now},
                     {"count", 1}};
  return resources_.create({kind, "", ns, name}, body, {});
}

Result<ObjectPtr> EventRecorder::raise(const EventRecord& event, const std::string& name,
                                       int64_t count, const KindPtr& kind) {
  const Json patch = {{"count", count}, {"lastTimestamp", format_time(clock_.now())}};
  return resources_.patch({kind, "", namespace_of(event), name}, PatchType::kMerge, patch, {});
}

}  // namespace capstan
