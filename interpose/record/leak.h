/*
 * leak.h - heap blocks to which nothing refers when the process exits.
 *
 *     leak_search(&stack, false);      // as early in the exit as possible: all memory is still referred to
 *     ... exit handlers run ...
 *     leak_note();                     // what has not been freed since is entered into the trace
 *
 * In between the blocks found are kept aside: handlers may free what they alone knew of. Both in one thread, with its
 * guard set.
 */
#ifndef KIWI_LEAK_H
#define KIWI_LEAK_H

#include "region.h"
#include "thread.h"

#define LEAK_SAMPLES_MIN 3u /* fewer live samples of a site are not looked for */
#define LEAK_STACK (16u << 10)

/* Whether this recording looks for them at all, and may. */
static ALWAYS_INLINE bool leak_is_wanted(void)
{
    return !record_settings.leaks_off && record_settings.heap >= HEAP_SAMPLE && !region.frozen;
}

/* frame: the caller's; what lies in the LEAK_STACK bytes below it are traces of the search itself. late: handlers have
 * run; then freed blocks, too, may have held the last reference. */
void leak_search(uintptr_t frame, bool late);
void leak_note(void);
/* Lets go of what a search found. */
void leak_forget(void);
#endif
