// Sees to it that images are on the engine. A pull takes longer than a call may, so it runs on a
// thread of its own while calls are told how far it is. One that fails is tried again with growing
// delays; meanwhile everybody who needs the image is told why it failed.
//
// Thread safety: ensure() from any thread. Lifetime: the engine outlives it; its destructor ends
// the pulls and waits for them.
//
// Example:
//   const auto step = puller.ensure("capstan/load-balancer:v1");
//   if (!step.done()) return step;   // InProgress{"PullingImage", ...} or an Error
#pragma once

#include <capstan/status.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "plugins/docker/client/engine.h"

namespace capstan::docker {

class ImagePuller {
 public:
  // `monotonic_nanos`: the time that delays are measured by.
  ImagePuller(Engine& engine, std::function<int64_t()> monotonic_nanos)
      : engine_(engine), monotonic_nanos_(std::move(monotonic_nanos)) {}
  ImagePuller(const ImagePuller&) = delete;
  ~ImagePuller();

  // Done once the engine has the image.
  sdk::Step<sdk::Done> ensure(const std::string& image);

 private:
  struct Pull {
    std::mutex mutex;  // of the first three
    std::string progress = "asking the registry";
    sdk::Status result;
    bool finished = false;
    std::thread thread;  // joinable while the pull was not looked at since it ended
    std::optional<Error> failure;
    int failures = 0;
    int64_t retry_at = 0;
  };
  void start(const std::string& image, Pull& pull);
  void run(const std::string& image, Pull& pull);
  sdk::Step<sdk::Done> state_of(const std::string& image, Pull& pull);

  Engine& engine_;
  const std::function<int64_t()> monotonic_nanos_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Pull>> pulls_;
};

}  // namespace capstan::docker
