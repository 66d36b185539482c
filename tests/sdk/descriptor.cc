// Stands in for what capstan_add_plugin embeds.
#include <capstan/abi.h>

extern "C" const capstan_descriptor capstan_plugin_descriptor;
const capstan_descriptor capstan_plugin_descriptor = {
    sizeof(capstan_descriptor), CAPSTAN_ABI_MAJOR, 0, 0, {}, {}, {}};
