// expect: destroy-busy CRITICAL
// where: destroy-busy registry_drop
// about: the registry is dropped while another thread iterates over it; destroy returns EBUSY, the caller prints and
// goes on
#include "case.h"
#include <errno.h>

static pthread_mutex_t registry_lock;
static int stage, entries = 4;

static FRAME int registry_walk(void)
{
    int n = 0;
    pthread_mutex_lock(&registry_lock);
    stage_reach(&stage, 1);
    for (int i = 0; i < entries; i++)
        n += i;
    stage_await(&stage, 2);
    pthread_mutex_unlock(&registry_lock);
    return n;
}

static FRAME int registry_drop(void)
{
    int error = pthread_mutex_destroy(&registry_lock);
    if (error == EBUSY)
        printf("registry is busy\n");
    return error;
}

static void *walker(void *arg)
{
    *(int *)arg = registry_walk();
    return NULL;
}

int main(void)
{
    int n = 0;
    mutex_init_kind(&registry_lock, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    pthread_t thread = thread_start(walker, &n);
    stage_await(&stage, 1);
    int error = registry_drop();
    stage_reach(&stage, 2);
    thread_join(thread);
    return error != EBUSY || n != 6;
}
