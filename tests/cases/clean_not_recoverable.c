// expect: none
// about: a robust mutex is given up after its owner died: all that is left to do is to destroy it, and make it anew
#include "case.h"
#include <errno.h>

static pthread_mutex_t table_lock;

static void *dies_inside(void *arg)
{
    must(pthread_mutex_lock(&table_lock), "lock");
    pthread_exit(arg);
}

static FRAME void table_reset(void)
{
    require(pthread_mutex_lock(&table_lock) == EOWNERDEAD, "the owner died");
    must(pthread_mutex_unlock(&table_lock), "unlock");
    require(pthread_mutex_lock(&table_lock) == ENOTRECOVERABLE, "given up");
    must(pthread_mutex_destroy(&table_lock), "destroy");
    mutex_init_kind(&table_lock, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
}

int main(void)
{
    mutex_init_kind(&table_lock, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST);
    for (int i = 0; i < 3; i++) {
        thread_join(thread_start(dies_inside, NULL));
        table_reset();
    }
    must(pthread_mutex_lock(&table_lock), "lock");
    must(pthread_mutex_unlock(&table_lock), "unlock");
    must(pthread_mutex_destroy(&table_lock), "destroy");
    return 0;
}
