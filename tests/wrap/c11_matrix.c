/*
 * Every kind of C11 mutex, in every state, asked in every way: what the call returns and when, that errno stays, and
 * what the object is made of before, during and after. Beside it what the pthread calls say of the same object.
 */
#include "transcript.h"

#include <threads.h>

#define SOON_MS 6

enum state { FREE, MINE, ANOTHERS, STATES };
static const char *const state_names[STATES] = {"free", "mine", "another's"};

enum limit { PAST, SOON, LATE, BAD_TIME, LIMITS };
static const char *const limit_names[LIMITS] = {"long ago", "soon", "in a minute", "bad time"};

static int ask_lock(mtx_t *m, const struct timespec *until)
{
    (void)until;
    return mtx_lock(m);
}
static int ask_try(mtx_t *m, const struct timespec *until)
{
    (void)until;
    return mtx_trylock(m);
}
static int ask_pthread_try(mtx_t *m, const struct timespec *until)
{
    (void)until;
    return pthread_mutex_trylock((pthread_mutex_t *)m) ? thrd_busy : thrd_success;
}

static const struct request {
    const char *name;
    int (*call)(mtx_t *m, const struct timespec *until);
    bool waits, limited;
} requests[] = {
        {"mtx_lock", ask_lock, true, false},
        {"mtx_trylock", ask_try, false, false},
        {"pthread_mutex_trylock", ask_pthread_try, false, false},
        {"mtx_timedlock", mtx_timedlock, true, true},
};

struct attempt {
    mtx_t mutex;
    const struct request *request;
    enum state state;
    enum limit limit;
    bool recursive;
    struct turns held, release, done;
    pid_t tid; /* once it is about to ask; atomic */
    int result;
    bool at_deadline, errno_stayed;
};

static const char *word(int result)
{
    static const char *const words[] = {"success", "busy", "error", "no memory", "timed out"};
    _Static_assert(thrd_success == 0 && thrd_timedout == 4, "in this order");
    return result >= 0 && result < 5 ? words[result] : "odd";
}

/* That somebody has waited depends on who was quicker. */
static const char *bytes(const mtx_t *m, char *text, size_t size)
{
    const struct __pthread_mutex_s *s = &((const pthread_mutex_t *)m)->__data;
    const char *owner = s->__owner == 0 ? "nobody" : s->__owner == gettid() ? "me" : "another";
    snprintf(text, size, "%d %u %s %u %x", s->__lock != 0, s->__count, owner, s->__nusers, (unsigned)s->__kind);
    return text;
}

static int hold(void *arg)
{
    struct attempt *a = arg;
    mtx_lock(&a->mutex);
    turn_next(&a->held, 1);
    turn_wait(&a->release, 1);
    return mtx_unlock(&a->mutex);
}

static struct timespec deadline(enum limit limit)
{
    if (limit == PAST)
        return (struct timespec){1, 0};
    if (limit == BAD_TIME)
        return (struct timespec){0, 1000000000};
    return in_ms(CLOCK_REALTIME, limit == SOON ? SOON_MS : 60000);
}

static int ask(void *arg)
{
    struct attempt *a = arg;
    char before[64], held[64], after[64];
    if (a->state == MINE)
        mtx_lock(&a->mutex);
    bytes(&a->mutex, before, sizeof before);
    uint64_t since = now_ns();
    struct timespec until = deadline(a->limit);
    __atomic_store_n(&a->tid, gettid(), __ATOMIC_RELEASE);
    errno = ENOTTY;
    a->result = a->request->call(&a->mutex, &until);
    a->errno_stayed = errno == ENOTTY;
    a->at_deadline = now_ns() - since >= (SOON_MS - 1) * 1000000u;
    bytes(&a->mutex, held, sizeof held);
    if (a->result == thrd_success && mtx_unlock(&a->mutex) != thrd_success)
        say("odd unlock");
    bytes(&a->mutex, after, sizeof after);
    if (a->state == MINE)
        mtx_unlock(&a->mutex);
    turn_next(&a->done, 1);
    say("  bytes %s, %s, %s", before, held, after);
    return 0;
}

