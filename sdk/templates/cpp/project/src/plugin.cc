// The exported function; the manifest is embedded by capstan_add_plugin.
#include "plugin.h"

CAPSTAN_PLUGIN(@PACKAGE@::@PREFIX@Plugin)
