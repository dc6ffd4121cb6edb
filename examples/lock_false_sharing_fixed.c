// expect: none
/*
 * lock_false_sharing.c mended: each shard, the lock and what it protects, has a cache line of its own.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

struct shard {
    pthread_mutex_t lock; /* 40 bytes */
    unsigned long sum;
} __attribute__((aligned(64)));

static struct shard shards[2];

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static __attribute__((noinline)) void add(struct shard *s, unsigned long n)
{
    pthread_mutex_lock(&s->lock);
    s->sum += n;
    pthread_mutex_unlock(&s->lock);
}

static void *worker(void *arg)
{
    for (long end = now_ms() + 700; now_ms() < end;)
        for (unsigned long i = 1; i <= 1000; i++)
            add(arg, i);
    return NULL;
}

int main(void)
{
    pthread_t ids[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&ids[i], NULL, worker, &shards[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(ids[i], NULL);
    printf("%s\n", shards[0].sum && shards[1].sum ? "counted" : "not counted");
    return 0;
}
