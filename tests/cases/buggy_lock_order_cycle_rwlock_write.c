// expect: lock-order-cycle CRITICAL
// where:  lock-order-cycle publish
// where:  lock-order-cycle expire
// about: publishing writes the table under the feed's mutex, expiry takes the feed's mutex under the table's write lock
#include "case.h"

static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t feed = PTHREAD_MUTEX_INITIALIZER;
static int entries, published;

static FRAME void publish(void)
{
    pthread_mutex_lock(&feed);
    pthread_rwlock_wrlock(&table);
    entries++;
    pthread_rwlock_unlock(&table);
    pthread_mutex_unlock(&feed);
}

static FRAME void expire(void)
{
    pthread_rwlock_wrlock(&table);
    entries--;
    pthread_mutex_lock(&feed);
    pthread_mutex_unlock(&feed);
    pthread_rwlock_unlock(&table);
}

static void *publisher(void *arg)
{
    publish();
    stage_reach(&published, 1);
    nap_ms(30);
    return arg;
}

static void *expirer(void *arg)
{
    stage_await(&published, 1);
    expire();
    return arg;
}

int main(void)
{
    pthread_t a = thread_start(publisher, NULL), b = thread_start(expirer, NULL);
    thread_join(a);
    thread_join(b);
    return entries;
}
