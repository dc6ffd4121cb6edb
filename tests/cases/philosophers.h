/* A round table: each philosopher eats once, one after the other, and stays until all have. */
#ifndef KIWI_CASES_PHILOSOPHERS_H
#define KIWI_CASES_PHILOSOPHERS_H

#include "case.h"

#define SEATS 24

static pthread_mutex_t forks[SEATS];
static int meals, turn;
static void (*eat_at)(int seat);

static void *philosopher(void *seat)
{
    int own = (int)((pthread_mutex_t *)seat - forks);

    stage_await(&turn, own);
    eat_at(own);
    stage_reach(&turn, own + 1);
    stage_await(&turn, SEATS);
    return NULL;
}

static inline int dine(void (*eat)(int seat))
{
    pthread_t threads[SEATS];

    eat_at = eat;
    for (int i = 0; i < SEATS; i++)
        pthread_mutex_init(&forks[i], NULL);
    for (int i = 0; i < SEATS; i++)
        threads[i] = thread_start(philosopher, &forks[i]);
    for (int i = 0; i < SEATS; i++)
        thread_join(threads[i]);
    return meals != SEATS;
}
#endif
