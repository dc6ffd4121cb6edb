// expect: none
// about: two rwlocks are read in both orders and never written while the other is held: readers do not keep readers out
#include "case.h"

static pthread_rwlock_t names = PTHREAD_RWLOCK_INITIALIZER, places = PTHREAD_RWLOCK_INITIALIZER;

static FRAME void read_both(pthread_rwlock_t *first, pthread_rwlock_t *second)
{
    pthread_rwlock_rdlock(first);
    pthread_rwlock_rdlock(second);
    pthread_rwlock_unlock(second);
    pthread_rwlock_unlock(first);
}

static void *forth(void *arg)
{
    for (int i = 0; i < 50; i++)
        read_both(&names, &places);
    return arg;
}

static void *back(void *arg)
{
    for (int i = 0; i < 50; i++)
        read_both(&places, &names);
    return arg;
}

int main(void)
{
    pthread_t a = thread_start(forth, NULL), b = thread_start(back, NULL);
    thread_join(a);
    thread_join(b);
    pthread_rwlock_wrlock(&names);
    pthread_rwlock_unlock(&names);
    return 0;
}
