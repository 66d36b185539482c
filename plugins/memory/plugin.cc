// The exported function of the memory provider.
#include "plugins/memory/memory_plugin.h"

CAPSTAN_PLUGIN(capstan::memory::MemoryPlugin)
