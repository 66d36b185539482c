// Deletes Events that are older than an hour, and the oldest of too many.
//
// Thread safety: as Reconciler says.
#pragma once

#include "runtime/controller/reconciler.h"

namespace capstan {

struct EventCleanerOptions {
  Duration time_to_live = std::chrono::hours(1);  // since the Event last happened
  size_t keep = 20'000;
  Duration interval = std::chrono::minutes(5);
};

class EventCleaner final : public Reconciler {
 public:
  explicit EventCleaner(EventCleanerOptions options = {}) : options_(options) {}

  std::string name() const override { return "event-cleaner"; }
  Result<Outcome> reconcile(const ObjectKey& key, const ReconcileContext& context) override;

 private:
  const EventCleanerOptions options_;
};

ControllerOptions event_cleaner(EventCleanerOptions options = {});

}  // namespace capstan
