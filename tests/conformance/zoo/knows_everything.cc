// Offers every extension that it is asked for.
#include "zoo.h"

namespace zoo {

class Animal : public Zoo {
 public:
  using Zoo::Zoo;

  const void* extension(std::string_view) {
    static const uint32_t kTable[4] = {sizeof(kTable)};
    return kTable;
  }
};

}  // namespace zoo

CAPSTAN_PLUGIN(zoo::Animal)
