// Keeps its finalizer where nothing was made.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  Status remove(const Request& request, Reply& reply) override {
    if (string_at(request.object(), "status/id").empty()) return {};
    return Zoo::remove(request, reply);
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
