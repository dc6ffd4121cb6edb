// expect: none
/*
 * lock_contention.c mended: the request is hashed first, and the lock is held for storing the result alone. Kiwi has
 * nothing to say, though the lock is taken as often as before.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define WORKERS 4

static pthread_mutex_t stats_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t requests, digest;

static long now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static uint64_t hash_for(long us, uint64_t x)
{
    for (long end = now_us() + us; now_us() < end;)
        for (int i = 0; i < 300; i++)
            x = x * 31 + 7;
    return x;
}

static __attribute__((noinline)) void account(uint64_t request)
{
    uint64_t hash = hash_for(1000, request);
    pthread_mutex_lock(&stats_lock);
    digest ^= hash;
    requests++;
    pthread_mutex_unlock(&stats_lock);
}

static void *worker(void *arg)
{
    for (long end = now_us() + 1200000; now_us() < end;)
        account(hash_for(150, (uint64_t)end));
    return arg;
}

int main(void)
{
    pthread_t ids[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&ids[i], NULL, worker, NULL);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(ids[i], NULL);
    printf("%s\n", requests > 0 ? "served" : "not served");
    return 0;
}
