// expect: self-deadlock CRITICAL
// where:  self-deadlock refresh
// kill:   1
// about: a reader finds its entry stale and takes the write lock to refresh it while it still reads
#include "case.h"

static pthread_rwlock_t cache = PTHREAD_RWLOCK_INITIALIZER;
static int version, wanted = 1;

static FRAME void refresh(void)
{
    pthread_rwlock_wrlock(&cache);
    version = wanted;
    pthread_rwlock_unlock(&cache);
}

static FRAME int lookup(void)
{
    pthread_rwlock_rdlock(&cache);
    if (version != wanted)
        refresh();
    int n = version;
    pthread_rwlock_unlock(&cache);
    return n;
}

static void *reader(void *arg)
{
    *(int *)arg = lookup();
    return NULL;
}

int main(void)
{
    int seen = 0;
    pthread_t t = thread_start(reader, &seen);
    thread_join(t);
    return seen != 1;
}
