// expect: none
// about: trylock as a probe: of a lock that this thread has, that another one has, and of a recursive one
#include "case.h"
#include <errno.h>

static pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER, recursive;
static int stage;

static void *other(void *arg)
{
    require(pthread_mutex_trylock(&plain) == EBUSY, "busy for others");
    require(pthread_mutex_trylock(&recursive) == EBUSY, "busy for others");
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
    must(pthread_mutex_trylock(&plain), "free again");
    must(pthread_mutex_unlock(&plain), "unlock");
    return arg;
}

int main(void)
{
    mutex_init_kind(&recursive, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED);
    must(pthread_mutex_lock(&plain), "lock");
    must(pthread_mutex_lock(&recursive), "lock");
    require(pthread_mutex_trylock(&plain) == EBUSY, "busy for its owner");
    must(pthread_mutex_trylock(&recursive), "its owner may again");
    pthread_t thread = thread_start(other, NULL);
    stage_await(&stage, 1);
    must(pthread_mutex_unlock(&recursive), "unlock");
    must(pthread_mutex_unlock(&recursive), "unlock");
    must(pthread_mutex_unlock(&plain), "unlock");
    stage_reach(&stage, 2);
    thread_join(thread);
    must(pthread_mutex_destroy(&recursive), "destroy");
    return 0;
}
