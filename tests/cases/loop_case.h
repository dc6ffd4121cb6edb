/* loop_case.h - what the event-loop cases share: pairs of sockets, and computing that is measured by the processor. */
#ifndef LOOP_CASE_H
#define LOOP_CASE_H

#include "case.h"

#include <sys/epoll.h>
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

#define EPOLL_EVENTS 64

/* An epoll loop that gives each of these descriptors that is ready to `on_event`, by its index, until this has answered
 * 0 for each of the first `count`; an event of the `wakers` behind them ends nothing. */
static inline __attribute__((unused)) void epoll_serve(const int *fds, int count, int wakers, int (*on_event)(int))
{
    int set = epoll_create1(0), open = count;
    for (int i = 0; i < count + wakers; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = (unsigned)i}};
        require(epoll_ctl(set, EPOLL_CTL_ADD, fds[i], &event) == 0, "epoll_ctl");
    }
    while (open > 0) {
        struct epoll_event events[EPOLL_EVENTS];
        int n = epoll_wait(set, events, EPOLL_EVENTS, -1);
        for (int k = 0; k < n; k++)
            if (!on_event((int)events[k].data.u32)) {
                epoll_ctl(set, EPOLL_CTL_DEL, fds[events[k].data.u32], NULL);
                open--;
            }
    }
    close(set);
}

#endif
