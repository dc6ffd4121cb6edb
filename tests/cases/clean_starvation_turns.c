// expect: none
// allow:  lock-contention
// about:  a busy thread lets whoever waits go first: it yields the lock when a counter says that somebody does
#include "case.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t passed = PTHREAD_COND_INITIALIZER;
static int wanting, done;
static unsigned long data[256];

static FRAME void batch(unsigned long n)
{
    pthread_mutex_lock(&lock);
    while (wanting)
        pthread_cond_wait(&passed, &lock);
    for (int round = 0; round < 2000; round++)
        for (int i = 0; i < 256; i++)
            data[i] = data[i] * 31 + n;
    pthread_mutex_unlock(&lock);
}

static FRAME unsigned long look(void)
{
    __atomic_add_fetch(&wanting, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_lock(&lock);
    unsigned long seen = data[0];
    if (!__atomic_sub_fetch(&wanting, 1, __ATOMIC_SEQ_CST))
        pthread_cond_broadcast(&passed);
    pthread_mutex_unlock(&lock);
    return seen;
}

static void *looker(void *arg)
{
    unsigned long sum = 0;
    while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
        sum += look();
        nap_ms(3);
    }
    return sum ? arg : NULL;
}

int main(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        threads[i] = thread_start(looker, data);
    for (unsigned long i = 0; i < 500; i++)
        batch(i);
    __atomic_store_n(&done, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        thread_join(threads[i]);
    return 0;
}
