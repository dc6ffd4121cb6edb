// expect: none
// allow: lock-order-cycle LOW
// about: rounds in turn one way and the other, kept apart by a barrier made of a mutex and a condition variable
#include "case.h"

#define WORKERS 3

static pthread_mutex_t rows = PTHREAD_MUTEX_INITIALIZER, columns = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int arrived, turn, cells;

static FRAME void wait_for_all(void)
{
    pthread_mutex_lock(&gate);
    int mine = turn;
    if (++arrived == WORKERS) {
        arrived = 0;
        turn++;
        pthread_cond_broadcast(&turned);
    }
    while (mine == turn)
        pthread_cond_wait(&turned, &gate);
    pthread_mutex_unlock(&gate);
}

static FRAME void sweep(pthread_mutex_t *outer, pthread_mutex_t *inner)
{
    for (int i = 0; i < 20; i++) {
        pthread_mutex_lock(outer);
        pthread_mutex_lock(inner);
        cells++;
        pthread_mutex_unlock(inner);
        pthread_mutex_unlock(outer);
    }
}

static void *worker(void *arg)
{
    for (int round = 0; round < 12; round++) {
        if (round % 2)
            sweep(&rows, &columns);
        else
            sweep(&columns, &rows);
        wait_for_all();
    }
    return arg;
}

int main(void)
{
    pthread_t threads[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        threads[i] = thread_start(worker, NULL);
    for (int i = 0; i < WORKERS; i++)
        thread_join(threads[i]);
    return cells == WORKERS * 12 * 20 ? 0 : 1;
}
