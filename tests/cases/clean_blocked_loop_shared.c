// expect: none
// allow: blocked-loop LOW
// about: eight threads wait for events of one epoll and ask a slow backend by blocking calls, never all of them at once
#include "loop_case.h"
#include <sys/eventfd.h>

#define CLIENTS 3
#define THREADS 8

static int set, stop, to_backend[THREADS], backend[THREADS];

static void *serve_backend(void *arg)
{
    char word;
    while ((word = hear(*(int *)arg)) != 0) {
        nap_ms(70);
        say(*(int *)arg, word);
    }
    return NULL;
}

static FRAME void arm(int fd, int operation)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data = {.u32 = (unsigned)fd}};
    require(epoll_ctl(set, operation, fd, &event) == 0, "epoll_ctl");
}

static FRAME void answer(int client, int through)
{
    char word = hear_now(client);
    if (!word)
        return;
    say(through, word);
    say(client, hear(through));
    arm(client, EPOLL_CTL_MOD);
}

static void *serve_clients(void *arg)
{
    struct epoll_event event;
    while (epoll_wait(set, &event, 1, -1) == 1 && event.data.u32 != (unsigned)stop)
        answer((int)event.data.u32, *(int *)arg);
    close(*(int *)arg);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS], backends[THREADS];
    int inside[CLIENTS], outside[CLIENTS];
    struct epoll_event wake = {.events = EPOLLIN};
    set = epoll_create1(0);
    stop = eventfd(0, 0);
    wake.data.u32 = (unsigned)stop;
    require(epoll_ctl(set, EPOLL_CTL_ADD, stop, &wake) == 0, "epoll_ctl");
    for (int i = 0; i < CLIENTS; i++) {
        pair_make(&inside[i], &outside[i]);
        arm(inside[i], EPOLL_CTL_ADD);
    }
    for (int i = 0; i < THREADS; i++) {
        pair_make(&to_backend[i], &backend[i]);
        backends[i] = thread_start(serve_backend, &backend[i]);
        threads[i] = thread_start(serve_clients, &to_backend[i]);
    }
    for (int i = 0; i < 48; i++) {
        for (int k = 0; k < CLIENTS; k++)
            say(outside[k], 'q');
        for (int k = 0; k < CLIENTS; k++)
            require(hear(outside[k]) == 'q', "an answer");
    }
    require(eventfd_write(stop, 1) == 0, "eventfd");
    for (int i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
        thread_join(backends[i]);
    }
    return 0;
}
