/*
 * standstill.h - when every thread of a process waits for another one of them, nobody is left to wake the sleepers.
 *
 *     if (standstill_add(&w, m)) out of memory;        // after waits_make
 *
 * Who wakes a thread from a condition variable, a barrier, a semaphore or a futex is not known: it may be any thread.
 * But if all of them wait, none of them can. Then a thread that sleeps with a lock in hand waits for those who want
 * that lock, as far as anybody knows: they would have been the ones to wake it. Such entries are added to the waits,
 * with `call` set. So are waits for semaphores that serve as locks, for those who have them.
 *
 * Locks made of a futex (Rust's Mutex) are seen only where somebody waits for one. Who has it is not known; but if all
 * threads wait for locks or joins, it is one that waits for another such lock, or for the end of the one that wants it.
 * Such entries are added with `unseen` set.
 *
 * Nothing is added if one thread computes, waits for something outside of the process, or has a time limit.
 */
#ifndef KIWI_STANDSTILL_H
#define KIWI_STANDSTILL_H

#include "../finding.h"
#include "waits.h"

int standstill_add(struct waits *w, const struct model *m); /* -1 when out of memory */
/* Every thread of the process waits for another one of them, whether it is known for which or not. -1 when out of
 * memory. */
int standstill_is_total(const struct model *m, bool *total);
/* A finding that says why a process stands still. */
bool standstill_explained_by(enum finding_id id);
#endif
