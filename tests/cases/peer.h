/*
 * peer.h - what the cases about connections share: a listener, and clients with a limit on their waits.
 */
#ifndef CASE_PEER_H
#define CASE_PEER_H

#include "case.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static struct sockaddr_in peer_address;

static inline int peer_listen(void)
{
    socklen_t size = sizeof peer_address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    peer_address.sin_family = AF_INET;
    peer_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(bind(fd, (struct sockaddr *)&peer_address, size) == 0 && listen(fd, 64) == 0 &&
                    getsockname(fd, (struct sockaddr *)&peer_address, &size) == 0,
            "a listener");
    return fd;
}

/* limit_ms 0: none. */
static inline int peer_dial(int limit_ms)
{
    struct timeval limit = {limit_ms / 1000, limit_ms % 1000 * 1000};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (limit_ms) {
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    require(connect(fd, (struct sockaddr *)&peer_address, sizeof peer_address) == 0, "connected");
    return fd;
}

static inline void peer_send(int fd, const void *bytes, size_t size)
{
    require(send(fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size, "sent");
}

/* false: the other side has closed. */
static inline int peer_receive(int fd, void *bytes, size_t size)
{
    return recv(fd, bytes, size, MSG_WAITALL) == (ssize_t)size;
}

#define PEER_MESSAGE 16

/* A thread that answers one request of PEER_MESSAGE bytes to the listener *arg, after a while. */
static inline void *peer_answer_late(void *arg)
{
    char text[PEER_MESSAGE];
    int client = accept(*(int *)arg, NULL, NULL);
    require(peer_receive(client, text, sizeof text), "a request");
    nap_ms(150);
    peer_send(client, text, sizeof text);
    close(client);
    return NULL;
}

/* A listener, its late answer, and a connection to it that does not block, for `fetch` (1 = it got its answer). */
static inline int peer_fetch(int (*fetch)(int))
{
    int listener = peer_listen();
    pthread_t thread = thread_start(peer_answer_late, &listener);
    int fd = peer_dial(1000);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    int found = fetch(fd);
    thread_join(thread);
    close(fd);
    close(listener);
    return found;
}
#endif
