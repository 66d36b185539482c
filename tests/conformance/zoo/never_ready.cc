// Never gets further than waiting.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  void report(const Request&, Reply& reply) override {
    detail::set_ready(reply, false, "Waiting", "for something that does not come");
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
