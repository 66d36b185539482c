// Takes no notice of its deadline or of being told to give up.
#include <thread>
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  Status look(const Request& request, const Call& call) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));
    return Zoo::look(request, call);
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
