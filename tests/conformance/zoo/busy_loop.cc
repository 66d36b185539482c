// Asks to be called again at once, for ever.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  void report(const Request& request, Reply& reply) override {
    Zoo::report(request, reply);
    reply.requeue_after(Milliseconds(0));
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
