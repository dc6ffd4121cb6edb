// expect: lock-false-sharing LOW|MEDIUM
// where: lock-false-sharing add|worker
/*
 * Two threads count, each under a lock of its own; but the two locks lie in one cache line, which their processors take
 * from each other with each lock and unlock.
 *
 * Kiwi prints lock-false-sharing (MEDIUM; LOW where it was not seen to cost anything): where the locks lie, how often a
 * second each of them was taken, and how long taking the free lock took.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

struct shard {
    pthread_mutex_t lock; /* 40 bytes */
    unsigned long sum;
};

static struct shard shards[2] __attribute__((aligned(64)));

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
