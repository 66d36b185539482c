// Has no Ready condition.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  void report(const Request& request, Reply& reply) override {
    reply.status("id", "thing-" + request.uid());
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
