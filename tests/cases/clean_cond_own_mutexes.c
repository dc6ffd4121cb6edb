// expect: none
// about: one mutex with two condition variables, and one condition variable whose users change the mutex once all have
// left
#include "case.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, other = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t even = PTHREAD_COND_INITIALIZER, odd = PTHREAD_COND_INITIALIZER, go = PTHREAD_COND_INITIALIZER;
static int turn, phase, waiting, left;

static void *player(void *arg)
{
    int me = *(int *)arg;
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&lock);
        while (turn % 2 != me)
            pthread_cond_wait(me ? &odd : &even, &lock);
        turn++;
        pthread_cond_signal(me ? &even : &odd);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void phase_await(pthread_mutex_t *mutex, int which)
{
    pthread_mutex_lock(mutex);
    waiting++;
    while (phase < which)
        pthread_cond_wait(&go, mutex);
    pthread_mutex_unlock(mutex);
    stage_arrive(&left);
}

static void *follower(void *arg)
{
    phase_await(&lock, 1);
    stage_await(&left, 2);
    phase_await(&other, 2);
    return arg;
}

static void phase_set(pthread_mutex_t *mutex, int which)
{
    int all;
    do {
        pthread_mutex_lock(mutex);
        all = waiting == 2 * which;
        if (all) {
            phase = which;
            pthread_cond_broadcast(&go);
        }
        pthread_mutex_unlock(mutex);
        nap_ms(1);
    } while (!all);
}

int main(void)
{
    pthread_t threads[4];
    int sides[2] = {0, 1};
    for (int i = 0; i < 2; i++) {
        threads[i] = thread_start(player, &sides[i]);
        threads[2 + i] = thread_start(follower, NULL);
    }
    phase_set(&lock, 1);
    phase_set(&other, 2);
    for (int i = 0; i < 4; i++)
        thread_join(threads[i]);
    printf("%d %d\n", turn, left);
    return 0;
}
