// Works on paused objects.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

 protected:
  bool is_paused(const Request&, Reply&) override { return false; }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
