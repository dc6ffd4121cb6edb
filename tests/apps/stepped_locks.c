/*
 * stepped_locks - makes every kind of lock call, to be stepped through by step_check: see stepped.h.
 *
 * Each call is stepped when its call path is new, and again when it is known and takes the quick way.
 */
#define _GNU_SOURCE
#include "stepped.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SILENT_PASSES 2000 /* until the quick way is taken nearly always */

static struct stepped *page;
static bool stepped_pass;

static void fail(const char *what, int result)
{
    fprintf(stderr, "stepped_locks: %s returned %d\n", what, result);
    _exit(3);
}

static inline __attribute__((always_inline)) void step_begin(const char *call)
{
    if (!stepped_pass)
        return;
    snprintf(page->call, sizeof page->call, "%s", call);
    page->stepping = 1;
    __asm__ volatile("int3" ::: "memory");
}

/* The call must return what is given. */
#define STEP(wanted, call)                                                                                             \
    do {                                                                                                               \
        step_begin(#call);                                                                                             \
        int step_result = call;                                                                                        \
        page->stepping = 0;                                                                                            \
        if (step_result != (wanted))                                                                                   \
            fail(#call, step_result);                                                                                  \
    } while (0)

/* The locks, by place on the page. */

static pthread_mutex_t *mutex_at(int place)
{
    return &page->locks[place].mutex;
}

enum place { NORMAL, SECOND, THIRD, RECURSIVE, CHECKING, ADAPTIVE, ROBUST, INHERIT, RWLOCK, SPIN, SEMAPHORE };

static void mutex_make(enum place place, int type, bool robust, bool inherit)
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, type);
    if (robust)
        pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    if (inherit && pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT))
        fail("setprotocol", 1);
    if (pthread_mutex_init(mutex_at(place), &attr))
        fail("pthread_mutex_init", 1);
    pthread_mutexattr_destroy(&attr);
    page->locks[place].kind = STEPPED_MUTEX;
}

static void locks_make(void)
{
    mutex_make(NORMAL, PTHREAD_MUTEX_NORMAL, false, false);
    mutex_make(SECOND, PTHREAD_MUTEX_NORMAL, false, false);
    mutex_make(THIRD, PTHREAD_MUTEX_NORMAL, false, false);
    mutex_make(RECURSIVE, PTHREAD_MUTEX_RECURSIVE, false, false);
    mutex_make(CHECKING, PTHREAD_MUTEX_ERRORCHECK, false, false);
    mutex_make(ADAPTIVE, PTHREAD_MUTEX_ADAPTIVE_NP, false, false);
    mutex_make(ROBUST, PTHREAD_MUTEX_NORMAL, true, false);
    mutex_make(INHERIT, PTHREAD_MUTEX_NORMAL, false, true);
    pthread_rwlock_init(&page->locks[RWLOCK].rwlock, NULL);
    page->locks[RWLOCK].kind = STEPPED_RWLOCK;
    pthread_spin_init(&page->locks[SPIN].spin, PTHREAD_PROCESS_PRIVATE);
    page->locks[SPIN].kind = STEPPED_SPIN;
    sem_init(&page->locks[SEMAPHORE].semaphore, 0, 1);
    page->locks[SEMAPHORE].kind = STEPPED_SEMAPHORE;
}

/* A second thread, which holds a lock for a moment when asked to: whether the other one meets it or not, the rules are
 * the same. */

static struct helper {
    pthread_t thread;
    sem_t wanted, begun;
    pthread_mutex_t *mutex;
    pthread_cond_t *wake;     /* to be signalled meanwhile, if not NULL */
    volatile bool stop, keep; /* keep: holds it until that is taken back, not only for a moment */
} helper;

static void *helper_run(void *unused)
{
    (void)unused;
    for (;;) {
        while (sem_wait(&helper.wanted)) {
        }
        if (helper.stop)
            return NULL;
        pthread_mutex_t *mutex = helper.mutex;
        pthread_cond_t *wake = helper.wake;
        pthread_mutex_lock(mutex);
        sem_post(&helper.begun);
        do
            usleep(2000);
        while (helper.keep);
        if (wake)
            pthread_cond_signal(wake);
        pthread_mutex_unlock(mutex);
    }
}

