/*
 * table.h - what the cases about permits share: threads that each take two neighbouring locks of a ring, one thread
 * after the other, having been let in by a semaphore.
 */
#ifndef CASE_TABLE_H
#define CASE_TABLE_H

#include "case.h"

#include <semaphore.h>

#define SEATS 4

static pthread_mutex_t forks[SEATS];
static sem_t permits;
static int turn, seated;

static FRAME void eat(int seat)
{
    pthread_mutex_lock(&forks[seat]);
    pthread_mutex_lock(&forks[(seat + 1) % SEATS]);
    pthread_mutex_unlock(&forks[(seat + 1) % SEATS]);
    pthread_mutex_unlock(&forks[seat]);
}

static void *sit(void *arg)
{
    int seat = (int)(long)arg;
    stage_arrive(&seated);
    stage_await(&seated, SEATS);
    for (int round = 0; round < 10; round++) {
        stage_await(&turn, round * SEATS + seat);
        while (sem_wait(&permits))
            ;
        eat(seat);
        sem_post(&permits);
        stage_arrive(&turn);
    }
    stage_await(&turn, 10 * SEATS);
    return NULL;
}

static inline int dine(unsigned let_in)
{
    pthread_t threads[SEATS];
    require(sem_init(&permits, 0, let_in) == 0, "sem_init");
    for (int i = 0; i < SEATS; i++)
        pthread_mutex_init(&forks[i], NULL);
    for (long i = 0; i < SEATS; i++)
        threads[i] = thread_start(sit, (void *)i);
    for (int i = 0; i < SEATS; i++)
        thread_join(threads[i]);
    return 0;
}
#endif
