// Makes something before a finalizer is stored.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  bool has_finalizer(const Request& request, Reply& reply) override {
    (void)make(request);
    return Zoo::has_finalizer(request, reply);
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
