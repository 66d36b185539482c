// Adapters of the Store port are beside this file.
#include "runtime/store/store.h"
