// Uses the members of a service beyond its size.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

  Status activate(const Json& settings) override {
    const auto* log = static_cast<const capstan_log*>(host_.extension(CAPSTAN_EXT_LOG));
    if (log != nullptr) log->write(host_.ctx(), CAPSTAN_LOG_INFO, to_abi("hello"), to_abi(""));
    return Zoo::activate(settings);
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
