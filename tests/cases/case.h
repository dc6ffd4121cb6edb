/*
 * case.h - what the case programs share: naps, stages that Kiwi does not see, and a check that ends the program.
 *
 * A stage orders the threads of a case with plain atomics, so that the order of events is certain and yet no lock, join
 * or condition variable that belongs to the case has anything to do with it. Works in C and C++.
 */
#ifndef CASE_H
#define CASE_H

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * Keeps a function as a frame of its own, so that a case can say that a finding names it. noinline alone is not enough
 * for gcc: it clones such a function for a constant argument, drops the result that nobody wants, and then jumps to the
 * function's last call instead of calling it.
 */
#ifdef __clang__
#define FRAME __attribute__((noinline))
#else
#define FRAME __attribute__((noipa))
#endif

static inline __attribute__((unused)) void nap_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

/* For calls of the pthread kind, which return their error. */
static inline __attribute__((unused)) void must(int error, const char *what)
{
    if (error) {
        fprintf(stderr, "%s: %s\n", what, strerror(error));
        exit(9);
    }
}

static inline __attribute__((unused)) void require(int true_, const char *what)
{
    if (!true_) {
        fprintf(stderr, "not so: %s\n", what);
        exit(9);
    }
}

static inline __attribute__((unused)) void stage_reach(int *stage, int at_least)
{
    __atomic_store_n(stage, at_least, __ATOMIC_SEQ_CST);
}

static inline __attribute__((unused)) int stage_arrive(int *stage)
{
    return __atomic_add_fetch(stage, 1, __ATOMIC_SEQ_CST);
}

/* Spins, so that waiting for a stage with a lock held is no blocking call. */
static inline __attribute__((unused)) void stage_await(int *stage, int at_least)
{
    while (__atomic_load_n(stage, __ATOMIC_SEQ_CST) < at_least)
        sched_yield();
}

static inline __attribute__((unused)) pthread_t thread_start(void *(*start)(void *), void *arg)
{
    pthread_t thread;
    must(pthread_create(&thread, NULL, start, arg), "pthread_create");
    return thread;
}

static inline __attribute__((unused)) void thread_join(pthread_t thread)
{
    must(pthread_join(thread, NULL), "pthread_join");
}

/* Until the thread whose id will be there sleeps; not by a call that Kiwi sees. */
static inline __attribute__((unused)) void thread_await_sleep(const long *tid)
{
    char text[128];
    const char *name_end = NULL;
    long id;

    while (!name_end || strncmp(name_end, ") S", 3) != 0) {
        sched_yield();
        if (!(id = __atomic_load_n(tid, __ATOMIC_SEQ_CST)))
            continue;
        snprintf(text, sizeof text, "/proc/self/task/%ld/stat", id);
        FILE *f = fopen(text, "r");
        require(f && fgets(text, sizeof text, f), "the thread is there");
        fclose(f);
        name_end = strrchr(text, ')');
    }
}

static inline __attribute__((unused)) void mutex_init_kind(pthread_mutex_t *mutex, int type, int protocol, int robust)
{
    pthread_mutexattr_t attr;
    must(pthread_mutexattr_init(&attr), "pthread_mutexattr_init");
    must(pthread_mutexattr_settype(&attr, type), "settype");
    must(pthread_mutexattr_setprotocol(&attr, protocol), "setprotocol");
    must(pthread_mutexattr_setrobust(&attr, robust), "setrobust");
    must(pthread_mutex_init(mutex, &attr), "pthread_mutex_init");
    pthread_mutexattr_destroy(&attr);
}

static inline __attribute__((unused)) struct timespec deadline_ms(clockid_t clock, long ms)
{
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_nsec += ms * 1000000L;
    t.tv_sec += t.tv_nsec / 1000000000L;
    t.tv_nsec %= 1000000000L;
    return t;
}

#endif
