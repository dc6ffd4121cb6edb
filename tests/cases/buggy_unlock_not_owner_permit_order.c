// expect: unlock-not-owner CRITICAL|HIGH
// where:  unlock-not-owner grant
// about: a mutex serves as a permit that another thread gives back; whoever took it holds nothing afterwards, so the
// lock about: that it takes next does not come after the permit, and the other order elsewhere closes no cycle
#include "case.h"

static pthread_mutex_t permit = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t state_lock = PTHREAD_MUTEX_INITIALIZER;
static int taken, granted, turn, state;

static FRAME void grant(int n)
{
    pthread_mutex_unlock(&permit);
    stage_reach(&granted, n);
}

static FRAME void count(void)
{
    pthread_mutex_lock(&state_lock);
    state++;
    pthread_mutex_unlock(&state_lock);
}

static FRAME void use(int n)
{
    pthread_mutex_lock(&permit);
    stage_reach(&taken, n);
    stage_await(&granted, n);
    count();
}

static void *granter(void *arg)
{
    for (int i = 1; i <= 20; i++) {
        stage_await(&taken, i);
        grant(i);
    }
    stage_await(&turn, 1);
    pthread_mutex_lock(&state_lock); /* the other order, with both really held */
    pthread_mutex_lock(&permit);
    state++;
    pthread_mutex_unlock(&permit);
    pthread_mutex_unlock(&state_lock);
    return arg;
}

int main(void)
{
    pthread_t thread = thread_start(granter, NULL);
    for (int i = 1; i <= 20; i++)
        use(i);
    stage_reach(&turn, 1);
    thread_join(thread);
    return state != 21;
}