/* It is let go once the asker sleeps; who asks no longer than until `soon` is not. */
static bool waits_for_release(const struct attempt *a)
{
    return a->state == ANOTHERS && a->request->waits && (!a->request->limited || a->limit == LATE);
}

static bool slept_until_release(struct attempt *a)
{
    while (!__atomic_load_n(&a->tid, __ATOMIC_ACQUIRE))
        usleep(100);
    for (int looks = 0; looks < 3; looks = thread_sleeps(a->tid) ? looks + 1 : 0)
        usleep(300);
    return !__atomic_load_n(&a->done.step, __ATOMIC_ACQUIRE);
}

static void make_attempt(struct attempt *a, int type)
{
    thrd_t holder, asker;
    bool slept = false;
    if (mtx_init(&a->mutex, type) != thrd_success)
        say("no such mutex");
    say("%s%s%s, %s", a->request->name, a->request->limited ? ", " : "",
        a->request->limited ? limit_names[a->limit] : "", state_names[a->state]);
    if (a->state == ANOTHERS) {
        thrd_create(&holder, hold, a);
        turn_wait(&a->held, 1);
    }
    thrd_create(&asker, ask, a);
    if (waits_for_release(a))
        slept = slept_until_release(a);
    else
        turn_wait(&a->done, 1);
    turn_next(&a->release, 1);
    if (a->state == ANOTHERS)
        thrd_join(holder, NULL);
    thrd_join(asker, NULL);
    bool timed_out = a->limit == SOON && a->result == thrd_timedout;
    say("  %s, %s%s", word(a->result),
        slept                         ? "when it was let go"
        : timed_out && a->at_deadline ? "at the deadline"
                                      : "at once",
        a->errno_stayed ? "" : ", errno changed");
    mtx_destroy(&a->mutex);
    say("  kind after destroy %d", ((const pthread_mutex_t *)&a->mutex)->__data.__kind);
}

/* It would wait for itself for ever, or for a minute. */
static bool is_hopeless(const struct attempt *a)
{
    return a->state == MINE && !a->recursive && a->request->waits && (!a->request->limited || a->limit == LATE);
}

static void every_way(int type)
{
    say("-- type %d", type);
    for (int state = 0; state < STATES; state++)
        for (size_t r = 0; r < sizeof requests / sizeof *requests; r++)
            for (int limit = 0; limit < (requests[r].limited ? LIMITS : 1); limit++) {
                struct attempt a = {.request = &requests[r], .state = (enum state)state, .limit = (enum limit)limit};
                a.recursive = type & mtx_recursive;
                if (!is_hopeless(&a))
                    make_attempt(&a, type);
            }
}

/* What the recursive kind alone tells: it counts, and refuses others. */
static int unlock_anothers(void *m)
{
    say("another's unlock: %s", word(mtx_unlock(m)));
    return 0;
}

static void depths(void)
{
    mtx_t m;
    thrd_t other;
    char text[64];
    mtx_init(&m, mtx_recursive);
    for (int i = 0; i < 3; i++) {
        mtx_lock(&m);
        say("held: %s", bytes(&m, text, sizeof text));
    }
    thrd_create(&other, unlock_anothers, &m);
    thrd_join(other, NULL);
    for (int i = 0; i < 4; i++) {
        int result = mtx_unlock(&m);
        say("unlock: %s, then %s", word(result), bytes(&m, text, sizeof text));
    }
    mtx_destroy(&m);
}

int main(void)
{
    static const int types[] = {mtx_plain, mtx_timed, mtx_plain | mtx_recursive, mtx_timed | mtx_recursive};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        every_way(types[i]);
    depths();
    return 0;
}
