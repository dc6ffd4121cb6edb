// expect: blocked-loop HIGH
// where: blocked-loop on_client
// allow: lock-across-block lock-contention long-hold lock-starvation
// about: an epoll loop takes a lock that another thread keeps while it writes its snapshot, which sleeps
#include "loop_case.h"
#include <sys/epoll.h>

#define CLIENTS 3

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static int inside[CLIENTS], outside[CLIENTS];
static int writing, done;

static void *write_snapshots(void *unused)
{
    while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST)) {
        must(pthread_mutex_lock(&table_lock), "lock");
        __atomic_store_n(&writing, 1, __ATOMIC_SEQ_CST);
        nap_ms(90);
        __atomic_store_n(&writing, 0, __ATOMIC_SEQ_CST);
        must(pthread_mutex_unlock(&table_lock), "unlock");
        nap_ms(30);
    }
    return unused;
}

static FRAME int on_client(int i)
{
    char word = hear_now(inside[i]);
    if (word == 'x') {
        must(pthread_mutex_lock(&table_lock), "lock");
        must(pthread_mutex_unlock(&table_lock), "unlock");
    }
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
        struct epoll_event events[4];
        int n = epoll_wait(set, events, 4, -1);
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
    for (int i = 0; i < 9; i++)
        say(outside[i % CLIENTS], 'q'), nap_ms(3);
    pthread_t writer = thread_start(write_snapshots, NULL);
    for (int i = 0; i < 6; i++) {
        stage_await(&writing, 1);
        nap_ms(3);
        say(outside[i % CLIENTS], 'x');
        say(outside[(i + 1) % CLIENTS], 'q');
        nap_ms(110);
    }
    __atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
    thread_join(writer);
    for (int i = 0; i < CLIENTS; i++)
        close(outside[i]);
    thread_join(loop);
    return 0;
}
