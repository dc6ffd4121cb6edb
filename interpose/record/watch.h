/*
 * watch.h - whether a thread that waits for events serves others besides the one connection that it works for.
 *
 * A process or thread that serves one client waits for it together with whatever wakes it up (a signalfd, an eventfd, a
 * pipe): what it does for that client, however long, keeps nobody else waiting. An epoll descriptor's row counts what
 * it watches; connections that are closed without EPOLL_CTL_DEL stay counted, which makes it look like a loop of many.
 */
#ifndef KIWI_WATCH_H
#define KIWI_WATCH_H

#include "descriptor.h"

/* epoll_ctl went well. With the guard set, or not: nothing is taken and nothing waits. */
void watch_changed(int epoll, int operation, int fd);

/* Whom the wait is for, as far as known: KIWI_LOOP_CLIENT or KIWI_LOOP_SEVERAL. object: descriptor of an epoll wait,
 * number of descriptors of a poll; source: the descriptor that was ready, of a poll. */
uint32_t watch_serves(enum kiwi_call_kind kind, uint64_t object, uint64_t source);
#endif
