// expect: unlock-not-owner CRITICAL|HIGH
// where:  unlock-not-owner grant
// about: a mutex serves as a permit that one thread takes and another gives back; the taker does not keep it, so what
// it about: does afterwards (the same lock again, another lock, a wait) happens without it
#include "case.h"

static pthread_mutex_t permit = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t state_lock = PTHREAD_MUTEX_INITIALIZER;
static int taken, granted, state;

static FRAME void grant(int n)
{
    pthread_mutex_unlock(&permit);
    stage_reach(&granted, n);
}

static void *granter(void *arg)
{
    for (int i = 1; i <= 100; i++) {
        stage_await(&taken, i);
        grant(i);
    }
    return arg;
}

static FRAME void use(int n)
{
    struct timespec until = {time(NULL) + 60, 0};
    if (n % 2)
        pthread_mutex_lock(&permit);
    else
        pthread_mutex_timedlock(&permit, &until);
    stage_reach(&taken, n);
    stage_await(&granted, n);
}

int main(void)
{
    pthread_t thread = thread_start(granter, NULL);
    for (int i = 1; i <= 100; i++) {
        use(i);
        if (i == 100)
            break;
        pthread_mutex_lock(&state_lock);
        state++;
        pthread_mutex_unlock(&state_lock);
    }
    thread_join(thread);
    return state != 99;
}
