// Does not remove what it made.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  Status remove(const Request&, Reply& reply) override {
    reply.remove_finalizer(kFinalizer);
    return {};
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
