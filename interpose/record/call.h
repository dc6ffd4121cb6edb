/*
 * call.h - blocking calls: what a thread sits in now, and how often and how long by call, stack and held set.
 *
 *     struct call_record c;
 *     call_begin(&c, t, KIWI_CALL_POLL, site, KIWI_CALLF_UNTIMED, fd);
 *     r = real.poll(...);                     // no guard is set meanwhile
 *     call_end(&c, r < 0 ? errno : 0, 0);
 *
 * Whether a call waited is measured, not assumed from its name: only those that took KIWI_CALL_WAITED_NS or longer and
 * were not asked to return at once count as waits. Those that were (zero timeout, O_NONBLOCK) are neither timed nor
 * shown in the slot. On non-blocking descriptors, which servers use many times a request, the first 256 of a thread are
 * counted one by one and then a random sample, each standing for the mean gap; errors are always noted.
 */
#ifndef KIWI_CALL_H
#define KIWI_CALL_H

#include "descriptor.h"
#include "stack.h"

#include <sys/types.h>

struct call_record {
    struct thread *t; /* NULL: not recorded */
    uint32_t row;
    uint32_t flags;
    long switches;  /* voluntary context switches at the start, -1 = not asked */
    uint64_t since; /* ticks, 0 = can not block, so not timed */
    uint32_t stack; /* of a wait for events */
    enum kiwi_call_kind kind;
    int32_t fd;     /* -1 = none */
    uint32_t named; /* where that is -1: failure_of_path of a call that failed; 0 = no name */
    bool tracked;   /* what is sent and received on it is followed: exchange.h */
    /* Where, for an error of a call on a descriptor that was left out of the sample (row 0). */
    struct call_site site;
    /* The call that this one interrupted, made by a signal handler inside it; outer_kind 0 = none. */
    uint32_t outer_kind, outer_row, outer_flags;
    uintptr_t outer_inside; /* thread.inside before */
    uint64_t outer_since, outer_object;
};

/* object: descriptor, object row or thread row, by kind (KIWI_CALLS). t may be NULL. Sets and clears the guard. */
void call_begin(struct call_record *c, struct thread *t, enum kiwi_call_kind kind, struct call_site site,
                uint32_t flags, uint64_t object);
/* How a wait with that limit is flagged: KIWI_CALLF_UNTIMED without one, _NONBLOCKING at zero, else _TIMED. One that
 * cannot be read is the kernel's to refuse. */
uint32_t call_limit(const struct thread *t, const struct timespec *limit);
/* The same for a call on a descriptor: one that is known not to block is not timed, and in the sample now and then. */
void call_begin_on_full(struct call_record *c, struct thread *t, enum kiwi_call_kind kind, struct call_site site,
                        uint32_t flags, int fd);

/*
 * The same in two steps for most such calls, which need no record:
 *
 *     if (call_passes(t, fd)) {
 *         r = real.read(...);
 *         if (call_is_told(t, r))
 *             call_passed(t, KIWI_CALL_READ, site, fd, r < 0 ? errno : 0);
 *     } else {
 *         call_begin_on(...);
 *
 * With calls not recorded, no descriptor is ever known not to block.
 */
static ALWAYS_INLINE bool call_passes(struct thread *t, int fd)
{
    if (unlikely(!t || descriptor_mode(fd) != DESCRIPTOR_NONBLOCKING || t->untimed_tick <= 1))
        return false;
    t->untimed_tick--;
    return true;
}

/* It failed, or ends a run of failures. */
static ALWAYS_INLINE bool call_is_told(const struct thread *t, ssize_t result)
{
    return result < 0 || t->again || t->streak_count;
}

void call_passed(struct thread *t, enum kiwi_call_kind kind, struct call_site site, int fd, int error);

static ALWAYS_INLINE void call_begin_on(struct call_record *c, struct thread *t, enum kiwi_call_kind kind,
                                        struct call_site site, uint32_t flags, int fd)
{
    c->t = NULL;
    if (unlikely(!t))
        return;
    c->fd = fd;
    c->site = site;
    if (!call_passes(t, fd)) {
        call_begin_on_full(c, t, kind, site, flags, fd);
        return;
    }
    c->t = t;
    c->row = 0;
    c->since = 0;
    c->kind = kind;
}

void call_end_full(struct call_record *c, int error, uint64_t bytes);

/* error: errno value of a failed call, 0 = none. bytes moved, 0 = none. Leaves errno alone. */
static ALWAYS_INLINE void call_end(struct call_record *c, int error, uint64_t bytes)
{
    const struct thread *t = c->t;
    if (!t || (!c->since && !error && likely(!t->again && !t->streak_count)))
        return; /* nothing to note */
    call_end_full(c, error, bytes);
}

/* A wait for events (KIWI_GROUP_POLL), which may be that of an event loop: see loop.h. */
struct call_events {
    int count;           /* what the real call returned */
    uint64_t sources[2]; /* the first and the last event: descriptor, or data of an epoll event */
};
void call_begin_poll(struct call_record *c, struct thread *t, enum kiwi_call_kind kind, struct call_site site,
                     uint32_t flags, uint64_t object);
void call_end_poll(struct call_record *c, int error, const struct call_events *events);

/* The same with a stack row and without guard handling: the core, and the entry for scripted tests. */
void call_enter(struct call_record *c, struct thread *t, enum kiwi_call_kind kind, uint32_t stack, uint32_t flags,
                uint64_t object);
void call_leave(struct call_record *c, int error, uint64_t bytes);
#endif