static void helper_start(void)
{
    sem_init(&helper.wanted, 0, 0);
    sem_init(&helper.begun, 0, 0);
    if (pthread_create(&helper.thread, NULL, helper_run, NULL))
        fail("pthread_create", 1);
}

static void helper_end(void)
{
    helper.stop = true;
    sem_post(&helper.wanted);
    pthread_join(helper.thread, NULL);
}

static void helper_takes(enum place place)
{
    helper.mutex = mutex_at(place);
    sem_post(&helper.wanted);
    while (sem_wait(&helper.begun)) {
    }
}

static const struct timespec past = {.tv_sec = 1};

static struct timespec in_a_minute(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_sec += 60;
    return t;
}

/* What is stepped through. */

static void each_kind(void)
{
    static const enum place kinds[] = {NORMAL, RECURSIVE, ROBUST, INHERIT};
    for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        enum place i = kinds[k];
        STEP(0, pthread_mutex_lock(mutex_at(i)));
        STEP(0, pthread_mutex_unlock(mutex_at(i)));
        STEP(0, pthread_mutex_trylock(mutex_at(i)));
        STEP(0, pthread_mutex_unlock(mutex_at(i)));
    }
}

static void timed(void)
{
    struct timespec real = in_a_minute(CLOCK_REALTIME), monotonic = in_a_minute(CLOCK_MONOTONIC);
    STEP(0, pthread_mutex_timedlock(mutex_at(NORMAL), &real));
    STEP(0, pthread_mutex_clocklock(mutex_at(SECOND), CLOCK_MONOTONIC, &monotonic));
    STEP(0, pthread_mutex_unlock(mutex_at(SECOND)));
    STEP(0, pthread_mutex_unlock(mutex_at(NORMAL)));
    STEP(0, pthread_mutex_timedlock(mutex_at(ROBUST), &real));
    STEP(0, pthread_mutex_unlock(mutex_at(ROBUST)));
}

static void nested(void)
{
    STEP(0, pthread_mutex_lock(mutex_at(NORMAL)));
    STEP(0, pthread_mutex_lock(mutex_at(SECOND)));
    STEP(0, pthread_mutex_trylock(mutex_at(THIRD)));
    STEP(0, pthread_mutex_unlock(mutex_at(THIRD)));
    STEP(0, pthread_mutex_unlock(mutex_at(SECOND)));
    STEP(0, pthread_mutex_unlock(mutex_at(NORMAL)));
}

static void out_of_order(void)
{
    STEP(0, pthread_mutex_lock(mutex_at(NORMAL)));
    STEP(0, pthread_mutex_lock(mutex_at(SECOND)));
    STEP(0, pthread_mutex_lock(mutex_at(THIRD)));
    STEP(0, pthread_mutex_unlock(mutex_at(NORMAL)));
    STEP(0, pthread_mutex_lock(mutex_at(ADAPTIVE)));
    STEP(0, pthread_mutex_unlock(mutex_at(SECOND)));
    STEP(0, pthread_mutex_unlock(mutex_at(THIRD)));
    STEP(0, pthread_mutex_unlock(mutex_at(ADAPTIVE)));
    STEP(0, pthread_mutex_lock(mutex_at(NORMAL)));
    STEP(0, pthread_mutex_lock(mutex_at(SECOND)));
    STEP(0, pthread_mutex_trylock(mutex_at(THIRD)));
    STEP(0, pthread_mutex_unlock(mutex_at(SECOND))); /* from beneath the last one, as is the next */
    STEP(0, pthread_mutex_unlock(mutex_at(NORMAL)));
    STEP(0, pthread_mutex_unlock(mutex_at(THIRD)));
}

