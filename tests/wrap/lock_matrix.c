/*
 * Every kind of mutex, rwlock, spinlock and semaphore, in every state, asked in every way: what the call returns,
 * whether it does so at once, at its deadline, or only when the lock is let go, who owns the lock then, and that errno
 * stays. What would wait for itself for ever is not asked.
 */
#include "transcript.h"

#include <semaphore.h>

enum state { FREE, MINE, MINE_READING, ANOTHERS, ANOTHER_READS, WRITER_WAITS, OWNER_DIED, LOST, STATES };

static const char *const state_names[STATES] = {"free",           "mine",           "mine for reading",
                                                "another's",      "another reads",  "another reads and a writer waits",
                                                "its owner died", "not recoverable"};

enum family { MUTEX, RWLOCK, SPIN, SEMAPHORE };

struct lock {
    union {
        pthread_mutex_t mutex;
        pthread_rwlock_t rwlock;
        pthread_spinlock_t spin;
        sem_t semaphore;
    };
    enum family family;
    int type, protocol, robust, shared; /* type: of a mutex or rwlock */
};

/* When a call that can wait does so no longer. */
enum limit { NO_LIMIT, PAST, SOON, LATE, BAD_TIME, LIMITS };
static const char *const limit_names[LIMITS] = {"", ", long ago", ", soon", ", in a minute", ", bad time"};
#define SOON_MS 8

struct request {
    const char *name;
    enum family family;
    int (*call)(struct lock *l, const struct timespec *until);
    clockid_t clock;
    bool limited, writes;
    bool can_wait; /* or returns at once */
};

static int mutex_lock(struct lock *l, const struct timespec *until)
{
    (void)until;
    return pthread_mutex_lock(&l->mutex);
}
static int mutex_try(struct lock *l, const struct timespec *until)
{
    (void)until;
    return pthread_mutex_trylock(&l->mutex);
}
static int mutex_timed(struct lock *l, const struct timespec *until)
{
    return pthread_mutex_timedlock(&l->mutex, until);
}
static int mutex_clock(struct lock *l, const struct timespec *until)
{
    return pthread_mutex_clocklock(&l->mutex, CLOCK_MONOTONIC, until);
}
static int read_lock(struct lock *l, const struct timespec *until)
{
    (void)until;
    return pthread_rwlock_rdlock(&l->rwlock);
}
static int read_try(struct lock *l, const struct timespec *until)
{
    (void)until;
    return pthread_rwlock_tryrdlock(&l->rwlock);
}
static int read_timed(struct lock *l, const struct timespec *until)
{
    return pthread_rwlock_timedrdlock(&l->rwlock, until);
}
static int read_clock(struct lock *l, const struct timespec *until)
{
    return pthread_rwlock_clockrdlock(&l->rwlock, CLOCK_MONOTONIC, until);
}
static int write_lock(struct lock *l, const struct timespec *until)
{
    (void)until;
    return pthread_rwlock_wrlock(&l->rwlock);
}
static int write_try(struct lock *l, const struct timespec *until)
{
    (void)until;
    return pthread_rwlock_trywrlock(&l->rwlock);
}
static int write_timed(struct lock *l, const struct timespec *until)
{
    return pthread_rwlock_timedwrlock(&l->rwlock, until);
}
static int write_clock(struct lock *l, const struct timespec *until)
{
    return pthread_rwlock_clockwrlock(&l->rwlock, CLOCK_MONOTONIC, until);
}
static int spin_lock(struct lock *l, const struct timespec *until)
{
    (void)until;
    return pthread_spin_lock(&l->spin);
}
static int spin_try(struct lock *l, const struct timespec *until)
{
    (void)until;
    return pthread_spin_trylock(&l->spin);
}

/* These set errno; the others leave it alone. */
static int from_errno(int result)
{
    int error = result ? errno : 0;
    errno = ENOTTY;
    return error;
}
static int semaphore_wait(struct lock *l, const struct timespec *until)
{
    (void)until;
    return from_errno(sem_wait(&l->semaphore));
}
static int semaphore_try(struct lock *l, const struct timespec *until)
{
    (void)until;
    return from_errno(sem_trywait(&l->semaphore));
}
static int semaphore_timed(struct lock *l, const struct timespec *until)
{
    return from_errno(sem_timedwait(&l->semaphore, until));
}
static int semaphore_clock(struct lock *l, const struct timespec *until)
{
    return from_errno(sem_clockwait(&l->semaphore, CLOCK_MONOTONIC, until));
}

