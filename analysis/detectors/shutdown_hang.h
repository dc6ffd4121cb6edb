/*
 * shutdown_hang.h - whether a process that was killed had begun to end, and would never have done so.
 *
 * When it was killed the trace does not tell. But a thread that waits without a limit for one which waits without a
 * limit, or while all others do, gets nowhere, however long that lasts.
 */
#ifndef KIWI_SHUTDOWN_HANG_H
#define KIWI_SHUTDOWN_HANG_H

#include "../model.h"

/* The thread (THREADS row) is in such a wait, which began after `begin` (ticks), at a place where it had not waited
 * before, for something else than work. */
bool shutdown_hangs(const struct model *m, uint64_t begin, uint32_t thread);
#endif
