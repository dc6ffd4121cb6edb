// expect: none
// about: an orderly end: stop flag, broadcast, join, and only then destroy of the cond and the mutexes
#include "case.h"
#include <stdbool.h>

static pthread_mutex_t pool_lock;
static pthread_cond_t pool_work;
static bool stop;
static int jobs, done;

static void *worker(void *arg)
{
    pthread_mutex_lock(&pool_lock);
    for (;;) {
        while (!jobs && !stop)
            pthread_cond_wait(&pool_work, &pool_lock);
        if (!jobs)
            break;
        jobs--;
        done++;
    }
    pthread_mutex_unlock(&pool_lock);
    return arg;
}

int main(void)
{
    pthread_t threads[4];
    must(pthread_mutex_init(&pool_lock, NULL), "init");
    must(pthread_cond_init(&pool_work, NULL), "init");
    for (int i = 0; i < 4; i++)
        threads[i] = thread_start(worker, NULL);
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&pool_lock);
        jobs++;
        pthread_cond_signal(&pool_work);
        pthread_mutex_unlock(&pool_lock);
    }
    pthread_mutex_lock(&pool_lock);
    stop = true;
    pthread_mutex_unlock(&pool_lock);
    pthread_cond_broadcast(&pool_work);
    for (int i = 0; i < 4; i++)
        thread_join(threads[i]);
    must(pthread_cond_destroy(&pool_work), "destroy");
    must(pthread_mutex_destroy(&pool_lock), "destroy");
    return done != 50;
}
