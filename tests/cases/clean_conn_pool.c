// expect: none
// about: a pool of forty connections is filled at once, used for a while, and given up; then a few more, now and then
#include "peer.h"

#define POOL 40

static int stop;

static void *serve(void *arg)
{
    int fds[POOL + 8], n = 0;
    while (n < POOL + 6 && (fds[n] = accept(*(int *)arg, NULL, NULL)) >= 0)
        n++;
    stage_await(&stop, 1);
    for (int i = 0; i < n; i++)
        close(fds[i]);
    return NULL;
}

int main(void)
{
    int listener = peer_listen(), pool[POOL];
    pthread_t thread = thread_start(serve, &listener);
    for (int i = 0; i < POOL; i++)
        pool[i] = peer_dial(5000);
    for (int i = 0; i < 6; i++) {
        nap_ms(150);
        close(peer_dial(5000));
    }
    for (int i = 0; i < POOL; i++)
        close(pool[i]);
    stage_reach(&stop, 1);
    thread_join(thread);
    close(listener);
    return 0;
}
