// One open watch: takes events from the cache on the store's writer, and encodes them on the event
// loop when the client is ready for more. What a client does not read in time is bounded; beyond
// that the watch is cut, and the client lists again.
//
// Thread safety: as HttpBodySource; the cache's callback runs on any thread.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>

#include "runtime/api/http.h"
#include "runtime/api/list_request.h"
#include "runtime/api/object_encoder.h"

namespace capstan {

struct WatchLimits {
  size_t queued_events = 30'000;
  size_t queued_bytes = 128ULL << 20;  // of events since the watch began
  Duration bookmark_every = std::chrono::seconds(60);
  Duration timeout = std::chrono::minutes(30);  // where the client names none
};

class WatchSource final : public HttpBodySource {
 public:
  // Lists what the request wants to see first and subscribes to what comes after.
  // Errors: kExpired.
  static Result<std::shared_ptr<WatchSource>> start(WatchCache& cache, Clock& clock,
                                                    const GroupKind& stored_kind, std::string ns,
                                                    ListRequest request, ObjectEncoder encoder,
                                                    const WatchLimits& limits);

  void open(std::function<void()> wake) override;
  State read(std::string& out) override;
  std::optional<Duration> wait_limit() override;
  bool overflowed() const override { return overflowed_.load(); }
  void drain() override { drained_ = true; }
  void closed() override;

 private:
  WatchSource(WatchCache& cache, Clock& clock, std::string ns, ListRequest request,
              ObjectEncoder encoder, const WatchLimits& limits);
  Result<void> subscribe(const GroupKind& stored_kind);
  void take(const StoreEvent& event);
  std::deque<StoreEvent> take_queue();
  bool write_initial(std::string& out);
  void write_event(const StoreEvent& event, std::string& out);
  void write_line(const char* type, const ObjectPtr& object, std::string& out);
  void write_bookmark(Revision revision, bool initial_events_end, std::string& out);
  bool in_scope(const ObjectPtr& object) const;

  WatchCache& cache_;
  Clock& clock_;
  const std::string ns_;
  const ListRequest request_;
  const ObjectEncoder encoder_;
  const WatchLimits limits_;

  // On the event loop, once opened.
  std::vector<ObjectPtr> initial_;
  size_t next_initial_ = 0;
  bool initial_end_due_ = false;
  Revision initial_revision_ = 0;
  std::deque<StoreEvent> pending_;
  bool first_ = true;
  bool drained_ = false;
  MonotonicTime deadline_;
  MonotonicTime next_bookmark_;
  Revision last_sent_ = 0;
  Revision sampled_ = 0;  // the cache's revision one bookmark ago: all up to it has arrived

  mutable std::mutex mutex_;
  std::deque<StoreEvent> queue_;
  size_t queued_bytes_ = 0;
  std::function<void()> wake_;
  std::atomic<bool> overflowed_{false};
  std::unique_ptr<WatchHandle> handle_;  // ends first
};

}  // namespace capstan