static const struct request requests[] = {
        {"lock", MUTEX, mutex_lock, 0, false, true, true},
        {"trylock", MUTEX, mutex_try, 0, false, true, false},
        {"timedlock", MUTEX, mutex_timed, CLOCK_REALTIME, true, true, true},
        {"clocklock", MUTEX, mutex_clock, CLOCK_MONOTONIC, true, true, true},
        {"rdlock", RWLOCK, read_lock, 0, false, false, true},
        {"tryrdlock", RWLOCK, read_try, 0, false, false, false},
        {"timedrdlock", RWLOCK, read_timed, CLOCK_REALTIME, true, false, true},
        {"clockrdlock", RWLOCK, read_clock, CLOCK_MONOTONIC, true, false, true},
        {"wrlock", RWLOCK, write_lock, 0, false, true, true},
        {"trywrlock", RWLOCK, write_try, 0, false, true, false},
        {"timedwrlock", RWLOCK, write_timed, CLOCK_REALTIME, true, true, true},
        {"clockwrlock", RWLOCK, write_clock, CLOCK_MONOTONIC, true, true, true},
        {"spin_lock", SPIN, spin_lock, 0, false, true, true},
        {"spin_trylock", SPIN, spin_try, 0, false, true, false},
        {"sem_wait", SEMAPHORE, semaphore_wait, 0, false, true, true},
        {"sem_trywait", SEMAPHORE, semaphore_try, 0, false, true, false},
        {"sem_timedwait", SEMAPHORE, semaphore_timed, CLOCK_REALTIME, true, true, true},
        {"sem_clockwait", SEMAPHORE, semaphore_clock, CLOCK_MONOTONIC, true, true, true},
};

static int let_go(struct lock *l)
{
    switch (l->family) {
    case MUTEX:
        return pthread_mutex_unlock(&l->mutex);
    case RWLOCK:
        return pthread_rwlock_unlock(&l->rwlock);
    case SPIN:
        return pthread_spin_unlock(&l->spin);
    default:
        return from_errno(sem_post(&l->semaphore));
    }
}

static int take(struct lock *l, bool reading)
{
    switch (l->family) {
    case MUTEX:
        return pthread_mutex_lock(&l->mutex);
    case RWLOCK:
        return reading ? pthread_rwlock_rdlock(&l->rwlock) : pthread_rwlock_wrlock(&l->rwlock);
    case SPIN:
        return pthread_spin_lock(&l->spin);
    default:
        return from_errno(sem_wait(&l->semaphore));
    }
}

static int make(struct lock *l)
{
    pthread_mutexattr_t attr;
    pthread_rwlockattr_t kind;
    switch (l->family) {
    case MUTEX:
        pthread_mutexattr_init(&attr);
        pthread_mutexattr_settype(&attr, l->type);
        pthread_mutexattr_setprotocol(&attr, l->protocol);
        pthread_mutexattr_setrobust(&attr, l->robust);
        pthread_mutexattr_setpshared(&attr, l->shared);
        return pthread_mutex_init(&l->mutex, &attr);
    case RWLOCK:
        pthread_rwlockattr_init(&kind);
        pthread_rwlockattr_setkind_np(&kind, l->type);
        pthread_rwlockattr_setpshared(&kind, l->shared);
        return pthread_rwlock_init(&l->rwlock, &kind);
    case SPIN:
        return pthread_spin_init(&l->spin, l->shared);
    default:
        return sem_init(&l->semaphore, l->shared, 1);
    }
}

static void unmake(struct lock *l)
{
    if (l->family == MUTEX)
        pthread_mutex_destroy(&l->mutex);
    else if (l->family == RWLOCK)
        pthread_rwlock_destroy(&l->rwlock);
    else if (l->family == SPIN)
        pthread_spin_destroy(&l->spin);
    else
        sem_destroy(&l->semaphore);
}

/* Another thread that holds the lock until it is told to let go. */
struct helper {
    struct lock *l;
    bool reading;
    pthread_t id;
    struct turns held, release;
    pid_t tid;
};

