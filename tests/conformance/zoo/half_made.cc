// Cannot go on from what a crash left half made.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  Status make(const Request& request) override {
    if (std::filesystem::exists(path(request))) return {};
    if (std::filesystem::exists(path(request) + ".part")) {
      return Error::invalid("a half of the thing is there already");
    }
    std::ofstream(path(request) + ".part") << "half\n";
    host_.log().info("half of it is made");
    std::filesystem::rename(path(request) + ".part", path(request));
    return {};
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
