/*
 * peer.h - addresses that this process connects to, by the place that does: how often, and for how long. And who has
 * connected to it.
 *
 *     peer_dialled(t, fd, &(struct peer_dial){address, length, stack, begin, error});
 *     peer_answered(t, fd, error);     // what a connect in the background came to, by getsockopt(SO_ERROR)
 *     peer_closing(t, fd);             // before the real close
 *     peer_accepted(t, fd);            // accept returned it, and descriptor_born has been told
 *
 * Connections that were accepted have no row: there are as many as clients, so each descriptor keeps its own. Connects
 * of sockets that keep messages apart (UDP) set a default address and make no connection: they are left out. A connect
 * that failed goes on to failure.h.
 */
#ifndef KIWI_PEER_H
#define KIWI_PEER_H

#include "descriptor.h"

#include <sys/socket.h>

struct peer_dial {
    const struct sockaddr *address;
    socklen_t length;
    uint32_t stack;
    uint64_t begin; /* ticks, 0 = a moment ago */
    int error;      /* errno of connect, 0 = connected, EINPROGRESS = in the background */
};

/* With the thread's guard set, as all below. */
void peer_dialled(struct thread *t, int fd, const struct peer_dial *dial);
void peer_answered(struct thread *t, int fd, int error);
void peer_closing(int fd);
void peer_accepted(struct thread *t, int fd);
#endif
