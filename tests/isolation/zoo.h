/* The parts of the zoo plugin. */
#ifndef CAPSTAN_ZOO_H
#define CAPSTAN_ZOO_H

#include <stddef.h>

/* Tries what the text names ("try-ptrace", ...): "refused: WHY" or "done". Lifetime of the answer:
 * until the next call. */
const char* try_forbidden(const char* text, size_t size);

#endif
