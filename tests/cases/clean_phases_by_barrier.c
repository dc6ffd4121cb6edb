// expect: none
// allow: lock-order-cycle LOW
// about: two phases take two locks in opposite order; a barrier between them lets no two threads meet in it
#include "case.h"

static pthread_barrier_t phase;
static pthread_mutex_t index_lock = PTHREAD_MUTEX_INITIALIZER, store_lock = PTHREAD_MUTEX_INITIALIZER;
static int loaded, served;

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

static void *worker(void *arg)
{
    for (int i = 0; i < 10; i++)
        load();
    pthread_barrier_wait(&phase);
    for (int i = 0; i < 10; i++)
        serve();
    return arg;
}

int main(void)
{
    pthread_t threads[3];
    must(pthread_barrier_init(&phase, NULL, 3), "pthread_barrier_init");
    for (int i = 0; i < 3; i++)
        threads[i] = thread_start(worker, NULL);
    for (int i = 0; i < 3; i++)
        thread_join(threads[i]);
    must(pthread_barrier_destroy(&phase), "pthread_barrier_destroy");
    return loaded + served != 60;
}