static void again(void)
{
    STEP(0, pthread_mutex_lock(mutex_at(RECURSIVE)));
    STEP(0, pthread_mutex_lock(mutex_at(RECURSIVE)));
    STEP(0, pthread_mutex_trylock(mutex_at(RECURSIVE)));
    STEP(0, pthread_mutex_unlock(mutex_at(RECURSIVE)));
    STEP(0, pthread_mutex_unlock(mutex_at(RECURSIVE)));
    STEP(0, pthread_mutex_unlock(mutex_at(RECURSIVE)));
    STEP(EPERM, pthread_mutex_unlock(mutex_at(RECURSIVE)));
}

static void refused(void)
{
    STEP(0, pthread_mutex_lock(mutex_at(CHECKING)));
    STEP(EDEADLK, pthread_mutex_lock(mutex_at(CHECKING)));
    STEP(EBUSY, pthread_mutex_trylock(mutex_at(CHECKING)));
    STEP(0, pthread_mutex_unlock(mutex_at(CHECKING)));
    STEP(EPERM, pthread_mutex_unlock(mutex_at(CHECKING)));
    STEP(0, pthread_mutex_lock(mutex_at(NORMAL)));
    STEP(EBUSY, pthread_mutex_trylock(mutex_at(NORMAL)));
    STEP(ETIMEDOUT, pthread_mutex_timedlock(mutex_at(NORMAL), &past));
    STEP(0, pthread_mutex_unlock(mutex_at(NORMAL)));
}

static void *die_holding(void *place)
{
    pthread_mutex_lock(place);
    return NULL;
}

static void owner_died(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, die_holding, mutex_at(ROBUST)) || pthread_join(thread, NULL))
        fail("pthread_create", 1);
    STEP(EOWNERDEAD, pthread_mutex_lock(mutex_at(ROBUST)));
    STEP(0, pthread_mutex_consistent(mutex_at(ROBUST)));
    STEP(0, pthread_mutex_unlock(mutex_at(ROBUST)));
}

static pthread_cond_t never = PTHREAD_COND_INITIALIZER, soon = PTHREAD_COND_INITIALIZER;

static void waits(void)
{
    STEP(0, pthread_mutex_lock(mutex_at(NORMAL)));
    STEP(ETIMEDOUT, pthread_cond_timedwait(&never, mutex_at(NORMAL), &past));
    STEP(0, pthread_mutex_lock(mutex_at(RECURSIVE)));
    STEP(0, pthread_mutex_lock(mutex_at(SECOND)));
    STEP(ETIMEDOUT, pthread_cond_clockwait(&never, mutex_at(NORMAL), CLOCK_MONOTONIC, &past));
    STEP(ETIMEDOUT, pthread_cond_timedwait(&never, mutex_at(SECOND), &past));
    STEP(ETIMEDOUT, pthread_cond_timedwait(&never, mutex_at(RECURSIVE), &past));
    STEP(0, pthread_cond_signal(&never));
    STEP(0, pthread_mutex_unlock(mutex_at(SECOND)));
    STEP(0, pthread_mutex_unlock(mutex_at(RECURSIVE)));
    STEP(0, pthread_mutex_unlock(mutex_at(NORMAL)));
}

/* The helper takes the lock and holds it: the lock call waits, and so does the end of a wait. */
static void contended(void)
{
    struct timespec real = in_a_minute(CLOCK_REALTIME);
    static const enum place kinds[] = {NORMAL, RECURSIVE, ADAPTIVE, ROBUST, INHERIT};
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        helper_takes(kinds[i]);
        STEP(0, pthread_mutex_lock(mutex_at(kinds[i])));
        STEP(0, pthread_mutex_unlock(mutex_at(kinds[i])));
    }
    helper_takes(SECOND);
    STEP(0, pthread_mutex_lock(mutex_at(NORMAL)));
    STEP(0, pthread_mutex_timedlock(mutex_at(SECOND), &real));
    STEP(0, pthread_mutex_unlock(mutex_at(NORMAL)));
    STEP(0, pthread_mutex_unlock(mutex_at(SECOND)));
    helper.keep = true;
    helper_takes(SECOND);
    STEP(EBUSY, pthread_mutex_trylock(mutex_at(SECOND)));
    STEP(ETIMEDOUT, pthread_mutex_timedlock(mutex_at(SECOND), &past));
    helper.keep = false;
}

