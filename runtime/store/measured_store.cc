#include "runtime/store/measured_store.h"

namespace capstan {
namespace {

class MeasuredStore final : public Store {
 public:
  MeasuredStore(std::unique_ptr<Store> store, MetricsRegistry& metrics, Clock& clock)
      : store_(std::move(store)), metrics_(metrics), clock_(clock) {}

  Result<std::vector<ObjectPtr>> commit(std::vector<Write> writes) override {
    const MonotonicTime begin = clock_.monotonic();
    const size_t count = writes.size();
    auto committed = store_->commit(std::move(writes));
    latency_->observe(clock_.monotonic() - begin);
    if (committed.ok()) {
      writes_->add(static_cast<double>(count));
    } else if (const auto errors = metrics_.counter(
                   "capstan_store_commit_errors_total", "Commits that failed, by error.",
                   {{"code", std::string(code_name(committed.code()))}});
               errors.ok()) {
      (*errors)->add();
    }
    return committed;
  }
  Result<Revision> load(const std::function<void(ObjectPtr)>& each,
                        StoreListener listener) override {
    return store_->load(each, std::move(listener));
  }
  Result<std::vector<StoreEvent>> events_after(Revision after) override {
    return store_->events_after(after);
  }
  Revision oldest_resumable() override { return store_->oldest_resumable(); }
  Revision revision() const override { return store_->revision(); }

 private:
  const std::unique_ptr<Store> store_;
  MetricsRegistry& metrics_;
  Clock& clock_;
  Histogram* const latency_ =
      metrics_
          .histogram("capstan_store_commit_duration_seconds",
                     "Time from the call of a commit until it was durable and seen by the cache.")
          .value();
  Counter* const writes_ =
      metrics_.counter("capstan_store_writes_total", "Objects written or deleted.").value();
};

}  // namespace

std::unique_ptr<Store> measured_store(std::unique_ptr<Store> store, MetricsRegistry& metrics,
                                      Clock& clock) {
  return std::make_unique<MeasuredStore>(std::move(store), metrics, clock);
}

}  // namespace capstan
