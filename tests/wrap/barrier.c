/* Barriers: who is told what, attributes and their errors, destruction at once, and that a wait is no cancellation
 * point. */
#include "transcript.h"

#include <limits.h>
#include <sys/mman.h>

#define THREADS 5
#define ROUNDS 200

static pthread_barrier_t barrier;
static int serial[ROUNDS], others[ROUNDS], late;
static volatile int passed[ROUNDS];

static void *meet(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        __atomic_add_fetch(&passed[i], 1, __ATOMIC_RELAXED);
        errno = 77;
        int result = pthread_barrier_wait(&barrier);
        if (errno != 77)
            say("errno changed");
        if (__atomic_load_n(&passed[i], __ATOMIC_RELAXED) != THREADS)
            __atomic_add_fetch(&late, 1, __ATOMIC_RELAXED);
        __atomic_add_fetch(result == PTHREAD_BARRIER_SERIAL_THREAD ? &serial[i] : &others[i], result >= -1,
                           __ATOMIC_RELAXED);
    }
    return arg;
}

static void many_rounds(void)
{
    pthread_t threads[THREADS];
    int odd = 0;

    outcome("init", pthread_barrier_init(&barrier, NULL, THREADS));
    for (int i = 0; i < THREADS; i++)
        threads[i] = start(meet, NULL);
    for (int i = 0; i < THREADS; i++)
        finish(threads[i]);
    for (int i = 0; i < ROUNDS; i++)
        odd += serial[i] != 1 || others[i] != THREADS - 1;
    say("rounds with another number of serial threads: %d, threads let through early: %d", odd, late);
    outcome("destroy", pthread_barrier_destroy(&barrier));
}

static void attributes(void)
{
    pthread_barrierattr_t attr;
    int shared = -1;

    outcome("no threads", pthread_barrier_init(&barrier, NULL, 0));
    outcome("too many threads", pthread_barrier_init(&barrier, NULL, UINT_MAX));
    outcome("attr init", pthread_barrierattr_init(&attr));
    outcome("attr setpshared 7", pthread_barrierattr_setpshared(&attr, 7));
    outcome("attr setpshared", pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED));
    outcome("attr getpshared", pthread_barrierattr_getpshared(&attr, &shared));
    say("shared %d", shared);
    outcome("init with attr", pthread_barrier_init(&barrier, &attr, 1));
    say("alone: %d", pthread_barrier_wait(&barrier));
    outcome("destroy", pthread_barrier_destroy(&barrier));
    outcome("attr destroy", pthread_barrierattr_destroy(&attr));
}

static void between_processes(void)
{
    pthread_barrierattr_t attr;
    pthread_barrier_t *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    pthread_barrierattr_init(&attr);
    pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    outcome("init between processes", pthread_barrier_init(shared, &attr, 2));
    pid_t child = fork();
    int sum = 0;
    for (int i = 0; i < 20; i++)
        sum += pthread_barrier_wait(shared) == PTHREAD_BARRIER_SERIAL_THREAD;
    if (child == 0)
        _exit(sum);
    int status = 0;
    waitpid(child, &status, 0);
    say("serial in both: %d", sum + WEXITSTATUS(status));
    outcome("destroy", pthread_barrier_destroy(shared));
}

static void *cancelled_before(void *arg)
{
    pthread_cancel(pthread_self());
    int result = pthread_barrier_wait(&barrier);
    say("a cancelled thread came through: %s", result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD ? "yes" : "no");
    pthread_testcancel();
    return arg;
}

static void no_cancellation_point(void)
{
    outcome("init", pthread_barrier_init(&barrier, NULL, 2));
    pthread_t thread = start(cancelled_before, NULL);
    pause_ms(5);
    pthread_barrier_wait(&barrier);
    void *value = NULL;
    pthread_join(thread, &value);
    say("then it ended %s", value == PTHREAD_CANCELED ? "cancelled" : "by itself");
    outcome("destroy", pthread_barrier_destroy(&barrier));
}

/* What the object is made of is its state once all have come through. */
static void say_bytes(const char *when, const pthread_barrier_t *b)
{
    char text[3 * sizeof *b + 1] = "";
    for (size_t i = 0; i < sizeof *b; i++)
        sprintf(text + strlen(text), i % 4 == 3 ? "%02x " : "%02x", ((const unsigned char *)b)[i]);
    say("%s: %s", when, text);
}

static void *meet_thrice(void *arg)
{
    uintptr_t serial_rounds = 0;
    for (int i = 0; i < 3; i++)
        serial_rounds += pthread_barrier_wait(arg) == PTHREAD_BARRIER_SERIAL_THREAD;
    return (void *)serial_rounds;
}

static void bytes_of(int shared, unsigned count)
{
    pthread_barrierattr_t attr;
    pthread_barrier_t b;
    pthread_t threads[4];
    uintptr_t serial_rounds = 0;
    memset(&b, 0xa5, sizeof b);
    pthread_barrierattr_init(&attr);
    pthread_barrierattr_setpshared(&attr, shared);
    outcome("init", pthread_barrier_init(&b, &attr, count));
    say_bytes("made", &b);
    for (unsigned i = 0; i < count; i++)
        threads[i] = start(meet_thrice, &b);
    for (unsigned i = 0; i < count; i++) {
        void *value = NULL;
        pthread_join(threads[i], &value);
        serial_rounds += (uintptr_t)value;
    }
    say("serial in three rounds of %u: %d", count, (int)serial_rounds);
    say_bytes("used", &b);
    outcome("destroy", pthread_barrier_destroy(&b));
    say_bytes("destroyed", &b);
    outcome("init again", pthread_barrier_init(&b, NULL, count + 1));
    say_bytes("made again", &b);
    outcome("destroy", pthread_barrier_destroy(&b));
}

static void *destroy_if_last(void *arg)
{
    pthread_barrier_t *b = arg;
    if (pthread_barrier_wait(b) == PTHREAD_BARRIER_SERIAL_THREAD) {
        int result = pthread_barrier_destroy(b);
        memset(b, 0x5a, sizeof *b);
        free(b);
        outcome("destroy by the last", result);
    }
    return NULL;
}

int main(void)
{
    attributes();
    many_rounds();
    between_processes();
    no_cancellation_point();
    for (unsigned count = 1; count <= 4; count++) {
        bytes_of(PTHREAD_PROCESS_PRIVATE, count);
        bytes_of(PTHREAD_PROCESS_SHARED, count);
    }
    for (int i = 0; i < 20; i++) {
        pthread_barrier_t *b = malloc(sizeof *b);
        pthread_barrier_init(b, NULL, 3);
        pthread_t threads[3];
        for (int k = 0; k < 3; k++)
            threads[k] = start(destroy_if_last, b);
        for (int k = 0; k < 3; k++)
            pthread_join(threads[k], NULL);
    }
    return 0;
}
