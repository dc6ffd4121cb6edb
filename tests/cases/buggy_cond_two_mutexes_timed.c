// expect: cond-two-mutexes CRITICAL
// where: cond-two-mutexes session_expire|session_expect
// about: timers and readers of a session use a lock each, and wait on the session's one condition variable with a time
// limit
#include "case.h"

static struct {
    pthread_mutex_t timer_lock, data_lock;
    pthread_cond_t changed;
    int data;
} session = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
static int stop;

static FRAME int session_wait(pthread_mutex_t *lock)
{
    struct timespec until = deadline_ms(CLOCK_REALTIME, 60);
    pthread_mutex_lock(lock);
    int result = pthread_cond_timedwait(&session.changed, lock, &until);
    pthread_mutex_unlock(lock);
    return result;
}

static FRAME int session_expire(void)
{
    return session_wait(&session.timer_lock) + 1;
}

static FRAME int session_expect(void)
{
    return session_wait(&session.data_lock) + 1;
}

static void *timer(void *arg)
{
    while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST))
        session_expire();
    return arg;
}

int main(void)
{
    pthread_t thread = thread_start(timer, NULL);
    for (int i = 0; i < 8; i++)
        session_expect();
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    thread_join(thread);
    printf("done\n");
    return 0;
}
