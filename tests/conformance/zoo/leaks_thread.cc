// Leaves a thread behind when it is deactivated.
#include <thread>
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

  Status activate(const Json& settings) override {
    std::thread([] { std::this_thread::sleep_for(std::chrono::hours(1)); }).detach();
    return Zoo::activate(settings);
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
