/* capstan.admission/1: the plugin defaults and checks its objects beyond what a schema can say.
 * Offered by the plugin; called while a write waits, so it makes no external calls.
 *
 * `object` is the new state in its storage version, `old` the stored one ("" on create). What the
 * plugin writes to the sink, if anything, is a merge patch with defaults. An error status with
 * diagnostics (their `field` set) refuses the write.
 */
#ifndef CAPSTAN_EXT_ADMISSION_H
#define CAPSTAN_EXT_ADMISSION_H

#include "../abi.h"

#define CAPSTAN_EXT_ADMISSION "capstan.admission/1"

typedef struct capstan_admission {
  uint32_t struct_size;
  /* [any] */
  capstan_status (*admit)(void* self, const capstan_call* call, capstan_str object, capstan_str old,
                          const capstan_sink* defaults);
} capstan_admission;

#endif /* CAPSTAN_EXT_ADMISSION_H */
