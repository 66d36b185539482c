// Ends the process that it is in.
#include <cstdlib>
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

  Status reconcile(const Request&, Reply&, const Call&) override { std::_Exit(3); }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
