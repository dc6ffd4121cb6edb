/* Threads that only free what another one got: the first that they ask of jemalloc, they ask for Kiwi. */
#include <pthread.h>
#include <stdlib.h>

#define BLOCKS 2000
#define THREADS 8

static void *blocks[BLOCKS];

static void *free_all(void *unused)
{
    (void)unused;
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    return NULL;
}

int main(void)
{
    for (int round = 0; round < THREADS; round++) {
        pthread_t t;
        for (size_t i = 0; i < BLOCKS; i++)
            blocks[i] = malloc(100 + i * 70);
        if (pthread_create(&t, NULL, free_all, NULL) || pthread_join(t, NULL))
            return 1;
    }
    return 0;
}
