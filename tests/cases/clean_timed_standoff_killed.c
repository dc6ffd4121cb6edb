// expect: none
// allow: lock-order-cycle
// kill: 0.5
// about: killed while two threads wait for each other, but each with a deadline: a stall that would have resolved
#include "case.h"

static pthread_mutex_t left_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t right_lock = PTHREAD_MUTEX_INITIALIZER;
static int holding;

static FRAME int hold_and_try(pthread_mutex_t *mine, pthread_mutex_t *theirs)
{
    struct timespec deadline = deadline_ms(CLOCK_REALTIME, 1200);
    pthread_mutex_lock(mine);
    stage_arrive(&holding);
    stage_await(&holding, 2);
    int error = pthread_mutex_timedlock(theirs, &deadline);
    if (!error)
        pthread_mutex_unlock(theirs);
    pthread_mutex_unlock(mine);
    return error;
}

static void *lefty(void *arg)
{
    hold_and_try(&left_lock, &right_lock);
    return arg;
}

static void *righty(void *arg)
{
    hold_and_try(&right_lock, &left_lock);
    return arg;
}

int main(void)
{
    pthread_t a = thread_start(lefty, NULL), b = thread_start(righty, NULL);
    thread_join(a);
    thread_join(b);
    return 0;
}
