// expect: none
// about: a robust mutex outlives its owner: EOWNERDEAD, repair, pthread_mutex_consistent, and on it goes
#include "case.h"
#include <errno.h>

static pthread_mutex_t table_lock;
static int rows, repaired;

static void *dies_inside(void *arg)
{
    must(pthread_mutex_lock(&table_lock), "lock");
    rows = -1;
    pthread_exit(arg);
}

static FRAME int row_add(void)
{
    int error = pthread_mutex_lock(&table_lock);
    if (error == EOWNERDEAD) {
        rows = 0;
        repaired++;
        must(pthread_mutex_consistent(&table_lock), "consistent");
    } else {
        must(error, "lock");
    }
    int n = ++rows;
    must(pthread_mutex_unlock(&table_lock), "unlock");
    return n;
}

static void *worker(void *arg)
{
    for (int i = 0; i < 20; i++)
        row_add();
    return arg;
}

int main(void)
{
    mutex_init_kind(&table_lock, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
    thread_join(thread_start(dies_inside, NULL));
    pthread_t a = thread_start(worker, NULL), b = thread_start(worker, NULL);
    thread_join(a);
    thread_join(b);
    must(pthread_mutex_destroy(&table_lock), "destroy");
    return rows != 40 || repaired != 1;
}
