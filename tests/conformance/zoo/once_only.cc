// Cannot be activated again.
#include <utility>
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

  Status activate(const Json& settings) override {
    if (std::exchange(used_, true)) return Error::internal("was active already");
    return Zoo::activate(settings);
  }

 private:
  bool used_ = false;
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
