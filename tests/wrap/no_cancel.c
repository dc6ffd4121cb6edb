/* Waits for locks are no cancellation points: a request that is pending or comes meanwhile is left for later. And waits
 * on a condition variable with a robust mutex whose owner died own the mutex afterwards. */
#include "transcript.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static int in_mutex(void)
{
    return pthread_mutex_lock(&mutex) ? -1 : pthread_mutex_unlock(&mutex);
}

static int in_timed_mutex(void)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 30000);
    return pthread_mutex_timedlock(&mutex, &until) ? -1 : pthread_mutex_unlock(&mutex);
}

static int in_read(void)
{
    return pthread_rwlock_rdlock(&table) ? -1 : pthread_rwlock_unlock(&table);
}

static int in_write(void)
{
    return pthread_rwlock_wrlock(&table) ? -1 : pthread_rwlock_unlock(&table);
}

static int in_timed_write(void)
{
    struct timespec until = in_ms(CLOCK_MONOTONIC, 30000);
    return pthread_rwlock_clockwrlock(&table, CLOCK_MONOTONIC, &until) ? -1 : pthread_rwlock_unlock(&table);
}

static int in_spin(void)
{
    return pthread_spin_lock(&spin) ? -1 : pthread_spin_unlock(&spin);
}

static int in_signal(void)
{
    return pthread_cond_signal(&cond) ? -1 : pthread_cond_broadcast(&cond);
}

static const struct point {
    const char *name;
    int (*enter)(void);
} points[] = {
        {"pthread_mutex_lock", in_mutex},
        {"pthread_mutex_timedlock", in_timed_mutex},
        {"pthread_rwlock_rdlock", in_read},
        {"pthread_rwlock_wrlock", in_write},
        {"pthread_rwlock_clockwrlock", in_timed_write},
        {"pthread_spin_lock", in_spin},
        {"pthread_cond_signal", in_signal},
};

static struct turns turns;
static int came_through;

/* Says nothing itself: writing is a cancellation point. */
static void *wait_there(void *arg)
{
    const struct point *p = arg;
    turn_next(&turns, 1);
    came_through = p->enter() == 0;
    turn_wait(&turns, 2);
    pthread_testcancel();
    return NULL;
}

static void try_point(const struct point *p, bool before)
{
    void *value = NULL;
    turns.step = came_through = 0;
    pthread_mutex_lock(&mutex);
    pthread_rwlock_wrlock(&table);
    pthread_spin_lock(&spin);
    pthread_t id = start(wait_there, (void *)p);
    if (before)
        pthread_cancel(id);
    turn_wait(&turns, 1);
    pause_ms(3);
    if (!before)
        pthread_cancel(id);
    pause_ms(1);
    pthread_spin_unlock(&spin);
    pthread_rwlock_unlock(&table);
    pthread_mutex_unlock(&mutex);
    pause_ms(1);
    turn_next(&turns, 2);
    pthread_join(id, &value);
    say("%s: %s, then it ended %s", p->name, came_through ? "came through" : "failed",
        value == PTHREAD_CANCELED ? "cancelled" : "by itself");
}

struct meeting {
    pthread_mutex_t m;
    pthread_cond_t c;
};

static void *die_holding(void *arg)
{
    struct meeting *meeting = arg;
    pthread_mutex_lock(&meeting->m);
    pthread_cond_signal(&meeting->c);
    return NULL;
}

static void consistent(void *arg)
{
    pthread_mutex_t *m = arg;
    outcome("cleanup: consistent", pthread_mutex_consistent(m));
    outcome("cleanup: unlock", pthread_mutex_unlock(m));
}

static void *wait_for_dead(void *arg)
{
    struct meeting *meeting = arg;
    outcome("lock", pthread_mutex_lock(&meeting->m));
    pthread_cleanup_push(consistent, &meeting->m);
    turn_next(&turns, 1);
    outcome("wait", pthread_cond_wait(&meeting->c, &meeting->m));
    pthread_testcancel();
    pthread_cleanup_pop(1);
    return NULL;
}

static void robust_owner_dies(void)
{
    struct meeting meeting = {.c = PTHREAD_COND_INITIALIZER};
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&meeting.m, &attr);
    turns.step = 0;
    pthread_t waiter = start(wait_for_dead, &meeting);
    turn_wait(&turns, 1);
    pthread_mutex_lock(&meeting.m); /* now it waits */
    pthread_mutex_unlock(&meeting.m);
    pthread_join(start(die_holding, &meeting), NULL);
    pthread_join(waiter, NULL);
    outcome("lock afterwards", pthread_mutex_lock(&meeting.m));
    outcome("unlock", pthread_mutex_unlock(&meeting.m));
    outcome("destroy", pthread_mutex_destroy(&meeting.m));
}

int main(void)
{
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        try_point(&points[i], true);
        try_point(&points[i], false);
    }
    robust_owner_dies();
    return 0;
}
