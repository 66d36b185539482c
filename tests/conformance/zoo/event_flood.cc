// Records an event at every call.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  void report(const Request& request, Reply& reply) override {
    Zoo::report(request, reply);
    reply.event("Looked", "the thing is still there");
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
