// Breaks nothing.
#include "zoo.h"
CAPSTAN_PLUGIN(zoo::Zoo)
