// expect: none
// about: the process ends while threads, and main, hold locks: no thread ended before it
#include "case.h"
#include <unistd.h>

static pthread_mutex_t state_lock = PTHREAD_MUTEX_INITIALIZER, main_lock = PTHREAD_MUTEX_INITIALIZER;
static int stage;

static void *keeper(void *arg)
{
    pthread_mutex_lock(&state_lock);
    stage_reach(&stage, 1);
    for (;;)
        sched_yield();
    return arg;
}

int main(void)
{
    pthread_t thread = thread_start(keeper, NULL);
    must(pthread_detach(thread), "pthread_detach");
    stage_await(&stage, 1);
    pthread_mutex_lock(&main_lock);
    return 0;
}
