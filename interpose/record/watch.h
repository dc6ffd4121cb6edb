/*
 * watch.h - whether a thread that waits for events serves others besides the one connection that it works for.
 *
 * A process or thread that serves one client waits for it together with whatever wakes it up (a signalfd, an eventfd, a
 * pipe): what it does for that client, however long, keeps nobody else waiting. An epoll descriptor's row counts what
 * it watches, and the row of what is watched names the epoll: the kernel drops it at the last close. What has been
 * copied (dup), or is in several, stays counted unless EPOLL_CTL_DEL says so, which makes it look like a loop of many.
 */
#ifndef KIWI_WATCH_H
#define KIWI_WATCH_H

#include "descriptor.h"

/* epoll_ctl went well. With the guard set, or not: nothing is taken and nothing waits. */
void watch_changed(int epoll, int operation, int fd);

/* The descriptor ends, or its number has a new owner; its row is still as it was. */
void watch_dropped(int fd, struct kiwi_descriptor *d);
/* Its file has got another descriptor. */
static inline void watch_copied(struct kiwi_descriptor *d)
{
    RELAXED_STORE(&d->watcher, KIWI_WATCHER_MANY);
}

/* The thread of this serial has waited. To be told until its loop is found. */
void watch_polled(enum kiwi_call_kind kind, uint64_t object, uint32_t serial);
/* Whether several threads wait for the events of one epoll: who of them waits for something else need not keep the rest
 * waiting. */
bool watch_is_shared(enum kiwi_call_kind kind, uint64_t object);
/* Whether one of the others is there now, so that what comes waits for nobody. */
bool watch_is_covered(const struct thread *t, enum kiwi_call_kind kind, uint64_t object);

/* Whom the wait is for, as far as known: one of KIWI_LOOP_*. object: descriptor of an epoll wait,
 * number of descriptors of a poll; source: the descriptor that was ready, of a poll. */
uint32_t watch_serves(enum kiwi_call_kind kind, uint64_t object, uint64_t source);
#endif
