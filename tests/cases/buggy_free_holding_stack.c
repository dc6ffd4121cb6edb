// expect: free-holding-lock CRITICAL
// where: free-holding-lock help
// about: a thread lends a mutex on its stack to a helper, and ends while the helper is still inside
#include "case.h"

static int stage;

static FRAME void help(pthread_mutex_t *lock)
{
    pthread_mutex_lock(lock);
    stage_reach(&stage, 1);
    stage_await(&stage, 2);
}

static void *helper(void *lock)
{
    help(lock);
    stage_await(&stage, 3);
    return NULL;
}

static void *boss(void *arg)
{
    pthread_mutex_t lock;
    pthread_t thread;
    must(pthread_mutex_init(&lock, NULL), "init");
    thread = thread_start(helper, &lock);
    must(pthread_detach(thread), "detach");
    stage_await(&stage, 1);
    return arg;
}

int main(void)
{
    thread_join(thread_start(boss, NULL));
    stage_reach(&stage, 2);
    nap_ms(10);
    return 0;
}
