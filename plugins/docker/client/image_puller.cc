#include "plugins/docker/client/image_puller.h"

#include <algorithm>

#include "plugins/docker/client/call_scope.h"
#include "plugins/docker/client/images.h"

namespace capstan::docker {

using sdk::Done;
using sdk::InProgress;
using sdk::Step;

namespace {

constexpr Milliseconds kFirstDelay = std::chrono::seconds(5);
constexpr Milliseconds kLongestDelay = std::chrono::minutes(5);

Milliseconds delay_after(int failures) {
  const Milliseconds delay = kFirstDelay * (1 << std::min(failures - 1, 10));
  return std::min(delay, kLongestDelay);
}

Error told_again(const Error& failure, Milliseconds delay) {
  return Error(failure).with_retry_after(delay);
}

}  // namespace

ImagePuller::~ImagePuller() {
  stopping_ = true;
  for (auto& [image, pull] : pulls_) {
    if (pull->thread.joinable()) pull->thread.join();
  }
}

void ImagePuller::start(const std::string& image, Pull& pull) {
  pull.finished = false;
  pull.thread = std::thread([this, image, &pull] { run(image, pull); });
}

void ImagePuller::run(const std::string& image, Pull& pull) {
  const CallScope scope([this]() -> std::optional<Error> {
    if (stopping_) return Error::cancelled("the pull was ended");
    return {};
  });
  auto result = pull_image(engine_, image, [&](const std::string& progress) {
    const std::lock_guard lock(pull.mutex);
    pull.progress = progress;
    return !stopping_;
  });
  const std::lock_guard lock(pull.mutex);
  pull.result = std::move(result);
  pull.finished = true;
}

// Of a pull whose thread was not joined yet.
Step<Done> ImagePuller::state_of(const std::string& image, Pull& pull) {
  {
    const std::lock_guard lock(pull.mutex);
    if (!pull.finished && pull.failure) return told_again(*pull.failure, std::chrono::seconds(1));
    if (!pull.finished) {
      return InProgress{"PullingImage", "pulling image " + image + ": " + pull.progress,
                        std::chrono::seconds(1)};
    }
  }
  pull.thread.join();
  if (pull.result.ok()) return Done{};
  pull.failure = std::move(pull.result).error();
  const Milliseconds delay = delay_after(++pull.failures);
  pull.retry_at = monotonic_nanos_() + std::chrono::nanoseconds(delay).count();
  return told_again(*pull.failure, delay);
}

Step<Done> ImagePuller::ensure(const std::string& image) {
  const std::lock_guard lock(mutex_);
  const auto known = pulls_.find(image);
  if (known != pulls_.end() && known->second->thread.joinable()) {
    Step<Done> state = state_of(image, *known->second);
    if (state.done()) pulls_.erase(known);
    return state;
  }
  // Somebody may have loaded it meanwhile.
  if (CAPSTAN_TRY(has_image(engine_, image))) {
    pulls_.erase(image);
    return Done{};
  }
  auto& pull = pulls_[image];
  if (!pull) pull = std::make_unique<Pull>();
  const std::chrono::nanoseconds left(pull->retry_at - monotonic_nanos_());
  if (pull->failure && left.count() > 0) {
    return told_again(*pull->failure, std::chrono::ceil<Milliseconds>(left));
  }
  start(image, *pull);
  if (pull->failure) return told_again(*pull->failure, std::chrono::seconds(1));
  return InProgress{"PullingImage", "pulling image " + image, std::chrono::milliseconds(300)};
}

}  // namespace capstan::docker
