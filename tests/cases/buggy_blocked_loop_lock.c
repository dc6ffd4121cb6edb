// expect: blocked-loop HIGH
// where: blocked-loop on_client
// allow: lock-across-block lock-contention long-hold lock-starvation
// about: an epoll loop takes a lock that another thread keeps while it writes its snapshot, which sleeps
#include "loop_case.h"

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
    epoll_serve(inside, CLIENTS, 0, on_client);
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
