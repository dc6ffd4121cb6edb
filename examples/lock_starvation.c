// expect: lock-starvation HIGH
// allow: lock-contention
// where: lock-starvation ingest|audit
/*
 * An ingester takes the lock for each batch, lets go of it, and takes it again at once. Whenever the lock is free for a
 * moment, the auditor, a background thread, has not woken up yet: it is overtaken dozens of times.
 *
 * Kiwi prints lock-starvation (HIGH): how often other threads got the lock while the auditor waited, and how much of
 * its time that took.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define BATCHES 500

static pthread_mutex_t totals_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t totals[64];

static long now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static __attribute__((noinline)) void ingest(uint64_t batch)
{
    pthread_mutex_lock(&totals_lock);
    for (long end = now_us() + 2000; now_us() < end;)
        for (int i = 0; i < 64; i++)
            totals[i] += batch;
    pthread_mutex_unlock(&totals_lock);
}

static __attribute__((noinline)) uint64_t audit(void)
{
    uint64_t sum = 0;
    pthread_mutex_lock(&totals_lock);
    for (int i = 0; i < 64; i++)
        sum += totals[i];
    pthread_mutex_unlock(&totals_lock);
    return sum;
}

static void *auditor(void *arg)
{
    struct sched_param background = {0};
    sched_setscheduler(0, SCHED_IDLE, &background);
    for (int i = 0; i < 20; i++) {
        nanosleep(&(struct timespec){0, 5000000}, NULL);
        *(uint64_t *)arg ^= audit();
    }
    return NULL;
}

int main(void)
{
    pthread_t id;
    uint64_t seen = 0;
    pthread_create(&id, NULL, auditor, &seen);
    for (uint64_t i = 0; i < BATCHES; i++)
        ingest(i);
    pthread_join(id, NULL);
    printf("%d batches\n", BATCHES);
    return 0;
}
