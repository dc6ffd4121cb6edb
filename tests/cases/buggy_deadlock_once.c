// expect: deadlock CRITICAL
// allow: lock-order-cycle
// where: deadlock catalog_load|catalog_refresh
// kill: 3
// about: a once function wants a lock whose holder waits for the once function to end
#include "case.h"

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t catalog_once = PTHREAD_ONCE_INIT;
static int stage, entries;

static FRAME void catalog_load(void)
{
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    pthread_mutex_lock(&registry_lock);
    entries++;
    pthread_mutex_unlock(&registry_lock);
}

static FRAME int catalog_refresh(void)
{
    pthread_mutex_lock(&registry_lock);
    stage_reach(&stage, 2);
    must(pthread_once(&catalog_once, catalog_load), "pthread_once");
    int n = entries;
    pthread_mutex_unlock(&registry_lock);
    return n;
}

static void *loader(void *arg)
{
    must(pthread_once(&catalog_once, catalog_load), "pthread_once");
    return arg;
}

static void *refresher(void *arg)
{
    stage_await(&stage, 1);
    *(int *)arg = catalog_refresh();
    return NULL;
}

int main(void)
{
    int n = 0;
    pthread_t a = thread_start(loader, NULL), b = thread_start(refresher, &n);
    thread_join(a);
    thread_join(b);
    return n != 1;
}
