// Takes a failure that passes for one that stays.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  Status look(const Request& request, const Call& call) override {
    const auto token = host_.secrets().get("token");
    if (!token.ok()) return Error(token.error()).made_terminal();
    return Zoo::look(request, call);
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
