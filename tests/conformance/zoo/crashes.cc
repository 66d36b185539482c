// Follows a null pointer.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

  Status reconcile(const Request&, Reply&, const Call&) override {
    volatile int* nowhere = nullptr;
    *nowhere = 1;
    return {};
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
