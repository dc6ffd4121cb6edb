/*
 * charge.h - the rows that say who waited for whom: see struct kiwi_charge.
 */
#ifndef KIWI_CHARGE_H
#define KIWI_CHARGE_H

#include "memory.h"

struct charge_facts {
    uint32_t row; /* acquisition row of the request */
    const struct thread_wait *wait;
    uint64_t ticks, until;
    uint32_t overtakes;
};

void charge_wait(struct thread *t, const struct charge_facts *f);

/* The row for failed tries of an acquisition row; 0 = no room. */
uint32_t charge_of_tries(struct thread *t, uint32_t row);
/* One more of them, the `run`-th in a row without success since `begin`. */
void charge_try(uint32_t charge, uint64_t run, uint64_t begin, uint64_t now);
#endif
