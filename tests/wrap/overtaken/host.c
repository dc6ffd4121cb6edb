/* Three times a thread meets a free mutex that another one takes before it does, and holds for a while: on its first
 * lock at a place, on a later one, and while it holds another mutex. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

extern _Atomic(pthread_mutex_t *) overtake, overtaken;

static pthread_mutex_t ledger = PTHREAD_MUTEX_INITIALIZER, outer = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool over;

static void *overtaker(void *unused)
{
    while (!atomic_load(&over)) {
        pthread_mutex_t *m = atomic_load(&overtaken);
        if (!m)
            continue;
        pthread_mutex_lock(m);
        atomic_store(&overtaken, NULL);
        nanosleep(&(struct timespec){0, 30000000}, NULL);
        pthread_mutex_unlock(m);
    }
    return unused;
}

static __attribute__((noinline)) void enter(int times)
{
    for (int i = 0; i < times; i++) {
        if (i == times - 1)
            atomic_store(&overtake, &ledger);
        pthread_mutex_lock(&ledger);
        pthread_mutex_unlock(&ledger);
    }
}

static __attribute__((noinline)) void enter_nested(int times)
{
    for (int i = 0; i < times; i++) {
        pthread_mutex_lock(&outer);
        if (i == times - 1)
            atomic_store(&overtake, &ledger);
        pthread_mutex_lock(&ledger);
        pthread_mutex_unlock(&ledger);
        pthread_mutex_unlock(&outer);
    }
}

int main(void)
{
    pthread_t t;
    if (pthread_create(&t, NULL, overtaker, NULL))
        return 1;
    enter(1);
    enter(50);
    enter_nested(50);
    atomic_store(&over, 1);
    pthread_join(t, NULL);
    puts("done");
    return 0;
}
