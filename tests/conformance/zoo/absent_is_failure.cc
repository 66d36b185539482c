// Fails to remove what is gone already.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  Status remove(const Request& request, Reply& reply) override {
    if (!std::filesystem::exists(path(request))) return Error::invalid("there is no such thing");
    return Zoo::remove(request, reply);
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
