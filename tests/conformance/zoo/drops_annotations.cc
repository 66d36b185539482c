// Removes annotations of others.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  void report(const Request& request, Reply& reply) override {
    Zoo::report(request, reply);
    reply.patch()["metadata"]["annotations"] = nullptr;
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
