/*
 * many_locks.c - a mutex in each of very many objects: two threads lock all of them, one in ten together with its
 * neighbour, always in one order.
 *
 *     many_locks LOCKS ROUNDS
 *
 * Prints the nanoseconds that a pair of lock and unlock takes, over all of them and over a thousand of them again.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct object {
    pthread_mutex_t lock;
    long uses;
};

static struct object **objects;
static long count, rounds;

/* Of the processor: the machine may be busy. */
static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static __attribute__((noinline)) void use(struct object *o)
{
    pthread_mutex_lock(&o->lock);
    o->uses++;
    pthread_mutex_unlock(&o->lock);
}

static __attribute__((noinline)) void use_both(struct object *o, struct object *next)
{
    pthread_mutex_lock(&o->lock);
    pthread_mutex_lock(&next->lock);
    o->uses++;
    next->uses++;
    pthread_mutex_unlock(&next->lock);
    pthread_mutex_unlock(&o->lock);
}

static void *work(void *arg)
{
    double began = now_ns(), *figures = arg;
    long pairs = 0;

    for (long r = 0; r < rounds; r++)
        for (long i = 0; i + 1 < count; i++) {
            if (i % 10 == 0)
                use_both(objects[i], objects[i + 1]);
            else
                use(objects[i]);
            pairs += i % 10 ? 1 : 2;
        }
    figures[0] = (now_ns() - began) / (double)pairs;
    began = now_ns();
    for (long r = 0; r < 1000; r++)
        for (long i = 0; i < 1000 && i < count; i++)
            use(objects[i]);
    figures[1] = (now_ns() - began) / 1e6;
    return NULL;
}

int main(int argc, char **argv)
{
    double figures[2][2];
    pthread_t threads[2];

    count = argc == 3 ? atol(argv[1]) : 0;
    rounds = argc == 3 ? atol(argv[2]) : 0;
    objects = count > 1 && rounds > 0 ? calloc((size_t)count, sizeof *objects) : NULL;
    if (!objects)
        return 2;
    for (long i = 0; i < count; i++)
        if (!(objects[i] = calloc(1, sizeof *objects[i])) || pthread_mutex_init(&objects[i]->lock, NULL))
            return 1;
    for (int i = 0; i < 2; i++) /* one after the other: it is not contention that is measured */
        if (pthread_create(&threads[i], NULL, work, figures[i]) || pthread_join(threads[i], NULL))
            return 1;
    printf("all %.2f ns, a thousand %.2f ns\n", (figures[0][0] + figures[1][0]) / 2,
           (figures[0][1] + figures[1][1]) / 2);
    return 0;
}
