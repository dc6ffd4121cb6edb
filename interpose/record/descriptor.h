/*
 * descriptor.h - what is known of the service's descriptors: for now, whether a call on one can block.
 *
 * One byte a descriptor, learnt by asking the kernel at the first call on it, and forgotten by whatever may change it
 * (close, dup2, fcntl(F_SETFL), ioctl(FIONBIO), ...). Changes that Kiwi can not see (a descriptor shared with another
 * process, one closed inside libc) are caught up with, as each thread asks again whenever it records such a call in
 * full (call.c: all of the first, then a sample). Until then a call that blocks may pass for one that can not; the
 * reverse costs two reads of the clock.
 *
 * Safe in signal handlers and from several threads at once: single bytes, and any order of stores leaves an answer that
 * was true a moment ago.
 */
#ifndef KIWI_DESCRIPTOR_H
#define KIWI_DESCRIPTOR_H

#include "memory.h"

enum descriptor_mode {
    DESCRIPTOR_UNKNOWN = 0, /* so is every one in a forked child: the memory is wiped */
    DESCRIPTOR_BLOCKING = 1,
    DESCRIPTOR_NONBLOCKING = 2,
};

/* Asks the kernel whether it is DESCRIPTOR_NONBLOCKING, and remembers. false where that is impossible or forbidden. */
bool descriptor_ask(int fd);

/* Calls on it return at once: O_NONBLOCK, and not a regular file, where that flag means nothing. As last known. */
static ALWAYS_INLINE enum descriptor_mode descriptor_mode(int fd)
{
    return (uint32_t)fd < MEMORY_DESCRIPTORS ? RELAXED_LOAD(&memory.descriptors[fd]) : DESCRIPTOR_BLOCKING;
}

/* Something may have changed it, or ended it. Harmless at any time, in a vfork child too. */
static inline void descriptor_forget(int fd)
{
    if ((uint32_t)fd < MEMORY_DESCRIPTORS && memory.base)
        RELAXED_STORE(&memory.descriptors[fd], DESCRIPTOR_UNKNOWN);
}

static inline void descriptor_forget_range(uint32_t first, uint32_t last)
{
    for (uint32_t fd = first; fd <= last && fd < MEMORY_DESCRIPTORS && memory.base; fd++)
        if (RELAXED_LOAD(&memory.descriptors[fd])) /* most were never used: their pages stay untouched */
            RELAXED_STORE(&memory.descriptors[fd], DESCRIPTOR_UNKNOWN);
}
#endif
