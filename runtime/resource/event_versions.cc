#include "runtime/resource/event_versions.h"

namespace capstan {
namespace {

struct Renamed {
  const char* core;
  const char* group;  // in events.k8s.io/v1
};
constexpr Renamed kFields[] = {
    {"involvedObject", "regarding"},
    {"message", "note"},
    {"source", "deprecatedSource"},
    {"firstTimestamp", "deprecatedFirstTimestamp"},
    {"lastTimestamp", "deprecatedLastTimestamp"},
    {"count", "deprecatedCount"},
    {"reportingComponent", "reportingController"},
};

void rename(Json& event, const char* from, const char* to) {
  const auto member = event.find(from);
  if (member == event.end()) return;
  Json value = std::move(*member);
  event.erase(from);
  event[to] = std::move(value);
}

}  // namespace

Json event_to_core(Json event) {
  for (const Renamed& field : kFields) rename(event, field.group, field.core);
  event["apiVersion"] = "v1";
  return event;
}

Json event_from_core(Json event) {
  for (const Renamed& field : kFields) rename(event, field.core, field.group);
  event["apiVersion"] = "events.k8s.io/v1";
  return event;
}

}  // namespace capstan
