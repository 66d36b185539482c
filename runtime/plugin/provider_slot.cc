#include "runtime/plugin/provider_slot.h"

#include <condition_variable>
#include <set>
#include <utility>

namespace capstan {
namespace {

std::set<std::string> kind_names(const Manifest& manifest) {
  std::set<std::string> names;
  for (const Json& crd : manifest.kinds) {
    names.insert(get_string(crd, {"spec", "names", "kind"}) + "." +
                 get_string(crd, {"spec", "group"}));
  }
  return names;
}

}  // namespace

bool same_shape(const Manifest& one, const Manifest& other) {
  return one.name == other.name && one.reconciles == other.reconciles &&
         one.admits == other.admits && one.needs.objects == other.needs.objects &&
         kind_names(one) == kind_names(other);
}

// A provider with the number of calls in it. Once it has been left, no call enters.
struct ProviderSlot::Occupant {
  explicit Occupant(std::shared_ptr<Provider> occupying) : provider(std::move(occupying)) {}

  const std::shared_ptr<Provider> provider;
  std::atomic<uint64_t> calls{0};
  std::atomic<bool> left{false};
  std::mutex mutex;  // for idle
  std::condition_variable idle;
};

// One call inside an occupant.
class ProviderSlot::Use {
 public:
  explicit Use(std::shared_ptr<Occupant> occupant) : occupant_(std::move(occupant)) {}
  ~Use() {
    // Nobody waits for an occupant that is in its place.
    if (occupant_->calls.fetch_sub(1) != 1 || !occupant_->left.load()) return;
    const std::scoped_lock lock(occupant_->mutex);
    occupant_->idle.notify_all();
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  Provider* operator->() const { return occupant_->provider.get(); }

 private:
  const std::shared_ptr<Occupant> occupant_;
};

ProviderSlot::ProviderSlot(std::shared_ptr<Provider> first)
    : manifest_(first->manifest()),
      origin_(first->origin()),
      current_(std::make_shared<Occupant>(std::move(first))) {}

ProviderSlot::~ProviderSlot() = default;

// Counted under the lock that exchange() takes: a call is either seen by drain() or goes to the
// next occupant.
std::shared_ptr<ProviderSlot::Occupant> ProviderSlot::enter() {
  const std::scoped_lock lock(mutex_);
  current_->calls.fetch_add(1);
  return current_;
}

Result<void> ProviderSlot::activate(const Json& settings) {
  return Use(enter())->activate(settings);
}

void ProviderSlot::deactivate() {
  current()->deactivate();
}

std::string ProviderSlot::end() {
  return current()->end();
}

ProviderState ProviderSlot::state() const {
  return current()->state();
}

ProviderReply ProviderSlot::reconcile(const ProviderCall& call, std::string_view request) {
  return Use(enter())->reconcile(call, request);
}

ProviderReply ProviderSlot::admit(const ProviderCall& call, std::string_view object,
                                  std::string_view old) {
  return Use(enter())->admit(call, object, old);
}

ProviderStatistics ProviderSlot::statistics() const {
  const std::scoped_lock lock(mutex_);
  ProviderStatistics sum = past_;
  for (const auto& occupant : {current_, previous_}) {
    if (occupant != nullptr) sum += occupant->provider->statistics();
  }
  return sum;
}

std::shared_ptr<Provider> ProviderSlot::current() const {
  const std::scoped_lock lock(mutex_);
  return current_->provider;
}

std::shared_ptr<Provider> ProviderSlot::exchange(std::shared_ptr<Provider> next) {
  auto occupant = std::make_shared<Occupant>(std::move(next));
  const std::scoped_lock lock(mutex_);
  previous_ = std::exchange(current_, std::move(occupant));
  previous_->left = true;
  return previous_->provider;
}

bool ProviderSlot::drain(Duration at_most) {
  std::shared_ptr<Occupant> leaving;
  {
    const std::scoped_lock lock(mutex_);
    leaving = previous_;
  }
  if (leaving == nullptr) return true;
  {
    std::unique_lock lock(leaving->mutex);
    if (!leaving->idle.wait_for(lock, at_most, [&] { return leaving->calls.load() == 0; })) {
      return false;
    }
  }
  ProviderStatistics last = leaving->provider->statistics();
  last.in_flight = last.resident_bytes = 0;
  const std::scoped_lock lock(mutex_);
  if (previous_ != leaving) return true;
  past_ += last;
  previous_.reset();
  return true;
}

}  // namespace capstan
