/* A bounded queue of two semaphores: free slots and full ones. */
#ifndef KIWI_CASES_RING_OF_SLOTS_H
#define KIWI_CASES_RING_OF_SLOTS_H

#include "case.h"

#include <semaphore.h>
#include <unistd.h>

#define SLOTS 8

static sem_t free_slots, full_slots;
static int slots[SLOTS];

static inline __attribute__((unused)) void ring_make(void)
{
    must(sem_init(&free_slots, 0, SLOTS), "sem_init");
    must(sem_init(&full_slots, 0, 0), "sem_init");
}

static FRAME __attribute__((unused)) void ring_put(int n)
{
    sem_wait(&free_slots);
    slots[n % SLOTS] = n;
    sem_post(&full_slots);
}

/* `broken`: what is thrown away, leaving its slot taken; 0 = nothing. */
static FRAME __attribute__((unused)) int ring_take(int n, int broken)
{
    sem_wait(&full_slots);
    int item = slots[n % SLOTS];
    if (broken && item % broken == broken - 1)
        return -1;
    sem_post(&free_slots);
    return item;
}
#endif