static void woken(void)
{
    pthread_mutex_lock(mutex_at(THIRD));
    helper.wake = &soon;
    helper.mutex = mutex_at(THIRD);
    sem_post(&helper.wanted);
    STEP(0, pthread_cond_wait(&soon, mutex_at(THIRD)));
    STEP(0, pthread_mutex_unlock(mutex_at(THIRD)));
    while (sem_wait(&helper.begun)) {
    }
    helper.wake = NULL;
}

static void rwlocks(void)
{
    pthread_rwlock_t *l = &page->locks[RWLOCK].rwlock;
    struct timespec real = in_a_minute(CLOCK_REALTIME);
    STEP(0, pthread_rwlock_rdlock(l));
    STEP(0, pthread_rwlock_rdlock(l));
    STEP(EBUSY, pthread_rwlock_trywrlock(l));
    STEP(0, pthread_rwlock_unlock(l));
    STEP(0, pthread_rwlock_unlock(l));
    STEP(0, pthread_rwlock_wrlock(l));
    STEP(EDEADLK, pthread_rwlock_wrlock(l));
    STEP(EBUSY, pthread_rwlock_tryrdlock(l));
    STEP(0, pthread_mutex_lock(mutex_at(NORMAL)));
    STEP(0, pthread_rwlock_unlock(l));
    STEP(0, pthread_rwlock_tryrdlock(l));
    STEP(0, pthread_rwlock_unlock(l));
    STEP(0, pthread_mutex_unlock(mutex_at(NORMAL)));
    STEP(0, pthread_rwlock_trywrlock(l));
    STEP(0, pthread_rwlock_unlock(l));
    STEP(0, pthread_rwlock_timedrdlock(l, &real));
    STEP(0, pthread_rwlock_unlock(l));
    STEP(0, pthread_rwlock_timedwrlock(l, &real));
    STEP(0, pthread_rwlock_unlock(l));
}

static void spins_and_semaphores(void)
{
    pthread_spinlock_t *l = &page->locks[SPIN].spin;
    sem_t *s = &page->locks[SEMAPHORE].semaphore;
    STEP(0, pthread_spin_lock(l));
    STEP(EBUSY, pthread_spin_trylock(l));
    STEP(0, pthread_spin_unlock(l));
    STEP(0, pthread_spin_trylock(l));
    STEP(0, pthread_mutex_lock(mutex_at(NORMAL)));
    STEP(0, pthread_spin_unlock(l));
    STEP(0, pthread_mutex_unlock(mutex_at(NORMAL)));
    STEP(0, sem_wait(s));
    STEP(0, sem_post(s));
    STEP(0, sem_trywait(s));
    STEP(-1, sem_trywait(s));
    STEP(-1, sem_timedwait(s, &past));
    STEP(0, sem_post(s));
}

/* Interrupted at each instruction by a handler that takes a lock itself. */

static void handler(int number)
{
    (void)number;
    int saved = errno;
    if (pthread_mutex_lock(mutex_at(ADAPTIVE)) || pthread_mutex_unlock(mutex_at(ADAPTIVE)))
        fail("a lock of the handler", 1);
    errno = saved;
    __asm__ volatile("int3" ::: "memory");
}

