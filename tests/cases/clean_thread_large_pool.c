// expect: none
// about: two hundred threads are made in one burst, share the work for a while and are joined in another burst
#include "case.h"

enum { THREADS = 200 };
static int ready, stop;

static void *worker(void *arg)
{
    stage_arrive(&ready);
    while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST))
        nap_ms(20);
    return arg;
}

int main(void)
{
    pthread_t ids[THREADS];
    for (int i = 0; i < THREADS; i++)
        ids[i] = thread_start(worker, NULL);
    stage_await(&ready, THREADS);
    nap_ms(300);
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < THREADS; i++)
        thread_join(ids[i]);
    printf("%d\n", ready);
    return 0;
}