static void *hold(void *arg)
{
    struct helper *h = arg;
    __atomic_store_n(&h->tid, gettid(), __ATOMIC_RELEASE);
    take(h->l, h->reading);
    turn_next(&h->held, 1);
    turn_wait(&h->release, 1);
    let_go(h->l);
    return NULL;
}

static void *die_holding(void *l)
{
    take(l, false);
    return NULL;
}

static void wait_until_it_sleeps(const pid_t *tid)
{
    while (!__atomic_load_n(tid, __ATOMIC_ACQUIRE))
        usleep(100);
    for (int looks = 0; looks < 3; looks = thread_sleeps(*tid) ? looks + 1 : 0)
        usleep(300);
}

/* One call in one state. */
struct attempt {
    struct lock lock;
    const struct request *request;
    enum limit limit;
    enum state state;
    struct helper holder, writer;
    pid_t tid;
    struct turns done;
    int result, owner; /* owner: 1 me, 0 nobody, -1 another; of a mutex */
    bool at_deadline, errno_stayed;
};

static int owner_of(const struct lock *l)
{
    int owner = l->family == MUTEX ? l->mutex.__data.__owner : 0;
    return owner == gettid() ? 1 : owner > 0 && owner < 0x7ffffffe ? -1 : 0;
}

static struct timespec deadline(const struct attempt *a)
{
    switch (a->limit) {
    case PAST:
        return (struct timespec){1, 0};
    case SOON:
        return in_ms(a->request->clock, SOON_MS);
    case LATE:
        return in_ms(a->request->clock, 60000);
    default:
        return (struct timespec){0, 1000000000};
    }
}

static void *ask(void *arg)
{
    struct attempt *a = arg;
    if (a->state == MINE || a->state == MINE_READING)
        take(&a->lock, a->state == MINE_READING);
    uint64_t since = now_ns();
    struct timespec until = deadline(a);
    errno = ENOTTY;
    __atomic_store_n(&a->tid, gettid(), __ATOMIC_RELEASE);
    a->result = a->request->call(&a->lock, &until);
    a->errno_stayed = errno == ENOTTY;
    a->at_deadline = now_ns() - since >= (SOON_MS - 1) * 1000000u;
    a->owner = owner_of(&a->lock);
    turn_next(&a->done, 1);
    bool got = a->result == 0 || a->result == EOWNERDEAD;
    if (a->result == EOWNERDEAD)
        pthread_mutex_consistent(&a->lock.mutex);
    if (got)
        let_go(&a->lock);
    if (a->state == MINE || a->state == MINE_READING)
        let_go(&a->lock);
    return NULL;
}

static void helper_begin(struct helper *h, struct lock *l, bool reading)
{
    *h = (struct helper){.l = l, .reading = reading};
    h->id = start(hold, h);
}

static void robust_state(struct lock *l, bool lose)
{
    pthread_join(start(die_holding, l), NULL);
    if (!lose)
        return;
    pthread_mutex_lock(&l->mutex);
    pthread_mutex_unlock(&l->mutex);
}

static bool is_held_by_another(enum state s)
{
    return s == ANOTHERS || s == ANOTHER_READS || s == WRITER_WAITS;
}

/* Waits until the lock is let go, which is done once it sleeps. A spinning one is given some time. */
static bool waits_for_release(const struct attempt *a)
{
    const struct request *r = a->request;
    if (!is_held_by_another(a->state) || !r->can_wait || a->limit == PAST || a->limit == SOON || a->limit == BAD_TIME)
        return false;
    bool writers_first = a->lock.type == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP;
    return a->state == ANOTHERS || r->writes || (a->state == WRITER_WAITS && writers_first);
}

static const char *timing(const struct attempt *a, bool slept)
{
    if (slept)
        return "when it was let go";
    return a->limit == SOON && a->result == ETIMEDOUT && a->at_deadline ? "at the deadline" : "at once";
}

static void release_holders(struct attempt *a)
{
    turn_next(&a->holder.release, 1);
    turn_next(&a->writer.release, 1);
    if (a->state == WRITER_WAITS)
        pthread_join(a->writer.id, NULL);
    if (is_held_by_another(a->state))
        pthread_join(a->holder.id, NULL);
}

