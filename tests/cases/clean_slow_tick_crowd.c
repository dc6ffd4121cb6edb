// expect: none
// about: many clients speak at once, so that one tick serves sixty of them quickly; in between, ticks are short
#include "loop_case.h"

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
    epoll_serve(inside, CLIENTS, 0, on_client);
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
