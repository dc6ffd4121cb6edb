// expect: lock-across-block HIGH
// where: lock-across-block crawl_restart
// allow: lock-contention long-hold
// about: a supervisor joins a worker that needs another 200 ms with the table lock held; the worker does not want the
// lock
#include "case.h"

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static int restarts, waiting;

static void *crawler(void *arg)
{
    nap_ms(200);
    return arg;
}

static FRAME int crawl_restart(void)
{
    pthread_t thread = thread_start(crawler, NULL);
    pthread_mutex_lock(&table_lock);
    stage_reach(&waiting, 1);
    thread_join(thread);
    int n = ++restarts;
    pthread_mutex_unlock(&table_lock);
    return n;
}

static void *supervisor(void *arg)
{
    *(int *)arg = crawl_restart();
    return NULL;
}

int main(void)
{
    int n = 0;
    pthread_t thread = thread_start(supervisor, &n);
    stage_await(&waiting, 1);
    pthread_mutex_lock(&table_lock);
    int seen = restarts;
    pthread_mutex_unlock(&table_lock);
    thread_join(thread);
    return seen != n;
}
