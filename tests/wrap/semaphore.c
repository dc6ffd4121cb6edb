/* Semaphores, unnamed and named: every call, its errors, overflow, interruption, other processes, and who comes
 * last. */
#include "transcript.h"

#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/stat.h>

static void value(const char *what, sem_t *s)
{
    int n = -1;
    int result = sem_getvalue(s, &n);
    say("%s: %d, value %d", what, result, n);
}

static void counting(void)
{
    sem_t s;
    returned("init above the limit", sem_init(&s, 0, (unsigned)INT_MAX + 1u));
    returned("init", sem_init(&s, 0, 1));
    returned("wait", sem_wait(&s));
    returned("trywait at 0", sem_trywait(&s));
    returned("post", sem_post(&s));
    returned("post", sem_post(&s));
    value("after two posts", &s);
    returned("trywait", sem_trywait(&s));
    returned("wait", sem_wait(&s));
    value("after two waits", &s);
    returned("destroy", sem_destroy(&s));
    returned("init at the limit", sem_init(&s, 0, INT_MAX));
    returned("post above the limit", sem_post(&s));
    returned("wait", sem_wait(&s));
    returned("post to the limit", sem_post(&s));
    value("at the limit", &s);
    returned("destroy", sem_destroy(&s));
}

static void times(void)
{
    struct timespec bad = {0, 1000000000}, negative = {-1, 0}, past = {1, 0}, until;
    sem_t s;
    sem_init(&s, 0, 1);
    returned("timedwait, bad time but free", sem_timedwait(&s, &bad));
    returned("timedwait, bad time", sem_timedwait(&s, &bad));
    returned("timedwait, past", sem_timedwait(&s, &past));
    returned("timedwait, before 1970", sem_timedwait(&s, &negative));
    uint64_t since = now_ns();
    until = in_ms(CLOCK_REALTIME, 20);
    long result = sem_timedwait(&s, &until);
    returned("timedwait", result);
    say("it %s", waited(since, 19));
    since = now_ns();
    until = in_ms(CLOCK_MONOTONIC, 20);
    returned("clockwait", sem_clockwait(&s, CLOCK_MONOTONIC, &until));
    say("it %s", waited(since, 19));
    until = in_ms(CLOCK_REALTIME, 5);
    returned("clockwait realtime", sem_clockwait(&s, CLOCK_REALTIME, &until));
    returned("clockwait on a clock that will not do", sem_clockwait(&s, CLOCK_PROCESS_CPUTIME_ID, &until));
    sem_post(&s);
    until = in_ms(CLOCK_MONOTONIC, 10000);
    since = now_ns();
    returned("clockwait, free", sem_clockwait(&s, CLOCK_MONOTONIC, &until));
    say("it %s", waited(since, 5000));
    sem_destroy(&s);
}

static sem_t given;
static int woken;

static void *wait_for_it(void *arg)
{
    errno = 77;
    int result = sem_wait(&given);
    if (result == 0 && errno == 77)
        __atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
    return arg;
}

static void wakes_as_many_as_posts(void)
{
    pthread_t threads[8];
    sem_init(&given, 0, 0);
    for (int i = 0; i < 8; i++)
        threads[i] = start(wait_for_it, NULL);
    for (int i = 0; i < 3; i++)
        sem_post(&given);
    while (__atomic_load_n(&woken, __ATOMIC_SEQ_CST) < 3)
        pause_ms(1);
    pause_ms(10);
    say("woken by 3 posts: %d", woken);
    for (int i = 0; i < 5; i++)
        sem_post(&given);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    say("woken in all: %d", woken);
    value("at last", &given);
    sem_destroy(&given);
}

static void nothing(int number)
{
    (void)number;
}

static pthread_t sleeper;
static volatile int stop_signals;

static void *send_signals(void *arg)
{
    while (!stop_signals) {
        pthread_kill(sleeper, SIGUSR1);
        pause_ms(2);
    }
    return arg;
}

static void interrupted(void)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 10000);
    sem_t s;
    sem_init(&s, 0, 0);
    sleeper = pthread_self();
    handle(SIGUSR1, nothing, 0);
    pthread_t sender = start(send_signals, NULL);
    returned("wait, interrupted", sem_wait(&s));
    returned("timedwait, interrupted", sem_timedwait(&s, &until));
    stop_signals = 1;
    pthread_join(sender, NULL);
    sem_destroy(&s);
}

