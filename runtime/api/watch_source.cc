#include "runtime/api/watch_source.h"

#include "runtime/api/status.h"

namespace capstan {
namespace {

constexpr size_t kReadBytes = 64 * 1024;

}  // namespace

WatchSource::WatchSource(WatchCache& cache, Clock& clock, std::string ns, ListRequest request,
                         ObjectEncoder encoder, const WatchLimits& limits)
    : cache_(cache),
      clock_(clock),
      ns_(std::move(ns)),
      request_(std::move(request)),
      encoder_(std::move(encoder)),
      limits_(limits),
      deadline_(clock.monotonic() + request_.timeout.value_or(limits.timeout)),
      next_bookmark_(clock.monotonic() + limits.bookmark_every) {}

Result<std::shared_ptr<WatchSource>> WatchSource::start(WatchCache& cache, Clock& clock,
                                                        const GroupKind& stored_kind,
                                                        std::string ns, ListRequest request,
                                                        ObjectEncoder encoder,
                                                        const WatchLimits& limits) {
  const std::shared_ptr<WatchSource> source(
      new WatchSource(cache, clock, std::move(ns), std::move(request), std::move(encoder), limits));
  TRY(source->subscribe(stored_kind));
  return source;
}

Result<void> WatchSource::subscribe(const GroupKind& stored_kind) {
  const bool from_now = !request_.revision || *request_.revision == 0;
  Revision after = request_.revision.value_or(0);
  if (from_now || request_.send_initial_events) {
    ListOptions options;
    options.ns = ns_;
    ListResult listed = cache_.list(stored_kind, options);
    initial_ = std::move(listed.items);
    after = initial_revision_ = listed.revision;
    initial_end_due_ = request_.send_initial_events;
  }
  last_sent_ = after;
  handle_ = TRY(cache_.watch(stored_kind, after, [this](const StoreEvent& event) { take(event); }));
  return {};
}

bool WatchSource::in_scope(const ObjectPtr& object) const {
  return object != nullptr && (ns_.empty() || object->meta().ns == ns_) &&
         request_.matches(*object);
}

// On the store's writer.
void WatchSource::take(const StoreEvent& event) {
  if (!in_scope(event.object) && !in_scope(event.previous)) return;
  std::function<void()> wake;
  {
    const std::scoped_lock lock(mutex_);
    if (overflowed_) return;
    queued_bytes_ += event.object->text().size();
    queue_.push_back(event);
    if (queue_.size() > limits_.queued_events || queued_bytes_ > limits_.queued_bytes) {
      overflowed_ = true;
      queue_.clear();
    } else if (queue_.size() > 1) {
      return;  // was woken for the first of them
    }
    wake = wake_;
  }
  if (wake) wake();
}

void WatchSource::open(std::function<void()> wake) {
  const std::scoped_lock lock(mutex_);
  wake_ = std::move(wake);
}

void WatchSource::closed() {
  handle_.reset();
  const std::scoped_lock lock(mutex_);
  wake_ = nullptr;
}

std::deque<StoreEvent> WatchSource::take_queue() {
  const std::scoped_lock lock(mutex_);
  queued_bytes_ = 0;
  return std::exchange(queue_, {});
}

// False where there is more than fits into one read.
bool WatchSource::write_initial(std::string& out) {
  while (next_initial_ < initial_.size()) {
    if (out.size() >= kReadBytes) return false;
    const ObjectPtr& object = initial_[next_initial_++];
    if (in_scope(object)) write_line("ADDED", object, out);
  }
  initial_ = {};
  next_initial_ = 0;
  if (std::exchange(initial_end_due_, false) && request_.bookmarks) {
    write_bookmark(initial_revision_, true, out);
  }
  return true;
}

HttpBodySource::State WatchSource::read(std::string& out) {
  if (overflowed_) return State::kAbort;
  if (drained_) return State::kEnd;
  if (!write_initial(out)) return State::kOpen;
  while (out.size() < kReadBytes) {
    if (pending_.empty()) pending_ = take_queue();
    if (pending_.empty()) break;
    write_event(pending_.front(), out);
    pending_.pop_front();
  }
  if (!out.empty()) return State::kOpen;
  const MonotonicTime now = clock_.monotonic();
  if (now >= deadline_) return State::kEnd;
  if (now >= next_bookmark_) {
    next_bookmark_ = now + limits_.bookmark_every;
    if (request_.bookmarks) write_bookmark(std::max(sampled_, last_sent_), false, out);
    sampled_ = cache_.revision();
  }
  return State::kOpen;
}

std::optional<Duration> WatchSource::wait_limit() {
  const MonotonicTime next = std::min(deadline_, next_bookmark_);
  return std::max(Duration(std::chrono::milliseconds(1)), next - clock_.monotonic());
}

// An object that comes into the selection is added and one that leaves it is deleted, whatever
// happened to it in the store.
void WatchSource::write_event(const StoreEvent& event, std::string& out) {
  last_sent_ = std::max(last_sent_, event.revision);
  const bool now = event.type != EventType::kDeleted && in_scope(event.object);
  const bool before = event.type != EventType::kAdded && in_scope(event.previous);
  if (now) {
    write_line(before ? "MODIFIED" : "ADDED", event.object, out);
  } else if (event.type == EventType::kDeleted) {
    if (before || in_scope(event.object)) write_line("DELETED", event.object, out);
  } else if (before) {
    write_line("DELETED", event.previous->at_revision(event.revision), out);
  }
}

void WatchSource::write_line(const char* type, const ObjectPtr& object, std::string& out) {
  const auto encoded = encoder_.event_object(object, first_);
  if (encoded.ok()) {
    out.append("{\"type\":\"").append(type).append("\",\"object\":").append(*encoded);
  } else {
    out.append(R"({"type":"ERROR","object":)").append(dump_json(failure_status(encoded.error())));
  }
  out.append("}\n");
  first_ = false;
}

void WatchSource::write_bookmark(Revision revision, bool initial_events_end, std::string& out) {
  out.append(R"({"type":"BOOKMARK","object":)");
  out.append(encoder_.bookmark(revision, initial_events_end)).append("}\n");
}

}  // namespace capstan
