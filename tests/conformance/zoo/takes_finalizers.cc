// Removes the finalizers of others with its own.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  Status remove(const Request& request, Reply& reply) override {
    CAPSTAN_TRY(Zoo::remove(request, reply));
    reply.patch()["metadata"]["finalizers"] = Json::array();
    return {};
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