static void between_processes(void)
{
    sem_t *s = mmap(NULL, 2 * sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    returned("init shared", sem_init(&s[0], 1, 0));
    sem_init(&s[1], 1, 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 50; i++)
            if (sem_wait(&s[0]) || sem_post(&s[1]))
                _exit(1);
        _exit(0);
    }
    int odd = 0;
    for (int i = 0; i < 50; i++)
        odd += sem_post(&s[0]) != 0 || sem_wait(&s[1]) != 0;
    child_ended("child", child);
    say("odd results: %d", odd);
    munmap(s, 2 * sizeof *s);
}

static void refused(const char *what, const sem_t *s)
{
    int error = errno;
    say("%s: %s", what, s == SEM_FAILED ? error_name(error) : "opened");
}

static void named(void)
{
    char name[64];
    snprintf(name, sizeof name, "/kiwi-test-semaphore-%d", (int)getpid());
    refused("open what is not there", sem_open(name, 0));
    sem_t *a = sem_open(name, O_CREAT | O_EXCL, 0600, 2);
    say("created: %d", a != SEM_FAILED);
    refused("created once more", sem_open(name, O_CREAT | O_EXCL, 0600, 2));
    sem_t *b = sem_open(name, O_CREAT, 0600, 9);
    say("the same object: %d", a == b);
    value("value as created", b);
    refused("too large a value", sem_open("/kiwi-test-none", O_CREAT, 0600, (unsigned)INT_MAX + 1u));
    refused("bad name", sem_open("/", O_CREAT, 0600, 1));
    returned("wait", sem_wait(a));
    returned("close", sem_close(b));
    returned("wait after one of two closes", sem_wait(a));
    returned("trywait", sem_trywait(a));
    returned("unlink", sem_unlink(name));
    returned("unlink again", sem_unlink(name));
    returned("post after unlink", sem_post(a));
    returned("close", sem_close(a));
    sem_t own;
    sem_init(&own, 0, 0);
    returned("close of an unnamed one", sem_close(&own));
}

static void cleanup(void *what)
{
    say("cleanup of a cancelled %s", (const char *)what);
}

static sem_t never;
static struct turns turns;

static void *in_wait(void *arg)
{
    pthread_cleanup_push(cleanup, "sem_wait");
    turn_next(&turns, 1);
    sem_wait(&never);
    pthread_cleanup_pop(0);
    return arg;
}

static void *in_timedwait(void *arg)
{
    struct timespec until = in_ms(CLOCK_REALTIME, 30000);
    pthread_cleanup_push(cleanup, "sem_timedwait");
    turn_next(&turns, 1);
    sem_timedwait(&never, &until);
    pthread_cleanup_pop(0);
    return arg;
}

static void *in_clockwait(void *arg)
{
    struct timespec until = in_ms(CLOCK_MONOTONIC, 30000);
    pthread_cleanup_push(cleanup, "sem_clockwait");
    turn_next(&turns, 1);
    sem_clockwait(&never, CLOCK_MONOTONIC, &until);
    pthread_cleanup_pop(0);
    return arg;
}

static sem_t available;

/* A wait that needs not wait acts on a request all the same; trywait and post do not. */
static void *asked_before(void *arg)
{
    pthread_cleanup_push(cleanup, "sem_wait that needed not wait");
    pthread_cancel(pthread_self());
    returned("trywait of a cancelled thread", sem_trywait(&available));
    returned("post of a cancelled thread", sem_post(&available));
    sem_wait(&available);
    say("not reached");
    pthread_cleanup_pop(0);
    return arg;
}

static void cancellation(void)
{
    void *(*const points[])(void *) = {in_wait, in_timedwait, in_clockwait};
    sem_init(&never, 0, 0);
    sem_init(&available, 0, 1);
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        void *result = NULL;
        turns.step = 0;
        pthread_t id = start(points[i], NULL);
        turn_wait(&turns, 1);
        pause_ms(3);
        pthread_cancel(id);
        pthread_join(id, &result);
        say("%s", result == PTHREAD_CANCELED ? "cancelled" : "ended by itself");
        value("value", &never);
    }
    pthread_t id = start(asked_before, NULL);
    pthread_join(id, NULL);
    value("value", &available);
}

int main(void)
{
    counting();
    times();
    wakes_as_many_as_posts();
    interrupted();
    between_processes();
    named();
    cancellation();
    return 0;
}
