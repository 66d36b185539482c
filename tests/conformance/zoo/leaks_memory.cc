// Leaks 256 KiB in each life.
#include <cstdlib>
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

  Status activate(const Json& settings) override {
    char* lost = static_cast<char*>(std::malloc(256 * 1024));
    for (int i = 0; i < 256 * 1024; i += 512) lost[i] = 1;
    __asm__ volatile("" : : "r"(lost) : "memory");
    return Zoo::activate(settings);
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
