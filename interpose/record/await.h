/*
 * await.h - waits for the answer of a peer that this process dialled, which nothing would end if it never came.
 *
 *     await_ended(t, fd, call, ticks);                      a call on a descriptor has waited so long
 *     if (await_any(t, fds, count))                         before a wait for any of these, without a limit
 *         flags |= KIWI_CALLF_UNBOUNDED;
 *
 * A peer is the other end of a socket of AF_INET or AF_INET6, or of AF_UNIX where it is another process. An answer is
 * due to the thread that sent something since the latest one; the first word is due to whoever made the socket. Waiting
 * for work is none of this: clients, events that a peer pushes, answers that are for other threads.
 *
 * What ends a wait: a limit of the socket (SO_RCVTIMEO, SO_SNDTIMEO; TCP_USER_TIMEOUT for what is sent; TCP_KEEPIDLE
 * for a peer that is gone), an alarm that is set, a thread that shuts such connections down while others wait on them.
 */
#ifndef KIWI_AWAIT_H
#define KIWI_AWAIT_H

#include "descriptor.h"

#define AWAIT_MOST 8u /* descriptors of one wait: an event loop has more, or something to wake it up */

/* Marks the row of the call if the wait was for too long for something that is due. With the guard set; before
 * exchange_note. */
void await_ended(const struct thread *t, int fd, struct kiwi_call *call, uint64_t ticks);

struct await_one {
    int fd;
    bool to_send;
};
/* All are such peers, and something is due from one of them at least. */
bool await_any(const struct thread *t, const struct await_one *items, uint32_t count);
/* The same for what an epoll descriptor watches, as far as that is a single descriptor. */
bool await_epoll(const struct thread *t, int epoll);
/* Whether that is worth asking. */
static ALWAYS_INLINE bool await_may_epoll(int epoll)
{
    return (uint32_t)epoll < MEMORY_DESCRIPTORS && memory.base &&
           (RELAXED_LOAD(&memory.descriptors[epoll]) & DESCRIPTOR_WATCHES);
}
/* epoll_ctl went well. */
void await_watched(int epoll, int operation, int fd);

/* An alarm goes off in so many nanoseconds: 0 = none, UINT64_MAX = again and again. */
void await_alarm(uint64_t ns);
bool await_has_alarm(void);

/* A connection is about to be shut down; with the guard set. */
void await_shut(const struct thread *t, int fd);
#endif
