// expect: deadlock CRITICAL
// allow: lock-across-block LOW|MEDIUM|HIGH
// where: deadlock finish_round
// kill: 2
// about: comes to a barrier with the lock in hand that the other thread needs on its way there
#include "case.h"

static pthread_mutex_t totals_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t round_end;
static int totals, locked;

static FRAME void finish_round(void)
{
    pthread_mutex_lock(&totals_lock);
    stage_reach(&locked, 1);
    totals++;
    pthread_barrier_wait(&round_end);
    pthread_mutex_unlock(&totals_lock);
}

static void *first(void *arg)
{
    finish_round();
    return arg;
}

static void *second(void *arg)
{
    stage_await(&locked, 1);
    finish_round();
    return arg;
}

int main(void)
{
    must(pthread_barrier_init(&round_end, NULL, 2), "pthread_barrier_init");
    pthread_t a = thread_start(first, NULL), b = thread_start(second, NULL);
    thread_join(a);
    thread_join(b);
    return 0;
}
