// Leaves a file open when it is deactivated.
#include <fcntl.h>
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

  Status activate(const Json& settings) override {
    (void)::open("/dev/null", O_RDONLY);
    return Zoo::activate(settings);
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
