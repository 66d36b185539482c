// Writes a kind that its manifest does not ask for.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  void report(const Request& request, Reply& reply) override {
    Zoo::report(request, reply);
    reply.create({{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", "mine"}}}});
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
