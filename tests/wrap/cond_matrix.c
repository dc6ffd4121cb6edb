/*
 * Every wait on a condition variable, of pthreads and of C11, with every kind of mutex, ended in every way: what it
 * returns and when, that errno stays, who owns the mutex then, and what both objects are made of afterwards.
 */
#include "transcript.h"

#include <threads.h>

struct pair {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
};

struct kind {
    const char *name;
    int type, robust, protocol, shared;
};

static const struct kind kinds[] = {
        {"normal", PTHREAD_MUTEX_NORMAL, 0, 0, 0},
        {"normal, shared", PTHREAD_MUTEX_NORMAL, 0, 0, 1},
        {"recursive", PTHREAD_MUTEX_RECURSIVE, 0, 0, 0},
        {"errorcheck", PTHREAD_MUTEX_ERRORCHECK, 0, 0, 0},
        {"adaptive", PTHREAD_MUTEX_ADAPTIVE_NP, 0, 0, 0},
        {"inheriting", PTHREAD_MUTEX_NORMAL, 0, PTHREAD_PRIO_INHERIT, 0},
        {"robust", PTHREAD_MUTEX_NORMAL, 1, 0, 0},
        {"robust errorcheck, shared", PTHREAD_MUTEX_ERRORCHECK, 1, 0, 1},
        {"robust, inheriting", PTHREAD_MUTEX_NORMAL, 1, PTHREAD_PRIO_INHERIT, 0},
};

static int wait_for_ever(struct pair *p, const struct timespec *until)
{
    (void)until;
    return pthread_cond_wait(&p->cond, &p->mutex);
}
static int wait_timed(struct pair *p, const struct timespec *until)
{
    return pthread_cond_timedwait(&p->cond, &p->mutex, until);
}
static int wait_by_clock(struct pair *p, const struct timespec *until)
{
    return pthread_cond_clockwait(&p->cond, &p->mutex, CLOCK_MONOTONIC, until);
}
static int wait_c11(struct pair *p, const struct timespec *until)
{
    (void)until;
    return cnd_wait((cnd_t *)&p->cond, (mtx_t *)&p->mutex);
}
static int wait_timed_c11(struct pair *p, const struct timespec *until)
{
    return cnd_timedwait((cnd_t *)&p->cond, (mtx_t *)&p->mutex, until);
}

static const struct call {
    const char *name;
    int (*wait)(struct pair *p, const struct timespec *until);
    clockid_t clock;
    bool limited;
} calls[] = {
        {"wait", wait_for_ever, 0, false},
        {"timedwait", wait_timed, CLOCK_REALTIME, true},
        {"clockwait", wait_by_clock, CLOCK_MONOTONIC, true},
        {"cnd_wait", wait_c11, 0, false},
        {"cnd_timedwait", wait_timed_c11, CLOCK_REALTIME, true},
};

/* What ends the wait. */
enum end { SIGNAL, BROADCAST, SIGNAL_TWICE_HELD, OWNER_DIES, SOON, PAST, BAD_TIME, NOT_MINE, ENDS };
static const char *const end_names[ENDS] = {"signalled",      "broadcast", "signalled, held twice",
                                            "its waker died", "soon",      "long ago",
                                            "bad time",       "not mine"};
#define SOON_MS 6

struct attempt {
    struct pair pair;
    const struct kind *kind;
    const struct call *call;
    enum end end;
    pid_t tid; /* once it is about to wait, with the mutex in hand; atomic */
    int result, unlocked;
    bool at_deadline, errno_stayed, mine;
};

static void make(struct attempt *a)
{
    pthread_mutexattr_t attr;
    pthread_condattr_t cond_attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, a->kind->type);
    pthread_mutexattr_setrobust(&attr, a->kind->robust);
    pthread_mutexattr_setprotocol(&attr, a->kind->protocol);
    pthread_mutexattr_setpshared(&attr, a->kind->shared);
    pthread_condattr_init(&cond_attr);
    pthread_condattr_setpshared(&cond_attr, a->kind->shared);
    if (pthread_mutex_init(&a->pair.mutex, &attr) || pthread_cond_init(&a->pair.cond, &cond_attr))
        exit(9);
}

static struct timespec deadline(const struct attempt *a)
{
    if (a->end == PAST)
        return (struct timespec){1, 0};
    if (a->end == BAD_TIME)
        return (struct timespec){0, 1000000000};
    return in_ms(a->call->clock, a->end == SOON ? SOON_MS : 60000);
}

