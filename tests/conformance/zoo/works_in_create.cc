// Calls the host before it is activated.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  explicit Animal(Host& host) : Zoo(host) {
    const auto* log = static_cast<const capstan_log*>(host.extension(CAPSTAN_EXT_LOG));
    if (CAPSTAN_HAS(log, write)) {
      log->write(host.ctx(), CAPSTAN_LOG_INFO, to_abi("too early"), to_abi(""));
    }
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
