/*
 * rounds.h - order by barriers: what threads did before they met at a barrier is over when any of them goes on.
 *
 *     uint64_t round = rounds_arrive(t, barrier);   // before the wait
 *     rounds_leave(t, barrier, round);              // after it
 *
 * Nobody gets through before all have come, so the order is as good as that of a join; it is bounded as handover.h
 * says. Each arrival comes after those before it in the round, so whoever leaves comes after all by coming after the
 * last. A fast thread may
 * arrive for the next round before a slow one has left; rounds are told apart by parity, and a third can not begin
 * before the first is over.
 */
#ifndef KIWI_ROUNDS_H
#define KIWI_ROUNDS_H

#include "thread.h"

/* barrier: object row, 0 = none. parties: threads that meet; 0 = not known (then there is no order). */
void rounds_begin(uint32_t barrier, uint32_t parties);
/* With the thread's guard set. Returns what rounds_leave wants. */
uint64_t rounds_arrive(struct thread *t, uint32_t barrier);
void rounds_leave(struct thread *t, uint32_t barrier, uint64_t round);
/* Threads that have arrived for a round that is not complete yet. */
uint32_t rounds_gathered(uint32_t barrier);
#endif
