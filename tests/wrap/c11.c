/* C11 threads: mtx_*, cnd_*, call_once, thrd_* with all their results, beside pthread calls on the same objects. */
#include "transcript.h"

#include <threads.h>

static const char *word(int result)
{
    switch (result) {
    case thrd_success:
        return "success";
    case thrd_busy:
        return "busy";
    case thrd_timedout:
        return "timed out";
    case thrd_nomem:
        return "no memory";
    case thrd_error:
        return "error";
    default:
        return "odd";
    }
}

static void result(const char *what, int value)
{
    say("%s: %s", what, word(value));
}

static int ask(void *arg)
{
    mtx_t *m = arg;
    struct timespec until, past = {1, 0}, bad = {0, 1000000000};
    result("other trylock", mtx_trylock(m));
    uint64_t since = now_ns();
    until = in_ms(CLOCK_REALTIME, 10);
    result("other timedlock", mtx_timedlock(m, &until));
    say("it %s", waited(since, 9));
    result("other timedlock, past", mtx_timedlock(m, &past));
    result("other timedlock, bad time", mtx_timedlock(m, &bad));
    return 3;
}

static void ask_other(mtx_t *m)
{
    thrd_t other;
    int value = 0;
    int created = thrd_create(&other, ask, m), joined = thrd_join(other, &value);
    result("create", created);
    result("join", joined);
    say("it returned %d", value);
}

static void kind(int type)
{
    mtx_t m;
    say("-- type %d", type);
    result("init", mtx_init(&m, type));
    result("trylock", mtx_trylock(&m));
    ask_other(&m);
    result("trylock again", mtx_trylock(&m));
    if (type & mtx_recursive) {
        result("lock again", mtx_lock(&m));
        result("unlock", mtx_unlock(&m));
        result("unlock", mtx_unlock(&m));
    }
    say("pthread_mutex_trylock: %s", error_name(pthread_mutex_trylock((pthread_mutex_t *)&m)));
    if (type & mtx_recursive)
        result("unlock", mtx_unlock(&m));
    result("unlock", mtx_unlock(&m));
    if (type & mtx_recursive)
        result("unlock what is free", mtx_unlock(&m));
    result("lock", mtx_lock(&m));
    say("pthread_mutex_unlock: %s", error_name(pthread_mutex_unlock((pthread_mutex_t *)&m)));
    mtx_destroy(&m);
}

static mtx_t mutex;
static cnd_t cond;
static int ready, seen;

static int wait_ready(void *arg)
{
    mtx_lock(&mutex);
    while (!ready)
        if (cnd_wait(&cond, &mutex) != thrd_success)
            say("odd result of cnd_wait");
    seen++;
    mtx_unlock(&mutex);
    (void)arg;
    return -7;
}

static void conditions(void)
{
    thrd_t threads[4];
    struct timespec until, bad = {0, -1};
    mtx_init(&mutex, mtx_plain);
    result("cnd_init", cnd_init(&cond));
    mtx_lock(&mutex);
    uint64_t since = now_ns();
    until = in_ms(CLOCK_REALTIME, 15);
    result("timedwait", cnd_timedwait(&cond, &mutex, &until));
    say("it %s", waited(since, 14));
    result("timedwait, bad time", cnd_timedwait(&cond, &mutex, &bad));
    result("trylock meanwhile", mtx_trylock(&mutex));
    mtx_unlock(&mutex);
    for (int i = 0; i < 4; i++)
        thrd_create(&threads[i], wait_ready, NULL);
    pause_ms(5);
    mtx_lock(&mutex);
    ready = 1;
    result("signal", cnd_signal(&cond));
    result("broadcast", cnd_broadcast(&cond));
    mtx_unlock(&mutex);
    for (int i = 0; i < 4; i++) {
        int value = 0;
        thrd_join(threads[i], &value);
        say("thread returned %d", value);
    }
    say("seen %d", seen);
    cnd_destroy(&cond);
    mtx_destroy(&mutex);
}

static once_flag flag = ONCE_FLAG_INIT;
static int runs;

static void run_once(void)
{
    runs++;
    pause_ms(3);
}

static int call(void *arg)
{
    call_once(&flag, run_once);
    if (runs != 1)
        say("not run yet");
    thrd_exit(*(int *)arg);
}

static void once(void)
{
    thrd_t threads[5];
    int value = 11, got = 0, sum = 0;
    for (int i = 0; i < 5; i++)
        thrd_create(&threads[i], call, &value);
    for (int i = 0; i < 5; i++) {
        thrd_join(threads[i], &got);
        sum += got;
    }
    say("runs %d, exit values %d", runs, sum);
}

static int no_work(void *arg)
{
    (void)arg;
    return 0;
}

static void cleanup(void *m)
{
    result("cleanup: unlock", mtx_unlock(m));
}

static int cancelled_in_wait(void *arg)
{
    mtx_lock(&mutex);
    pthread_cleanup_push(cleanup, &mutex);
    __atomic_store_n((int *)arg, 1, __ATOMIC_RELEASE);
    cnd_wait(&cond, &mutex);
    pthread_cleanup_pop(0);
    return 1;
}

static void cancellation(void)
{
    thrd_t waiting;
    int there = 0, value = 0;
    mtx_init(&mutex, mtx_plain);
    cnd_init(&cond);
    thrd_create(&waiting, cancelled_in_wait, &there);
    while (!__atomic_load_n(&there, __ATOMIC_ACQUIRE))
        pause_ms(1);
    mtx_lock(&mutex); /* now it waits */
    mtx_unlock(&mutex);
    pthread_cancel(waiting);
    result("join of a cancelled thread", thrd_join(waiting, &value));
    say("value %d", value);
    result("the mutex is free", mtx_trylock(&mutex));
    mtx_unlock(&mutex);
    cnd_destroy(&cond);
    mtx_destroy(&mutex);
}

static void sleeping(void)
{
    struct timespec some = {0, 3000000}, bad = {0, 1000000000}, left = {5, 5};
    uint64_t since = now_ns();
    say("sleep: %d", thrd_sleep(&some, &left));
    say("it %s", waited(since, 3));
    say("sleep, bad time: %d", thrd_sleep(&bad, NULL));
    thrd_yield();
    say("current: %d", thrd_equal(thrd_current(), pthread_self()) != 0);
}

int main(void)
{
    thrd_t detached;
    kind(mtx_plain);
    kind(mtx_timed);
    kind(mtx_plain | mtx_recursive);
    kind(mtx_timed | mtx_recursive);
    result("init, bad type", mtx_init(&mutex, 77));
    conditions();
    once();
    cancellation();
    sleeping();
    result("create", thrd_create(&detached, no_work, NULL));
    result("detach", thrd_detach(detached));
    pause_ms(2);
    return 0;
}
