// Writes another status at every call.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  void report(const Request& request, Reply& reply) override {
    Zoo::report(request, reply);
    reply.status("looks", int_at(request.object(), "status/looks") + 1);
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