#define INTERRUPT(call)                                                                                                \
    do {                                                                                                               \
        step_begin(#call);                                                                                             \
        int interrupted_result = call;                                                                                 \
        page->stepping = 0;                                                                                            \
        if (page->interrupting)                                                                                        \
            __asm__ volatile("int3" ::: "memory");                                                                     \
        if (interrupted_result)                                                                                        \
            fail(#call, interrupted_result);                                                                           \
    } while (0)

#define INTERRUPT_ALL(before, call, after)                                                                             \
    do {                                                                                                               \
        page->interrupting = stepped_pass;                                                                             \
        page->passed = 0;                                                                                              \
        do {                                                                                                           \
            before;                                                                                                    \
            INTERRUPT(call);                                                                                           \
            after;                                                                                                     \
        } while (page->interrupting && !page->passed);                                                                 \
        page->interrupting = 0;                                                                                        \
    } while (0)

/* Nothing that was held before the first of them may count as held when the second is taken: steps.sh looks. */
static pthread_mutex_t next_outer = PTHREAD_MUTEX_INITIALIZER, next_inner = PTHREAD_MUTEX_INITIALIZER;

static __attribute__((noinline)) void take_next_two(void)
{
    if (pthread_mutex_lock(&next_outer) || pthread_mutex_lock(&next_inner) || pthread_mutex_unlock(&next_inner) ||
        pthread_mutex_unlock(&next_outer))
        fail("a lock afterwards", 1);
}

static void interrupted(void)
{
    pthread_mutex_t *outer = mutex_at(NORMAL), *inner = mutex_at(SECOND);
    pthread_spinlock_t *spin = &page->locks[SPIN].spin;
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGUSR1, &action, NULL);
    INTERRUPT_ALL(, pthread_mutex_lock(outer), pthread_mutex_unlock(outer));
    INTERRUPT_ALL(pthread_mutex_lock(outer), pthread_mutex_unlock(outer), take_next_two());
    INTERRUPT_ALL(pthread_spin_lock(spin), pthread_spin_unlock(spin), take_next_two());
    INTERRUPT_ALL(, pthread_mutex_trylock(outer), pthread_mutex_unlock(outer));
    pthread_mutex_lock(inner);
    INTERRUPT_ALL(, pthread_mutex_lock(outer), pthread_mutex_unlock(outer));
    INTERRUPT_ALL(, pthread_mutex_trylock(outer), pthread_mutex_unlock(outer));
    INTERRUPT_ALL(pthread_mutex_lock(outer), pthread_mutex_unlock(outer), );
    pthread_mutex_unlock(inner);
    INTERRUPT_ALL((pthread_mutex_lock(outer), pthread_mutex_lock(inner)), pthread_mutex_unlock(outer),
                  pthread_mutex_unlock(inner));
}

struct scenario {
    void (*run)(void);
    bool alone;   /* also without a second thread: */
    bool threads; /* it needs the helper, or makes threads: then each pass costs time */
};

static const struct scenario scenarios[] = {
        {each_kind, true, false},   {nested, true, false},        {waits, true, false},
        {timed, false, false},      {out_of_order, false, false}, {again, false, false},
        {refused, false, false},    {rwlocks, false, false},      {spins_and_semaphores, true, false},
        {owner_died, false, true},  {contended, false, true},     {woken, false, true},
        {interrupted, true, false},
};

static void passes(const struct scenario *s, const char *name, bool step, int count)
{
    stepped_pass = step;
    snprintf(page->passes, sizeof page->passes, "%s", name);
    for (int i = 0; i < count; i++)
        s->run();
}

/* With a second thread glibc's own locks take other ways, so the argument says whether it lives from the beginning. */
int main(int argc, char **argv)
{
    static const char *const names[] = {"first", "silent", "later"};
    bool alone = argc > 1 && atoi(argv[1]);
    page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, STEPPED_FD, 0);
    if (page == MAP_FAILED)
        fail("mmap", errno);
    close(STEPPED_FD);
    page->here = (uintptr_t)page;
    page->tid = (uint32_t)gettid();
    alarm(300);
    locks_make();
    if (!alone)
        helper_start();
    for (unsigned i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        if (alone && !scenarios[i].alone)
            continue;
        for (int k = 0; k < 3; k++) /* all from here: the call path tells whether a pass is known */
            passes(&scenarios[i], names[k], k != 1, k != 1 ? 1 : scenarios[i].threads ? 5 : SILENT_PASSES);
    }
    if (!alone)
        helper_end();
    return 0;
}
