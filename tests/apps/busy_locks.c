/*
 * busy_locks - locks, and does nothing wrong, until it is killed (or for 60 seconds): busy_locks SEED
 *
 * Prints `locks ADDRESS STRIDE COUNT` in hexadecimal once its threads are about to run: where its mutexes lie. There is
 * one of each kind: normal, recursive, error-checking, adaptive, robust, priority-inheriting. Locks are always taken
 * upwards.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define KINDS 6
#define WORKERS 5

struct cell {
    pthread_mutex_t lock;
    long value;
};

static struct cell cells[KINDS + 1]; /* the last one belongs to the condition variable */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void check(int error, const char *what)
{
    if (error) {
        fprintf(stderr, "busy_locks: %s failed with %d\n", what, error);
        _exit(9);
    }
}

static void cells_init(void)
{
    static const int types[KINDS] = {PTHREAD_MUTEX_NORMAL,      PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
                                     PTHREAD_MUTEX_ADAPTIVE_NP, PTHREAD_MUTEX_NORMAL,    PTHREAD_MUTEX_NORMAL};
    for (int i = 0; i < KINDS; i++) {
        pthread_mutexattr_t attr;
        pthread_mutexattr_init(&attr);
        check(pthread_mutexattr_settype(&attr, types[i]), "settype");
        if (i == 4)
            check(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST), "setrobust");
        if (i == 5)
            check(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT), "setprotocol");
        check(pthread_mutex_init(&cells[i].lock, &attr), "init");
        pthread_mutexattr_destroy(&attr);
    }
    check(pthread_mutex_init(&cells[KINDS].lock, NULL), "init");
}

static int take(int i, unsigned *seed)
{
    struct timespec soon;
    switch (rand_r(seed) % 4) {
    case 0:
        return pthread_mutex_trylock(&cells[i].lock);
    case 1:
        clock_gettime(CLOCK_REALTIME, &soon);
        soon.tv_sec += 60;
        return pthread_mutex_timedlock(&cells[i].lock, &soon);
    default:
        return pthread_mutex_lock(&cells[i].lock);
    }
}

static void turn(unsigned *seed)
{
    int held[KINDS], count = 0;
    for (int i = rand_r(seed) % 3; i < KINDS; i += 1 + rand_r(seed) % 3) {
        if (take(i, seed) != 0)
            continue;
        held[count++] = i;
        cells[i].value++;
        if (i == 1 && rand_r(seed) % 2) { /* the recursive one, once more */
            check(pthread_mutex_lock(&cells[i].lock), "lock again");
            cells[i].value++;
            check(pthread_mutex_unlock(&cells[i].lock), "unlock");
        }
    }
    for (int spin = rand_r(seed) % 300; spin > 0; spin--)
        __asm__ volatile("");
    if (count > 1 && rand_r(seed) % 4 == 0) { /* out of order */
        int swap = held[0];
        held[0] = held[count - 1];
        held[count - 1] = swap;
    }
    while (count > 0)
        check(pthread_mutex_unlock(&cells[held[--count]].lock), "unlock");
}

static void *worker(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    for (;;)
        turn(&seed);
    return NULL;
}

/* Two threads that hand a turn to each other. */
static void *player(void *arg)
{
    long me = (long)(intptr_t)arg;
    for (;;) {
        check(pthread_mutex_lock(&cells[KINDS].lock), "lock");
        while (cells[KINDS].value % 2 != me)
            check(pthread_cond_wait(&changed, &cells[KINDS].lock), "wait");
        cells[KINDS].value++;
        check(pthread_cond_signal(&changed), "signal");
        check(pthread_mutex_unlock(&cells[KINDS].lock), "unlock");
    }
    return NULL;
}

static void *visitor(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    for (int i = 0; i < 20; i++)
        turn(&seed);
    return NULL;
}

static pthread_t start(void *(*function)(void *), uintptr_t arg)
{
    pthread_t thread;
    check(pthread_create(&thread, NULL, function, (void *)arg), "create");
    return thread;
}

int main(int argc, char **argv)
{
    unsigned seed = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
    alarm(60);
    cells_init();
    printf("locks %lx %zx %x\n", (unsigned long)(uintptr_t)cells, sizeof *cells, KINDS + 1);
    fflush(stdout);
    for (unsigned i = 0; i < WORKERS; i++)
        start(worker, seed * 100 + i);
    start(player, 0);
    start(player, 1);
    for (;;) { /* short-lived threads come and go meanwhile */
        check(pthread_join(start(visitor, seed++), NULL), "join");
        sched_yield();
    }
}
