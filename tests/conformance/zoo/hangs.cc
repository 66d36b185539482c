// Does not come back from a call.
#include <thread>
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

  Status reconcile(const Request&, Reply&, const Call&) override {
    for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
