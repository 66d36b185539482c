#include "plugins/docker/client/image_puller.h"

#include "plugins/docker/client/images.h"

namespace capstan::docker {

using sdk::Done;
using sdk::InProgress;
using sdk::Step;

ImagePuller::~ImagePuller() {
  stopping_ = true;
  for (auto& [image, pull] : pulls_) pull->thread.join();
}

void ImagePuller::run(const std::string& image, Pull& pull) {
  auto result = pull_image(engine_, image, [&](const std::string& progress) {
    const std::lock_guard lock(pull.mutex);
    pull.progress = progress;
    return !stopping_;
  });
  const std::lock_guard lock(pull.mutex);
  pull.result = std::move(result);
  pull.finished = true;
}

Step<Done> ImagePuller::state_of(const std::string& image, Pull& pull) {
  const std::lock_guard lock(pull.mutex);
  if (!pull.finished) {
    return InProgress{"PullingImage", "pulling image " + image + ": " + pull.progress,
                      std::chrono::seconds(1)};
  }
  if (!pull.result.ok()) return std::move(pull.result).error();
  return Done{};
}

Step<Done> ImagePuller::ensure(const std::string& image) {
  const std::lock_guard lock(mutex_);
  const auto running = pulls_.find(image);
  if (running != pulls_.end()) {
    Step<Done> state = state_of(image, *running->second);
    if (state.in_progress()) return state;
    running->second->thread.join();
    pulls_.erase(running);
    return state;
  }
  if (CAPSTAN_TRY(has_image(engine_, image))) return Done{};
  auto& pull = pulls_[image] = std::make_unique<Pull>();
  pull->thread = std::thread([this, image, state = pull.get()] { run(image, *state); });
  return InProgress{"PullingImage", "pulling image " + image, std::chrono::milliseconds(300)};
}

}  // namespace capstan::docker
