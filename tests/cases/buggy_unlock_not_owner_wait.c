// expect: unlock-not-owner CRITICAL
// where: unlock-not-owner next_job
// about: a wait on a condition variable with a mutex that the thread has not taken: the wait lets it go all the same
#include "case.h"

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static int jobs;

static FRAME int next_job(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec = (until.tv_nsec + 20000000) % 1000000000;
    pthread_cond_timedwait(&more, &queue_lock, &until);
    int got = jobs;
    pthread_mutex_unlock(&queue_lock);
    return got;
}

int main(void)
{
    return next_job();
}
