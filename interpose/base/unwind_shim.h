/*
 * unwind_shim.h - the way out of libunwind when it would abort.
 *
 *     if (__builtin_setjmp(unwind_escape) == 0)
 *         ... unw_step ...            // an abort inside comes back here with 1
 */
#ifndef KIWI_UNWIND_SHIM_H
#define KIWI_UNWIND_SHIM_H

#include "compiler.h"

extern __thread void *unwind_escape[5];
#endif
