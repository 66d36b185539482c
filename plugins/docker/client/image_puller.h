// Sees to it that images are on the engine. A pull takes longer than a call may, so it runs on a
// thread of its own while calls are told how far it is.
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
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "plugins/docker/client/engine.h"

namespace capstan::docker {

class ImagePuller {
 public:
  explicit ImagePuller(Engine& engine) : engine_(engine) {}
  ImagePuller(const ImagePuller&) = delete;
  ~ImagePuller();

  // Done once the engine has the image. A pull that failed is told once; the next call tries anew.
  sdk::Step<sdk::Done> ensure(const std::string& image);

 private:
  struct Pull {
    std::mutex mutex;
    std::string progress = "asking the registry";
    sdk::Status result;
    bool finished = false;
    std::thread thread;
  };
  void run(const std::string& image, Pull& pull);
  sdk::Step<sdk::Done> state_of(const std::string& image, Pull& pull);

  Engine& engine_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Pull>> pulls_;
};

}  // namespace capstan::docker
