// expect: none
// allow: lock-order-cycle LOW
// about: two phases take two locks in opposite order; a barrier made of a futex between them, whose waiters sleep
#include "case.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t index_lock = PTHREAD_MUTEX_INITIALIZER, store_lock = PTHREAD_MUTEX_INITIALIZER;
static int loaded, served, arrived, phase;
static long loader_id;

/* The last one wakes all the others. */
static FRAME void barrier_wait(int threads)
{
    int before = __atomic_load_n(&phase, __ATOMIC_SEQ_CST);

    if (stage_arrive(&arrived) == threads) {
        stage_reach(&phase, before + 1);
        syscall(SYS_futex, &phase, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX, NULL, NULL, 0);
        return;
    }
    while (__atomic_load_n(&phase, __ATOMIC_SEQ_CST) == before)
        syscall(SYS_futex, &phase, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, before, NULL, NULL, 0);
}

static FRAME void load(void)
{
    pthread_mutex_lock(&index_lock);
    pthread_mutex_lock(&store_lock);
    loaded++;
    pthread_mutex_unlock(&store_lock);
    pthread_mutex_unlock(&index_lock);
}

static FRAME void serve(void)
{
    pthread_mutex_lock(&store_lock);
    pthread_mutex_lock(&index_lock);
    served++;
    pthread_mutex_unlock(&index_lock);
    pthread_mutex_unlock(&store_lock);
}

static void *loader(void *arg)
{
    load();
    __atomic_store_n(&loader_id, syscall(SYS_gettid), __ATOMIC_SEQ_CST);
    barrier_wait(2);
    return arg;
}

/* The barrier keeps the loader's part before this, although the loader was the one that waited. */
static void *server(void *arg)
{
    thread_await_sleep(&loader_id); /* in the barrier: it sleeps nowhere else from then on */
    barrier_wait(2);
    serve();
    return arg;
}

int main(void)
{
    pthread_t first = thread_start(loader, NULL), second = thread_start(server, NULL);

    thread_join(first);
    thread_join(second);
    return loaded + served != 2;
}
