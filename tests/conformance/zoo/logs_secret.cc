// Writes a secret into the log.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  Status look(const Request& request, const Call& call) override {
    const auto token = host_.secrets().get("token");
    if (token.ok()) host_.log().info("logged in with " + std::string(token->reveal()));
    return Zoo::look(request, call);
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
