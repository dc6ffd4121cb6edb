// expect: none
// allow: lock-order-cycle LOW
// about: detached workers count themselves off under a mutex; the other order follows when all have
#include "case.h"

#define WORKERS 5

static pthread_mutex_t jobs = PTHREAD_MUTEX_INITIALIZER, stats = PTHREAD_MUTEX_INITIALIZER,
                       lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_done = PTHREAD_COND_INITIALIZER;
static int left = WORKERS, sum;

static FRAME void work(void)
{
    pthread_mutex_lock(&jobs);
    pthread_mutex_lock(&stats);
    sum++;
    pthread_mutex_unlock(&stats);
    pthread_mutex_unlock(&jobs);
}

static FRAME void close_books(void)
{
    pthread_mutex_lock(&stats);
    pthread_mutex_lock(&jobs);
    sum++;
    pthread_mutex_unlock(&jobs);
    pthread_mutex_unlock(&stats);
}

static void *worker(void *arg)
{
    for (int i = 0; i < 30; i++)
        work();
    pthread_mutex_lock(&lock);
    left--;
    pthread_cond_signal(&all_done);
    pthread_mutex_unlock(&lock);
    return arg;
}

int main(void)
{
    for (int i = 0; i < WORKERS; i++)
        must(pthread_detach(thread_start(worker, NULL)), "pthread_detach");
    pthread_mutex_lock(&lock);
    while (left)
        pthread_cond_wait(&all_done, &lock);
    pthread_mutex_unlock(&lock);
    close_books();
    return sum == WORKERS * 30 + 1 ? 0 : 1;
}
