// Makes another thing where it does not remember the first.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  Status make(const Request& request) override {
    if (!string_at(request.object(), "status/id").empty()) return {};
    std::ofstream(path(request) + "-" + std::to_string(++made_)) << "made\n";
    return {};
  }
  Status remove(const Request& request, Reply& reply) override {
    std::error_code failure;
    for (int i = 1; i < 9; ++i) {
      std::filesystem::remove(path(request) + "-" + std::to_string(i), failure);
    }
    return Zoo::remove(request, reply);
  }
  int made_ = 0;
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
