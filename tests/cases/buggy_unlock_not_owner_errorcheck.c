// expect: unlock-not-owner MEDIUM
// where: unlock-not-owner cache_purge
// about: an error-checking mutex says EPERM to the unlock of a thread that has just given it back, and nobody listens
#include "case.h"

static pthread_mutex_t cache_lock;
static int entries = 10;

static FRAME int cache_purge(int all)
{
    pthread_mutex_lock(&cache_lock);
    if (all) {
        entries = 0;
        pthread_mutex_unlock(&cache_lock);
    }
    pthread_mutex_unlock(&cache_lock);
    return all;
}

static void *janitor(void *arg)
{
    cache_purge(0);
    cache_purge(1);
    return arg;
}

int main(void)
{
    mutex_init_kind(&cache_lock, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    thread_join(thread_start(janitor, NULL));
    pthread_mutex_destroy(&cache_lock);
    return entries;
}