static void *ask(void *arg)
{
    struct attempt *a = arg;
    pthread_mutex_t *m = &a->pair.mutex;
    if (a->end != NOT_MINE)
        pthread_mutex_lock(m);
    if (a->end == SIGNAL_TWICE_HELD)
        pthread_mutex_lock(m);
    uint64_t since = now_ns();
    struct timespec until = deadline(a);
    __atomic_store_n(&a->tid, gettid(), __ATOMIC_RELEASE);
    errno = ENOTTY;
    a->result = a->call->wait(&a->pair, &until);
    a->errno_stayed = errno == ENOTTY;
    a->at_deadline = now_ns() - since >= (SOON_MS - 1) * 1000000u;
    a->mine = m->__data.__owner == gettid();
    if (a->mine)
        a->unlocked = pthread_mutex_unlock(m);
    if (a->end == SIGNAL_TWICE_HELD)
        pthread_mutex_unlock(m);
    return NULL;
}

/* Whoever gets the mutex then comes after the waiter has let it go. */
static void wait_until_it_waits(const struct attempt *a)
{
    while (!__atomic_load_n(&a->tid, __ATOMIC_ACQUIRE))
        usleep(100);
    for (int looks = 0; a->end == SIGNAL_TWICE_HELD && looks < 3; looks = thread_sleeps(a->tid) ? looks + 1 : 0)
        usleep(300);
}

static void *wake(void *arg)
{
    struct attempt *a = arg;
    bool locks = a->end != SIGNAL_TWICE_HELD;
    if (locks)
        pthread_mutex_lock(&a->pair.mutex);
    if (a->end == BROADCAST)
        pthread_cond_broadcast(&a->pair.cond);
    else
        pthread_cond_signal(&a->pair.cond);
    if (locks && a->end != OWNER_DIES)
        pthread_mutex_unlock(&a->pair.mutex);
    return NULL;
}

static const char *bytes(const void *object, size_t size)
{
    static char text[256];
    const unsigned char *b = object;
    size_t at = 0;
    for (size_t i = 0; i < size; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, i % 8 == 7 ? "%02x " : "%02x", b[i]);
    return text;
}

/* That somebody has waited depends on who was quicker. */
#define WAITERS (int)0x80000000

static void print(const struct attempt *a)
{
    const struct __pthread_mutex_s *m = &a->pair.mutex.__data;
    bool timed_out = a->result == ETIMEDOUT || a->result == thrd_timedout;
    const char *when = a->end == SOON && timed_out && a->at_deadline ? "at the deadline" : "not by time";
    say("%s, %s: %d, %s, %s%s, unlock %s", a->call->name, end_names[a->end], a->result, when,
        a->mine ? "mine" : "not mine", a->errno_stayed ? "" : ", errno changed", error_name(a->unlocked));
    say("  mutex %x %u %x %u %x, cond %s", m->__lock & ~WAITERS, m->__count, m->__owner, m->__nusers, m->__kind,
        bytes(&a->pair.cond, sizeof a->pair.cond));
}

static void make_attempt(struct attempt *a)
{
    make(a);
    pthread_t asker = start(ask, a);
    if (a->end <= OWNER_DIES) {
        wait_until_it_waits(a);
        pthread_join(start(wake, a), NULL);
    }
    pthread_join(asker, NULL);
    print(a);
    outcome("  cond destroy", pthread_cond_destroy(&a->pair.cond));
    outcome("  mutex destroy", pthread_mutex_destroy(&a->pair.mutex));
}

static bool makes_sense(const struct attempt *a)
{
    const struct kind *k = a->kind;
    switch (a->end) {
    case SOON:
    case PAST:
    case BAD_TIME:
        return a->call->limited;
    case SIGNAL_TWICE_HELD:
        return k->type == PTHREAD_MUTEX_RECURSIVE;
    case OWNER_DIES:
        return k->robust;
    case NOT_MINE: /* others let go of what is not theirs */
        return k->robust || k->type == PTHREAD_MUTEX_ERRORCHECK || k->type == PTHREAD_MUTEX_RECURSIVE;
    default:
        return true;
    }
}

int main(void)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        say("-- %s", kinds[k].name);
        for (size_t c = 0; c < sizeof calls / sizeof *calls; c++)
            for (int end = 0; end < ENDS; end++) {
                struct attempt a = {.kind = &kinds[k], .call = &calls[c], .end = (enum end)end};
                if (makes_sense(&a))
                    make_attempt(&a);
            }
    }
    return 0;
}