static void prepare(struct attempt *a)
{
    if (a->state == OWNER_DIED || a->state == LOST)
        robust_state(&a->lock, a->state == LOST);
    if (is_held_by_another(a->state)) {
        helper_begin(&a->holder, &a->lock, a->state != ANOTHERS);
        turn_wait(&a->holder.held, 1);
    }
    if (a->state == WRITER_WAITS) {
        helper_begin(&a->writer, &a->lock, false);
        wait_until_it_sleeps(&a->writer.tid);
    }
}

static void print(const struct attempt *a, bool slept)
{
    static const char *const owners[] = {", then another's", ", then nobody's", ", then mine"};
    say("%s%s, %s: %s, %s%s%s", a->request->name, limit_names[a->limit], state_names[a->state], error_name(a->result),
        timing(a, slept), a->lock.family == MUTEX ? owners[a->owner + 1] : "",
        a->errno_stayed ? "" : ", errno changed");
}

static void make_attempt(struct attempt *a)
{
    bool slept = false;
    if (make(&a->lock)) {
        say("no such lock");
        return;
    }
    prepare(a);
    pthread_t asker = start(ask, a);
    if (waits_for_release(a)) {
        if (a->lock.family == SPIN)
            pause_ms(2);
        else
            wait_until_it_sleeps(&a->tid);
        slept = !__atomic_load_n(&a->done.step, __ATOMIC_ACQUIRE);
    } else {
        turn_wait(&a->done, 1);
    }
    release_holders(a);
    pthread_join(asker, NULL);
    print(a, slept);
    unmake(&a->lock);
}

/* It would wait for itself for ever, or longer than a test may take. */
static bool is_hopeless(const struct attempt *a)
{
    const struct lock *l = &a->lock;
    bool endless = a->request->can_wait && (a->limit == NO_LIMIT || a->limit == LATE);
    if (!endless || (a->state != MINE && a->state != MINE_READING))
        return false;
    if (l->family == RWLOCK)
        return a->state == MINE_READING && a->request->writes;
    return l->family != MUTEX || (l->type != PTHREAD_MUTEX_RECURSIVE && l->type != PTHREAD_MUTEX_ERRORCHECK);
}

static bool makes_sense(const struct attempt *a)
{
    bool of_rwlocks = a->state == MINE_READING || a->state == ANOTHER_READS || a->state == WRITER_WAITS;
    if (of_rwlocks && a->lock.family != RWLOCK)
        return false;
    if ((a->state == OWNER_DIED || a->state == LOST) && !a->lock.robust)
        return false;
    return (a->limit == NO_LIMIT) != a->request->limited && !is_hopeless(a);
}

static void every_way(const struct lock *l)
{
    static const char *const families[] = {"mutex", "rwlock", "spinlock", "semaphore"};
    say("-- %s, type %d, protocol %d%s%s", families[l->family], l->type, l->protocol, l->robust ? ", robust" : "",
        l->shared ? ", shared" : "");
    for (int state = 0; state < STATES; state++)
        for (size_t r = 0; r < sizeof requests / sizeof *requests; r++)
            for (int limit = 0; limit < LIMITS; limit++) {
                struct attempt a = {.lock = *l, .request = &requests[r], .limit = (enum limit)limit};
                a.state = (enum state)state;
                if (requests[r].family == l->family && makes_sense(&a))
                    make_attempt(&a);
            }
}

int main(void)
{
    for (int type = PTHREAD_MUTEX_TIMED_NP; type <= PTHREAD_MUTEX_ADAPTIVE_NP; type++)
        for (int robust = 0; robust < 2; robust++)
            for (int protocol = PTHREAD_PRIO_NONE; protocol <= PTHREAD_PRIO_INHERIT; protocol++)
                every_way(&(struct lock){
                        .family = MUTEX, .type = type, .protocol = protocol, .robust = robust, .shared = type % 2});
    for (int kind = PTHREAD_RWLOCK_PREFER_READER_NP; kind <= PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP; kind++)
        every_way(&(struct lock){.family = RWLOCK, .type = kind, .shared = kind % 2});
    every_way(&(struct lock){.family = SPIN});
    every_way(&(struct lock){.family = SEMAPHORE});
    every_way(&(struct lock){.family = SEMAPHORE, .shared = 1});
    return 0;
}
