// expect: none
/*
 * spin_livelock.c mended: both threads lock the sides in the same order and wait for them. Each swap is done at its
 * first attempt.
 */
#include <pthread.h>
#include <stdio.h>

#define SWAPS 20000

struct side {
    pthread_mutex_t lock;
    int value;
};

static struct side sides[2] = {
        {PTHREAD_MUTEX_INITIALIZER, 1},
        {PTHREAD_MUTEX_INITIALIZER, 2},
};

static __attribute__((noinline)) void swap(void)
{
    pthread_mutex_lock(&sides[0].lock);
    pthread_mutex_lock(&sides[1].lock);
    int value = sides[0].value;
    sides[0].value = sides[1].value;
    sides[1].value = value;
    pthread_mutex_unlock(&sides[1].lock);
    pthread_mutex_unlock(&sides[0].lock);
}

static void *swapper(void *arg)
{
    for (int i = 0; i < SWAPS; i++)
        swap();
    return arg;
}

int main(void)
{
    pthread_t ids[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&ids[i], NULL, swapper, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(ids[i], NULL);
    printf("%d %d\n", sides[0].value, sides[1].value);
    return 0;
}
