/* Threads that end the process all at once: see how_it_ends.sh. */
#include "transcript.h"

#include <pthread.h>
#include <unistd.h>

#define THREADS 4

static pthread_barrier_t together;

static void *leave(void *unused)
{
    pthread_barrier_wait(&together);
    _exit(0);
    return unused;
}

int main(void)
{
    pthread_t threads[THREADS];

    pthread_barrier_init(&together, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, leave, NULL))
            return 9;
    pause();
    return 1;
}
