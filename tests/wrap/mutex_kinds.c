/* Every mutex type with every protocol, robustness and sharing: each call by its owner and by another thread. */
#include "transcript.h"

struct kind {
    int type, protocol, robust, shared;
};

static pthread_mutex_t *mutex;
static struct turns turns;

static const char *describe(const struct kind *k)
{
    static char text[96];
    static const char *const types[] = {"normal", "recursive", "errorcheck", "adaptive"};
    static const char *const protocols[] = {"", " inherit", " protect"};
    snprintf(text, sizeof text, "%s%s%s%s", types[k->type], protocols[k->protocol], k->robust ? " robust" : "",
             k->shared ? " shared" : "");
    return text;
}

static void owner(const char *when)
{
    say("%s: owner %s, count %u", when,
        mutex->__data.__owner == gettid() ? "me"
        : mutex->__data.__owner           ? "another"
                                          : "none",
        mutex->__data.__count);
}

static int make(const struct kind *k)
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    int error = pthread_mutexattr_settype(&attr, k->type);
    error = error ? error : pthread_mutexattr_setprotocol(&attr, k->protocol);
    error = error ? error : pthread_mutexattr_setrobust(&attr, k->robust);
    error = error ? error : pthread_mutexattr_setpshared(&attr, k->shared);
    error = error ? error : pthread_mutex_init(mutex, &attr);
    pthread_mutexattr_destroy(&attr);
    return error;
}

static void timed(const char *what, clockid_t clock, bool by_clock)
{
    uint64_t since = now_ns();
    struct timespec until = in_ms(clock, 8);
    int error = by_clock ? pthread_mutex_clocklock(mutex, clock, &until) : pthread_mutex_timedlock(mutex, &until);
    say("%s: %s, %s", what, error_name(error), waited(since, 7));
}

/* What the owner gets when it asks again. A plain lock of a normal mutex would hang, so that is asked with a
 * timeout. */
static void ask_again(const struct kind *k)
{
    int error = pthread_mutex_trylock(mutex);
    outcome("own trylock", error);
    if (!error)
        outcome("own unlock", pthread_mutex_unlock(mutex));
    timed("own timedlock", CLOCK_REALTIME, false);
    if (k->type == PTHREAD_MUTEX_RECURSIVE_NP) {
        owner("recursed");
        outcome("own unlock", pthread_mutex_unlock(mutex));
    }
    if (k->type == PTHREAD_MUTEX_ERRORCHECK_NP)
        outcome("own lock", pthread_mutex_lock(mutex));
}

static void *hold_for_a_while(void *unused)
{
    (void)unused;
    pthread_mutex_lock(mutex);
    turn_next(&turns, 1);
    turn_wait(&turns, 2);
    pause_ms(15);
    pthread_mutex_unlock(mutex);
    turn_next(&turns, 3);
    return NULL;
}

static bool checks_owner(const struct kind *k)
{
    return k->type == PTHREAD_MUTEX_RECURSIVE_NP || k->type == PTHREAD_MUTEX_ERRORCHECK_NP || k->robust ||
           k->protocol == PTHREAD_PRIO_INHERIT;
}

static void against_another(const struct kind *k)
{
    turns.step = 0;
    pthread_t other = start(hold_for_a_while, NULL);
    turn_wait(&turns, 1);
    owner("taken");
    outcome("trylock", pthread_mutex_trylock(mutex));
    timed("timedlock", CLOCK_REALTIME, false);
    timed("clocklock realtime", CLOCK_REALTIME, true);
    timed("clocklock monotonic", CLOCK_MONOTONIC, true);
    if (checks_owner(k))
        outcome("unlock", pthread_mutex_unlock(mutex));
    if (!k->robust)
        outcome("destroy", pthread_mutex_destroy(mutex));
    uint64_t since = now_ns();
    turn_next(&turns, 2);
    outcome("lock", pthread_mutex_lock(mutex));
    say("lock %s", waited(since, 10));
    owner("mine");
    outcome("unlock", pthread_mutex_unlock(mutex));
    finish(other);
}

static void alone(const struct kind *k)
{
    outcome("lock", pthread_mutex_lock(mutex));
    owner("locked");
    ask_again(k);
    if (!k->robust)
        outcome("destroy", pthread_mutex_destroy(mutex));
    outcome("unlock", pthread_mutex_unlock(mutex));
    owner("unlocked");
    if (checks_owner(k))
        outcome("unlock again", pthread_mutex_unlock(mutex));
    timed("timedlock", CLOCK_REALTIME, false);
    outcome("unlock", pthread_mutex_unlock(mutex));
    timed("clocklock", CLOCK_MONOTONIC, true);
    outcome("unlock", pthread_mutex_unlock(mutex));
    outcome("trylock", pthread_mutex_trylock(mutex));
    outcome("unlock", pthread_mutex_unlock(mutex));
}

static void exercise(const struct kind *k)
{
    say("-- %s", describe(k));
    int error = make(k);
    outcome("init", error);
    if (error)
        return;
    if (k->protocol == PTHREAD_PRIO_PROTECT && pthread_mutex_lock(mutex) != 0) {
        say("no right to raise the priority");
        return;
    }
    if (k->protocol == PTHREAD_PRIO_PROTECT)
        pthread_mutex_unlock(mutex);
    alone(k);
    against_another(k);
    outcome("destroy", pthread_mutex_destroy(mutex));
}

int main(void)
{
    mutex = malloc(sizeof *mutex);
    for (int protocol = PTHREAD_PRIO_NONE; protocol <= PTHREAD_PRIO_PROTECT; protocol++)
        for (int type = PTHREAD_MUTEX_TIMED_NP; type <= PTHREAD_MUTEX_ADAPTIVE_NP; type++)
            for (int robust = 0; robust < 2; robust++)
                exercise(&(struct kind){type, protocol, robust, robust ? type % 2 : (type + 1) % 2});
    free(mutex);
    return 0;
}
