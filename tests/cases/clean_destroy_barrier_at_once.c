// expect: none
// about: whoever is told that it was the last one destroys the barrier, while the others are still on their way out
#include "case.h"

#define THREADS 4
#define ROUNDS 50

struct meeting {
    pthread_barrier_t barrier;
};
static struct meeting *meetings[ROUNDS];

static void *worker(void *arg)
{
    for (int i = 0; i < ROUNDS; i++)
        if (pthread_barrier_wait(&meetings[i]->barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
            pthread_barrier_destroy(&meetings[i]->barrier);
            free(meetings[i]);
        }
    return arg;
}

int main(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < ROUNDS; i++) {
        meetings[i] = malloc(sizeof *meetings[i]);
        require(meetings[i] != NULL, "malloc");
        must(pthread_barrier_init(&meetings[i]->barrier, NULL, THREADS), "pthread_barrier_init");
    }
    for (int i = 0; i < THREADS; i++)
        threads[i] = thread_start(worker, NULL);
    for (int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    return 0;
}
