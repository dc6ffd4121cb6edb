// expect: destroy-busy
// where:  destroy-busy pool_close
// allow:  use-after-destroy
// about:  a pool is closed, and its semaphore destroyed, while a thread still waits for a place in it
#include "case.h"

#include <errno.h>
#include <semaphore.h>
#include <stdint.h>

static struct pool {
    sem_t places;
    int waiting;
} pool;
static int result;

static void *user(void *arg)
{
    struct timespec until = deadline_ms(CLOCK_REALTIME, 20000);
    stage_reach(&pool.waiting, 1);
    while ((result = sem_timedwait(&pool.places, &until)) && errno == EINTR)
        ;
    return arg;
}

static FRAME void pool_close(struct pool *p)
{
    must(sem_destroy(&p->places), "sem_destroy");
}

int main(void)
{
    sem_init(&pool.places, 0, 0);
    pthread_t thread = thread_start(user, NULL);
    stage_await(&pool.waiting, 1);
    while (!(__atomic_load_n((uint64_t *)(void *)&pool.places, __ATOMIC_RELAXED) >> 32))
        sched_yield(); /* glibc counts the waiters there */
    pool_close(&pool);
    sem_post(&pool.places);
    thread_join(thread);
    require(!result, "it got a place");
    return 0;
}
