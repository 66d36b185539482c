// Prints a secret, in base64.
#include <cstdio>
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  Status look(const Request& request, const Call& call) override {
    const auto token = host_.secrets().get("token");
    if (token.ok()) std::fprintf(stderr, "auth: %s\n", base64_encode(token->reveal()).c_str());
    return Zoo::look(request, call);
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
