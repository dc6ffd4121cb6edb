/* Mutex error paths: dead owners, exhausted recursion, impossible times, static initialisers, copies and reuse. */
#include "transcript.h"

#include <sys/mman.h>

static pthread_mutex_t robust;

static void make_robust(pthread_mutex_t *m, int type, int protocol)
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, type);
    pthread_mutexattr_setprotocol(&attr, protocol);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    outcome("init robust", pthread_mutex_init(m, &attr));
    pthread_mutexattr_destroy(&attr);
}

static void *die_holding(void *m)
{
    pthread_mutex_lock(m);
    return NULL;
}

static void dead_owner(int type, int protocol)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 50);
    say("-- dead owner, type %d, protocol %d", type, protocol);
    make_robust(&robust, type, protocol);
    finish(start(die_holding, &robust));
    outcome("lock", pthread_mutex_lock(&robust));
    outcome("consistent", pthread_mutex_consistent(&robust));
    outcome("consistent again", pthread_mutex_consistent(&robust));
    outcome("unlock", pthread_mutex_unlock(&robust));
    finish(start(die_holding, &robust));
    outcome("trylock", pthread_mutex_trylock(&robust));
    outcome("consistent", pthread_mutex_consistent(&robust));
    outcome("unlock", pthread_mutex_unlock(&robust));
    finish(start(die_holding, &robust));
    outcome("timedlock", pthread_mutex_timedlock(&robust, &until));
    outcome("unlock without consistent", pthread_mutex_unlock(&robust));
    outcome("lock", pthread_mutex_lock(&robust));
    outcome("trylock", pthread_mutex_trylock(&robust));
    outcome("destroy", pthread_mutex_destroy(&robust));
}

struct owned {
    pthread_mutex_t m;
    struct turns turns;
};

static void *wait_for_dead(void *arg)
{
    struct owned *shared = arg;
    uint64_t since = now_ns();
    turn_next(&shared->turns, 2);
    int error = pthread_mutex_lock(&shared->m);
    say("waiting lock: %s, %s", error_name(error), waited(since, 35));
    outcome("consistent", pthread_mutex_consistent(&shared->m));
    outcome("unlock", pthread_mutex_unlock(&shared->m));
    return NULL;
}

/* The owner dies while another thread waits, and the owner may be another process. */
static void owner_process_dies(void)
{
    say("-- the owner's process ends");
    struct owned *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    make_robust(&shared->m, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        pthread_mutex_lock(&shared->m);
        turn_next(&shared->turns, 1);
        turn_wait(&shared->turns, 2);
        pause_ms(40);
        _exit(0);
    }
    turn_wait(&shared->turns, 1);
    finish(start(wait_for_dead, shared));
    child_ended("owner", pid);
    outcome("destroy", pthread_mutex_destroy(&shared->m));
    munmap(shared, sizeof *shared);
}

static void recursion_limit(void)
{
    pthread_mutex_t m = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
    say("-- recursion");
    for (int i = 0; i < 1000; i++)
        pthread_mutex_lock(&m);
    say("count %u", m.__data.__count);
    m.__data.__count = UINT32_MAX; /* no loop to there: four thousand million calls */
    outcome("lock", pthread_mutex_lock(&m));
    outcome("trylock", pthread_mutex_trylock(&m));
    struct timespec until = in_ms(CLOCK_REALTIME, 5);
    outcome("timedlock", pthread_mutex_timedlock(&m, &until));
    m.__data.__count = 1000;
    for (int i = 0; i < 1000; i++)
        pthread_mutex_unlock(&m);
    outcome("unlock once too often", pthread_mutex_unlock(&m));
}

static struct turns turns;

static void *hold(void *m)
{
    pthread_mutex_lock(m);
    turn_next(&turns, 1);
    turn_wait(&turns, 2);
    pthread_mutex_unlock(m);
    return NULL;
}

static void impossible_times(void)
{
    static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    struct timespec many = {0, 1000000000}, negative = {0, -1}, past = {1, 0}, before = {-5, 0};
    say("-- times");
    outcome("free, bad nanoseconds", pthread_mutex_timedlock(&m, &many));
    outcome("unlock", pthread_mutex_unlock(&m));
    pthread_t other = start(hold, &m);
    turn_wait(&turns, 1);
    outcome("taken, too many nanoseconds", pthread_mutex_timedlock(&m, &many));
    outcome("taken, negative nanoseconds", pthread_mutex_timedlock(&m, &negative));
    outcome("taken, long ago", pthread_mutex_timedlock(&m, &past));
    outcome("taken, before 1970", pthread_mutex_timedlock(&m, &before));
    outcome("taken, clock 77", pthread_mutex_clocklock(&m, 77, &past));
    outcome("taken, clock -1", pthread_mutex_clocklock(&m, -1, &past));
    outcome("taken, processor clock", pthread_mutex_clocklock(&m, CLOCK_PROCESS_CPUTIME_ID, &past));
    turn_next(&turns, 2);
    finish(other);
    outcome("destroy", pthread_mutex_destroy(&m));
    outcome("lock after destroy", pthread_mutex_lock(&m));
    outcome("init again", pthread_mutex_init(&m, NULL));
    outcome("lock", pthread_mutex_lock(&m));
    outcome("unlock", pthread_mutex_unlock(&m));
}

static void attributes(void)
{
    pthread_mutex_t m;
    pthread_mutexattr_t attr;
    say("-- attributes");
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_PROTECT);
    outcome("robust and protect", pthread_mutex_init(&m, &attr));
    outcome("bad type", pthread_mutexattr_settype(&attr, 17));
    outcome("no attributes", pthread_mutex_init(&m, NULL));
    outcome("destroy", pthread_mutex_destroy(&m));
    m.__data.__kind = 0x7f;
    outcome("lock of rubbish", pthread_mutex_lock(&m));
    outcome("trylock of rubbish", pthread_mutex_trylock(&m));
    outcome("unlock of rubbish", pthread_mutex_unlock(&m));
    pthread_mutexattr_destroy(&attr);
}

/* errno is not part of these calls: it must stay what it was. */
static void errno_stays(void)
{
    static pthread_mutex_t m = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
    errno = ENOTTY;
    pthread_mutex_lock(&m);
    pthread_mutex_lock(&m);
    pthread_mutex_trylock(&m);
    pthread_mutex_unlock(&m);
    pthread_mutex_unlock(&m);
    pthread_mutex_destroy(&m);
    say("errno is still %s", error_name(errno));
}

/* Hundreds held at once, let go in the order they were taken. */
static void many_held(void)
{
    enum { MANY = 700 };
    static pthread_mutex_t m[MANY];
    int wrong = 0;
    for (int i = 0; i < MANY; i++)
        wrong += pthread_mutex_init(&m[i], NULL) || pthread_mutex_lock(&m[i]);
    for (int i = 0; i < MANY; i++)
        wrong += pthread_mutex_trylock(&m[i]) != EBUSY;
    for (int i = 0; i < MANY; i++)
        wrong += pthread_mutex_unlock(&m[i]);
    for (int i = 0; i < MANY; i++)
        wrong += pthread_mutex_destroy(&m[i]);
    say("many held: %d wrong", wrong);
}

int main(void)
{
    dead_owner(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE);
    dead_owner(PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE);
    dead_owner(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_INHERIT);
    dead_owner(PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT);
    owner_process_dies();
    recursion_limit();
    impossible_times();
    attributes();
    errno_stays();
    many_held();
    return 0;
}
