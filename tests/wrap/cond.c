/* Condition variables: every wait on both clocks, errors, recursive mutexes, other processes, and the end of
 * waiters. */
#include "transcript.h"

#include <sys/mman.h>

struct meeting {
    pthread_mutex_t m;
    pthread_cond_t c;
    int ready, seen;
};

static void meeting_open(struct meeting *m, int type, int shared, clockid_t clock)
{
    pthread_mutexattr_t mutex_attr;
    pthread_condattr_t cond_attr;
    pthread_mutexattr_init(&mutex_attr);
    pthread_mutexattr_settype(&mutex_attr, type);
    pthread_mutexattr_setpshared(&mutex_attr, shared);
    pthread_condattr_init(&cond_attr);
    pthread_condattr_setpshared(&cond_attr, shared);
    pthread_condattr_setclock(&cond_attr, clock);
    outcome("mutex init", pthread_mutex_init(&m->m, &mutex_attr));
    outcome("cond init", pthread_cond_init(&m->c, &cond_attr));
    m->ready = m->seen = 0;
}

static void meeting_close(struct meeting *m)
{
    outcome("cond destroy", pthread_cond_destroy(&m->c));
    outcome("mutex destroy", pthread_mutex_destroy(&m->m));
}

static const char *owner(const pthread_mutex_t *m)
{
    return m->__data.__owner == gettid() ? "mine" : m->__data.__owner ? "another's" : "free";
}

static void timeouts(clockid_t clock)
{
    struct meeting m;
    uint64_t since = now_ns();
    struct timespec until = in_ms(clock, 10), bad = {0, 1000000000}, past = {1, 0};
    meeting_open(&m, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PROCESS_PRIVATE, clock);
    outcome("wait without the mutex", pthread_cond_wait(&m.c, &m.m));
    pthread_mutex_lock(&m.m);
    int error = pthread_cond_timedwait(&m.c, &m.m, &until);
    say("timedwait: %s, %s", error_name(error), waited(since, 9));
    say("the mutex is %s", owner(&m.m));
    outcome("bad time", pthread_cond_timedwait(&m.c, &m.m, &bad));
    outcome("past", pthread_cond_timedwait(&m.c, &m.m, &past));
    since = now_ns();
    until = in_ms(CLOCK_MONOTONIC, 10);
    error = pthread_cond_clockwait(&m.c, &m.m, CLOCK_MONOTONIC, &until);
    say("clockwait monotonic: %s, %s", error_name(error), waited(since, 9));
    until = in_ms(CLOCK_REALTIME, 10);
    outcome("clockwait realtime", pthread_cond_clockwait(&m.c, &m.m, CLOCK_REALTIME, &until));
    outcome("clockwait bad clock", pthread_cond_clockwait(&m.c, &m.m, 77, &until));
    say("the mutex is %s", owner(&m.m));
    outcome("unlock", pthread_mutex_unlock(&m.m));
    outcome("signal nobody", pthread_cond_signal(&m.c));
    outcome("broadcast to nobody", pthread_cond_broadcast(&m.c));
    meeting_close(&m);
}

static void *wait_for_ready(void *arg)
{
    struct meeting *m = arg;
    int error = 0;
    pthread_mutex_lock(&m->m);
    m->seen++;
    while (!m->ready && !error)
        error = pthread_cond_wait(&m->c, &m->m);
    m->ready--;
    if (m->m.__data.__owner != gettid() || error)
        say("woken with the mutex %s, %s", owner(&m->m), error_name(error));
    pthread_mutex_unlock(&m->m);
    return NULL;
}

static void wait_until_seen(struct meeting *m, int n)
{
    for (int seen = 0; seen < n; usleep(200)) {
        pthread_mutex_lock(&m->m);
        seen = m->seen;
        pthread_mutex_unlock(&m->m);
    }
}

static void wake(int type, bool broadcast)
{
    struct meeting m;
    pthread_t waiters[4];
    say("-- wake, mutex type %d", type);
    meeting_open(&m, type, PTHREAD_PROCESS_PRIVATE, CLOCK_REALTIME);
    for (int i = 0; i < 4; i++)
        waiters[i] = start(wait_for_ready, &m);
    wait_until_seen(&m, 4);
    pthread_mutex_lock(&m.m);
    m.ready = 4;
    if (broadcast)
        outcome("broadcast", pthread_cond_broadcast(&m.c));
    for (int i = 0; i < 4 && !broadcast; i++)
        outcome("signal", pthread_cond_signal(&m.c));
    pthread_mutex_unlock(&m.m);
    if (broadcast)
        outcome("destroy while they leave", pthread_cond_destroy(&m.c));
    for (int i = 0; i < 4; i++)
        finish(waiters[i]);
    if (!broadcast)
        outcome("destroy", pthread_cond_destroy(&m.c));
    outcome("mutex destroy", pthread_mutex_destroy(&m.m));
}

