// Goes on for ever with what is invalid.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

  Status admit(Admission&) { return {}; }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
