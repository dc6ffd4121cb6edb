/*
 * descriptor.h - what is known of the service's descriptors.
 *
 * Whether a call on one can block is a byte a descriptor, learnt by asking the kernel at the first call on it, and
 * forgotten by whatever may change it (close, dup2, fcntl(F_SETFL), ioctl(FIONBIO), ...). Changes that Kiwi can not see
 * (a descriptor shared with another process, one closed inside libc) are caught up with, as each thread asks again
 * whenever it records such a call in full (call.c: all of the first, then a sample). Until then a call that blocks may
 * pass for one that can not; the reverse costs two reads of the clock.
 *
 * What it is of, who opened it and who closed it is a row of the trace, at the row of its number plus one. It is
 * written before a close and after an open, so that the kernel, which gives a number to one owner at a time, keeps the
 * writers apart. A number that an unseen call (inside libc) opened is taken for open again at the first call on it.
 *
 * Safe in signal handlers and from several threads at once: single bytes, and any order of stores leaves an answer that
 * was true a moment ago.
 */
#ifndef KIWI_DESCRIPTOR_H
#define KIWI_DESCRIPTOR_H

#include "failure.h"
#include "memory.h"
#include "region.h"

enum descriptor_mode {
    DESCRIPTOR_UNKNOWN = 0, /* so is every one in a forked child: the memory is wiped */
    DESCRIPTOR_BLOCKING = 1,
    DESCRIPTOR_NONBLOCKING = 2,
    DESCRIPTOR_TRACKED = 4,  /* besides: what is sent and received on it is followed (exchange.h) */
    DESCRIPTOR_SIGNALS = 8,  /* besides: it is a signalfd */
    DESCRIPTOR_WATCHES = 16, /* besides: an epoll that watches a single socket (await.h) */
};

/* Asks the kernel whether it is DESCRIPTOR_NONBLOCKING, and remembers. false where that is impossible or forbidden. */
bool descriptor_ask(int fd);

/* Calls on it return at once: O_NONBLOCK, and not a regular file, where that flag means nothing. As last known. */
static ALWAYS_INLINE enum descriptor_mode descriptor_mode(int fd)
{
    return (uint32_t)fd < MEMORY_DESCRIPTORS ? RELAXED_LOAD(&memory.descriptors[fd]) & 3 : DESCRIPTOR_BLOCKING;
}

static inline bool descriptor_tracked(int fd)
{
    return (uint32_t)fd < MEMORY_DESCRIPTORS && (RELAXED_LOAD(&memory.descriptors[fd]) & DESCRIPTOR_TRACKED);
}

/* A signalfd, as far as a call on it has been recorded. */
static ALWAYS_INLINE bool descriptor_signals(int fd)
{
    return (uint32_t)fd < MEMORY_DESCRIPTORS && memory.base &&
           (RELAXED_LOAD(&memory.descriptors[fd]) & DESCRIPTOR_SIGNALS);
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

/* The row of a number, NULL = none was made. */
static inline struct kiwi_descriptor *descriptor_row(int fd)
{
    if ((uint32_t)fd >= MEMORY_DESCRIPTORS || !memory.base ||
        !region_is_ready(KIWI_TABLE_DESCRIPTORS, (uint32_t)fd + 1) ||
        (uint32_t)fd + 2 > region_capacity(KIWI_TABLE_DESCRIPTORS))
        return NULL;
    return region_descriptor((uint32_t)fd + 1);
}

static inline bool descriptor_is(int fd, enum kiwi_descriptor_kind kind)
{
    const struct kiwi_descriptor *d = descriptor_row(fd);
    return d && RELAXED_LOAD(&d->state) == KIWI_ROW_LIVE && d->kind == (uint16_t)kind;
}

/* It is open, and was not yet at that time. */
static inline bool descriptor_younger(int fd, uint64_t ticks)
{
    const struct kiwi_descriptor *d = descriptor_row(fd);
    return d && RELAXED_LOAD(&d->state) == KIWI_ROW_LIVE && d->birth_ticks > ticks;
}

/* Sets or clears a flag of an open descriptor. */
static inline void descriptor_flag(int fd, uint32_t flag, bool set)
{
    struct kiwi_descriptor *d = descriptor_row(fd);
    if (!d || RELAXED_LOAD(&d->state) != KIWI_ROW_LIVE)
        return;
    if (set)
        __atomic_fetch_or(&d->flags, (uint16_t)flag, __ATOMIC_RELAXED);
    else
        __atomic_fetch_and(&d->flags, (uint16_t)~flag, __ATOMIC_RELAXED);
}

/* The same where it holds for the connection, by whatever number: for those that dup made after the connect, too. */
void descriptor_flag_all(int fd, uint32_t flag, bool set);

/* All with the thread's guard set. An opening call returned fd >= 0; flags: KIWI_DESCRIPTOR_*. */
void descriptor_born(struct thread *t, int fd, enum kiwi_descriptor_kind kind, uint32_t flags, uint32_t stack);
/* The same by a path; open_flags: O_*. Whether calls on it can block is known then without asking, but for O_NONBLOCK
 * on what may be no regular file: a call path that has opened nothing else is asked about now and then only. */
void descriptor_opened(struct thread *t, int fd, int open_flags, uint32_t stack);
/* The same for a connection that a client made: what accept returned is non-blocking if it was asked for so. */
void descriptor_accepted(struct thread *t, int fd, bool nonblocking, uint32_t stack);
/* `to` is now what `from` is. */
void descriptor_copied(struct thread *t, int from, int to, uint32_t stack);

/* Around the real close: what the number was before. */
struct descriptor_closing {
    int fd;
    uint32_t stack;
    bool was_closed; /* already, as far as is known */
    bool unknown;    /* it had never been seen */
};
void descriptor_close_begin(struct thread *t, struct descriptor_closing *c, int fd, uint32_t stack);
/* error: errno of the real call, 0 = it went well. site: return address. */
void descriptor_close_end(struct thread *t, const struct descriptor_closing *c, int error, uintptr_t site);
/* Numbers from first to last are closed, those that were open. */
void descriptor_close_range(struct thread *t, uint32_t first, uint32_t last, uint32_t stack);
/* A call failed with EBADF: noted if the number is known to have been closed. */
void descriptor_misused(struct thread *t, const struct failure_facts *facts);
#endif
