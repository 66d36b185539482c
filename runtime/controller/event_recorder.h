// Makes core/v1 Events of what reconcilers report, the way Kubernetes' own recorder does: the same
// report again raises the count of the Event that is there, and an object that reports too much is
// silenced for a while.
//
// Thread safety: record() from any thread.
// Lifetime: the service, clock and random outlive the recorder.
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "runtime/controller/reconciler.h"
#include "runtime/resource/resource_service.h"

namespace capstan {

struct EventRecorderOptions {
  size_t remembered = 4096;  // reports and objects that are remembered
  // Per object and controller: this many Events at once, and then one every `refill`.
  int burst = 25;
  Duration refill = std::chrono::minutes(5);
};

class EventRecorder {
 public:
  EventRecorder(ResourceService& resources, Clock& clock, Random& random,
                EventRecorderOptions options = {});

  // Writes the Event, or raises its count. A failure is logged: Events are best effort.
  void record(const EventRecord& event, const std::string& controller);

 private:
  struct Seen {
    std::string identity;
    std::string name;  // of the Event object
    int64_t count = 0;
    double tokens = 0;
    MonotonicTime tokens_at{};
  };

  Seen& remember(const std::string& identity);
  bool admit(const std::string& source, MonotonicTime now);
  Result<ObjectPtr> create(const EventRecord& event, const std::string& controller,
                           const std::string& name, const KindPtr& kind);
  Result<ObjectPtr> raise(const EventRecord& event, const std::string& name, int64_t count,
                          const KindPtr& kind);

  ResourceService& resources_;
  Clock& clock_;
  Random& random_;
  const EventRecorderOptions options_;
  std::mutex mutex_;
  std::list<Seen> recent_;  // most recent first
  std::unordered_map<std::string, std::list<Seen>::iterator> seen_;
};

}  // namespace capstan
