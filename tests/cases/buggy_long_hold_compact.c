// expect: long-hold MEDIUM
// where:  long-hold append|compact
// allow:  lock-contention
// about:  appending to a log is quick, but every sixtieth append moves all of it together while readers wait at the rwlock
#include "case.h"

static pthread_rwlock_t log_lock = PTHREAD_RWLOCK_INITIALIZER;
static unsigned long records[4096], sum;
static int appended, done;

static FRAME void compact(void)
{
    for (int round = 0; round < 4000; round++)
        for (int i = 0; i < 4096; i++)
            sum = sum * 31 + records[i];
}

static FRAME void append(unsigned long n)
{
    pthread_rwlock_wrlock(&log_lock);
    records[appended++ % 4096] = n;
    if (appended % 60 == 0)
        compact();
    pthread_rwlock_unlock(&log_lock);
}

static void *reader(void *arg)
{
    unsigned long seen = 0;
    for (int i = 0; !__atomic_load_n(&done, __ATOMIC_RELAXED); i++) {
        pthread_rwlock_rdlock(&log_lock);
        seen += records[i % 4096];
        pthread_rwlock_unlock(&log_lock);
        nanosleep(&(struct timespec){0, 200000}, NULL);
    }
    return seen ? arg : NULL;
}

int main(void)
{
    pthread_t readers[2];
    for (int i = 0; i < 2; i++)
        readers[i] = thread_start(reader, &sum);
    for (int i = 0; i < 960; i++) {
        append((unsigned long)i);
        nanosleep(&(struct timespec){0, 200000}, NULL);
    }
    __atomic_store_n(&done, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        thread_join(readers[i]);
    require(sum != 1, "a sum");
    return 0;
}
