/* loop_case.h - what the event-loop cases share: pairs of sockets, and computing that is measured by the processor. */
#ifndef LOOP_CASE_H
#define LOOP_CASE_H

#include "case.h"

#include <sys/socket.h>
#include <unistd.h>

static inline __attribute__((unused)) void pair_make(int *one, int *other)
{
    int pair[2];
    require(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0, "socketpair");
    *one = pair[0];
    *other = pair[1];
}

static inline __attribute__((unused)) void say(int fd, char word)
{
    require(write(fd, &word, 1) == 1, "write");
}

/* What came, 0 at the end, '-' if nothing is there. */
static inline __attribute__((unused)) char hear_now(int fd)
{
    char word;
    ssize_t n = recv(fd, &word, 1, MSG_DONTWAIT);
    return n == 1 ? word : n == 0 ? 0 : '-';
}

static inline __attribute__((unused)) char hear(int fd)
{
    char word;
    return read(fd, &word, 1) == 1 ? word : 0;
}

/* Keeps the processor for so long, however much else it has to do. */
static inline __attribute__((unused)) void compute_ms(long ms)
{
    static volatile unsigned long sink;
    struct timespec t;
    long end, now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    end = t.tv_sec * 1000 + t.tv_nsec / 1000000 + ms;
    do {
        for (unsigned i = 0; i < 20000; i++)
            sink = sink * 31 + i;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        now = t.tv_sec * 1000 + t.tv_nsec / 1000000;
    } while (now < end);
}

#endif
