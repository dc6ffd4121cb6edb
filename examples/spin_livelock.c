// expect: spin-livelock HIGH
// where: spin-livelock swap
/*
 * Two threads swap two values. Each locks its own side and only tries for the other one; when that fails it politely
 * lets go of both and starts over, just as the other one does. (The two keep in step here as they do on an idle
 * machine, so that it does not end by luck.)
 *
 * Kiwi prints spin-livelock (HIGH): how often each of them failed in a row, for how long, and at which lines.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#define ROUNDS_LEAST 400

struct side {
    pthread_mutex_t lock;
    int value;
    int have, tried; /* rounds, to keep in step */
    struct side *other;
};

static struct side sides[2] = {
        {PTHREAD_MUTEX_INITIALIZER, 1, 0, 0, &sides[1]},
        {PTHREAD_MUTEX_INITIALIZER, 2, 0, 0, &sides[0]},
};
static int last_round = 1 << 30;

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void in_step(int *own, int *other, int round)
{
    __atomic_store_n(own, round, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(other, __ATOMIC_SEQ_CST) < round)
        sched_yield();
}

static __attribute__((noinline)) int swap(struct side *a, int round)
{
    struct side *b = a->other;
    pthread_mutex_lock(&a->lock);
    in_step(&a->have, &b->have, round);
    int failed = pthread_mutex_trylock(&b->lock);
    if (!failed) {
        int value = a->value;
        a->value = b->value;
        b->value = value;
        pthread_mutex_unlock(&b->lock);
    }
    in_step(&a->tried, &b->tried, round);
    pthread_mutex_unlock(&a->lock);
    return failed;
}

static void *swapper(void *arg)
{
    struct side *own = arg;
    long end = now_ms() + 500;
    for (int round = 1; round <= __atomic_load_n(&last_round, __ATOMIC_SEQ_CST); round++) {
        swap(own, round);
        if (own == &sides[0] && round >= ROUNDS_LEAST && now_ms() > end && last_round == 1 << 30)
            __atomic_store_n(&last_round, round + 1, __ATOMIC_SEQ_CST); /* somebody gives up */
    }
    return NULL;
}

int main(void)
{
    pthread_t ids[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&ids[i], NULL, swapper, &sides[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(ids[i], NULL);
    printf("%d %d\n", sides[0].value, sides[1].value);
    return 0;
}