static void unlock_in_cleanup(void *arg)
{
    struct meeting *m = arg;
    say("cleanup: the mutex is %s", owner(&m->m));
    outcome("unlock in cleanup", pthread_mutex_unlock(&m->m));
}

static void *wait_to_be_cancelled(void *arg)
{
    struct meeting *m = arg;
    struct timespec until = in_ms(CLOCK_REALTIME, 60000);
    pthread_mutex_lock(&m->m);
    pthread_cleanup_push(unlock_in_cleanup, m);
    int how = m->seen++;
    for (;;)
        if (how == 0)
            pthread_cond_wait(&m->c, &m->m);
        else if (how == 1)
            pthread_cond_timedwait(&m->c, &m->m, &until);
        else
            pthread_cond_clockwait(&m->c, &m->m, CLOCK_REALTIME, &until);
    pthread_cleanup_pop(0);
    return NULL;
}

static void cancelled(int type)
{
    struct meeting m;
    say("-- cancelled, mutex type %d", type);
    meeting_open(&m, type, PTHREAD_PROCESS_PRIVATE, CLOCK_REALTIME);
    for (int i = 1; i <= 3; i++) {
        pthread_t waiter = start(wait_to_be_cancelled, &m);
        wait_until_seen(&m, i);
        pthread_cancel(waiter);
        say("ended by %s", finish(waiter) == PTHREAD_CANCELED ? "cancellation" : "itself");
    }
    outcome("the mutex is free: lock", pthread_mutex_lock(&m.m));
    outcome("unlock", pthread_mutex_unlock(&m.m));
    meeting_close(&m);
}

/* A cancellation request that came before the wait acts in it; one more handler inside locks another mutex. */
static void *wait_with_pending_cancel(void *arg)
{
    struct meeting *m = arg;
    pthread_mutex_lock(&m->m);
    pthread_cleanup_push(unlock_in_cleanup, m);
    pthread_cancel(pthread_self());
    pthread_cond_wait(&m->c, &m->m);
    say("not reached");
    pthread_cleanup_pop(0);
    return NULL;
}

static void pending(void)
{
    struct meeting m;
    say("-- pending cancellation");
    meeting_open(&m, PTHREAD_MUTEX_NORMAL, PTHREAD_PROCESS_PRIVATE, CLOCK_MONOTONIC);
    say("ended by %s", finish(start(wait_with_pending_cancel, &m)) == PTHREAD_CANCELED ? "cancellation" : "itself");
    meeting_close(&m);
}

static void between_processes(void)
{
    say("-- between processes");
    struct meeting *m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    meeting_open(m, PTHREAD_MUTEX_NORMAL, PTHREAD_PROCESS_SHARED, CLOCK_REALTIME);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        wait_for_ready(m);
        pthread_mutex_lock(&m->m);
        m->seen = 100;
        pthread_cond_broadcast(&m->c);
        pthread_mutex_unlock(&m->m);
        _exit(7);
    }
    wait_until_seen(m, 1);
    pthread_mutex_lock(&m->m);
    m->ready = 1;
    pthread_cond_signal(&m->c);
    while (m->seen < 100)
        pthread_cond_wait(&m->c, &m->m);
    say("woken by the child");
    pthread_mutex_unlock(&m->m);
    child_ended("child", pid);
    meeting_close(m);
    munmap(m, sizeof *m);
}

static void pass_a_baton(void)
{
    static struct meeting m = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
    pthread_t other = start(wait_for_ready, &m);
    for (int i = 0; i < 300; i++) {
        pthread_mutex_lock(&m.m);
        m.ready = 1;
        pthread_cond_signal(&m.c);
        pthread_mutex_unlock(&m.m);
        pthread_join(other, NULL);
        other = start(wait_for_ready, &m);
    }
    pthread_mutex_lock(&m.m);
    m.ready = 1;
    pthread_mutex_unlock(&m.m);
    pthread_cond_broadcast(&m.c);
    finish(other);
    say("%d rounds, %d left", m.seen, m.ready);
}

int main(void)
{
    timeouts(CLOCK_REALTIME);
    timeouts(CLOCK_MONOTONIC);
    for (int type = PTHREAD_MUTEX_TIMED_NP; type <= PTHREAD_MUTEX_ADAPTIVE_NP; type++) {
        wake(type, true);
        wake(type, false);
        cancelled(type);
    }
    pending();
    between_processes();
    pass_a_baton();
    return 0;
}
