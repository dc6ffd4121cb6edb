// expect: none
// about: many clients speak at once, so that one tick serves sixty of them quickly; in between, ticks are short
#include "loop_case.h"
#include <sys/epoll.h>

#define CLIENTS 60

static int inside[CLIENTS], outside[CLIENTS];

static FRAME int on_client(int i)
{
    char word = hear_now(inside[i]);
    if (word == 'x')
        compute_ms(1);
    return word != 0;
}

static void *run_loop(void *unused)
{
    int set = epoll_create1(0), open = CLIENTS;
    for (int i = 0; i < CLIENTS; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = (unsigned)i}};
        require(epoll_ctl(set, EPOLL_CTL_ADD, inside[i], &event) == 0, "epoll_ctl");
    }
    while (open > 0) {
        struct epoll_event events[CLIENTS];
        int n = epoll_wait(set, events, CLIENTS, -1);
        for (int k = 0; k < n; k++)
            if (!on_client((int)events[k].data.u32)) {
                epoll_ctl(set, EPOLL_CTL_DEL, inside[events[k].data.u32], NULL);
                open--;
            }
    }
    close(set);
    return unused;
}

int main(void)
{
    for (int i = 0; i < CLIENTS; i++)
        pair_make(&inside[i], &outside[i]);
    pthread_t loop = thread_start(run_loop, NULL);
    for (int round = 0; round < 6; round++) {
        say(outside[0], 'h'); /* the loop wakes up for the first of them, and finds the others then */
        for (int i = 1; i < CLIENTS; i++)
            say(outside[i], 'x');
        nap_ms(20);
    }
    for (int i = 0; i < CLIENTS; i++)
        close(outside[i]);
    thread_join(loop);
    return 0;
}
