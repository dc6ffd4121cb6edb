/* contended.c - threads that compete for one lock, each with a critical section of a given length. */
#include "measure.h"
#include "scenario.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

#define CONTENDERS_MAX 64

struct contest {
    pthread_mutex_t lock;
    pthread_barrier_t start;
    atomic_bool stop; /* relaxed: only says when to end */
    unsigned long long section_ticks, gap_ticks;
};

struct contender {
    struct contest *contest;
    long cpu;
    unsigned long long done; /* critical sections */
};

/* The section is timed by the TSC and not by counting loops, so that it is as long whatever the clock rate is. */
static unsigned long long ticks_of_ns(long ns)
{
    unsigned long long ticks = __rdtsc();
    uint64_t begin_ns = measure_now_ns();
    uint64_t now_ns;
    do
        now_ns = measure_now_ns();
    while (now_ns - begin_ns < 10000000u);
    return (__rdtsc() - ticks) * (unsigned long long)ns / (now_ns - begin_ns);
}

static void wait_ticks(unsigned long long ticks)
{
    unsigned long long begin = __rdtsc();
    while (__rdtsc() - begin < ticks)
        ;
}

static void contend(struct contender *contender)
{
    struct contest *contest = contender->contest;
    unsigned long long done = 0;
    pthread_barrier_wait(&contest->start);
    while (!atomic_load_explicit(&contest->stop, memory_order_relaxed)) {
        pthread_mutex_lock(&contest->lock);
        wait_ticks(contest->section_ticks);
        pthread_mutex_unlock(&contest->lock);
        if (contest->gap_ticks != 0)
            wait_ticks(contest->gap_ticks);
        done++;
    }
    contender->done = done;
}

static void *peer_run(void *argument)
{
    struct contender *contender = argument;
    measure_bind(contender->cpu);
    contend(contender);
    return NULL;
}

static int contest_run(struct contest *contest, struct contender *contenders, const struct settings *settings)
{
    pthread_t threads[CONTENDERS_MAX];
    for (long i = 0; i < settings->contenders; i++) {
        int error = pthread_create(&threads[i], NULL, peer_run, &contenders[i]);
        if (error != 0) {
            fprintf(stderr, "bench: cannot start a thread: %s\n", strerror(error));
            return -1;
        }
    }
    pthread_barrier_wait(&contest->start);
    struct timespec time = {settings->ms / 1000, settings->ms % 1000 * 1000000};
    nanosleep(&time, NULL);
    atomic_store_explicit(&contest->stop, true, memory_order_relaxed);
    for (long i = 0; i < settings->contenders; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

/* One batch of all the time: the sections of all threads together over the wall time of the contest. */
int scenario_contended(const struct settings *settings)
{
    struct contest contest = {
            .lock = PTHREAD_MUTEX_INITIALIZER,
            .section_ticks = ticks_of_ns(settings->section_ns),
            .gap_ticks = ticks_of_ns(settings->gap_ns),
    };
    pthread_barrier_init(&contest.start, NULL, (unsigned)settings->contenders + 1);
    struct contender contenders[CONTENDERS_MAX];
    for (long i = 0; i < settings->contenders; i++)
        contenders[i] = (struct contender){&contest, i % 2 ? settings->peer_cpu : settings->cpu, 0};
    struct measure *measure = measure_open(settings->ms, 0);
    if (measure == NULL)
        return 1;
    measure_skip_warming(measure);
    measure_start(measure);
    int failed = contest_run(&contest, contenders, settings);
    if (failed == 0) {
        unsigned long long done = 0;
        for (long i = 0; i < settings->contenders; i++)
            done += contenders[i].done;
        measure_stop(measure, done);
        failed = measure_print(measure);
    }
    measure_close(measure);
    pthread_barrier_destroy(&contest.start);
    return failed != 0;
}
