// Opens a file when it is loaded.
#include <fcntl.h>

#include "zoo.h"

__attribute__((constructor)) static void open_early() {
  (void)::open("/dev/null", O_RDONLY);
}

CAPSTAN_PLUGIN(zoo::Zoo)
