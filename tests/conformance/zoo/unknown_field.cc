// Writes a field that its schema does not have.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  void report(const Request& request, Reply& reply) override {
    Zoo::report(request, reply);
    reply.status("noSuchField", true);
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
