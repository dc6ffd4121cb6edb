// expect: deadlock CRITICAL
// where: deadlock simulate
// kill: 2
// about: one party of a barrier ends before the others, which wait for it for good
#include "case.h"

#define ROUNDS 6

static pthread_barrier_t round_end;
static double heat[3];

static FRAME void *simulate(void *cell)
{
    double *own = cell;
    for (int i = 0; i < ROUNDS; i++) {
        *own = *own / 2 + 1;
        if (own == &heat[1] && i == ROUNDS - 2)
            break; /* it has converged */
        pthread_barrier_wait(&round_end);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[3];
    must(pthread_barrier_init(&round_end, NULL, 3), "pthread_barrier_init");
    for (int i = 0; i < 3; i++)
        threads[i] = thread_start(simulate, &heat[i]);
    for (int i = 0; i < 3; i++)
        thread_join(threads[i]);
    return 0;
}
