/*
 * sampler.h - which allocations are looked at, and how many others each of them stands for.
 *
 *     if (thread_heap_count(t, size)) {               // in the wrapper: one subtraction, one compare
 *         uint32_t units = sampler_take(t, size);     // 0: not this one
 *         ...
 *     }
 *
 * The distances between samples, in bytes, are drawn from an exponential distribution, so that a sample is as likely in
 * any byte as in any other and no rhythm of the program can hide from it. The mean begins small and grows with the
 * samples of the whole process up to heap-rate=: a short run is nearly exact, a long one cheap.
 */
#ifndef KIWI_SAMPLER_H
#define KIWI_SAMPLER_H

#include "memory.h"

#define SAMPLER_FIRST 4096u /* bytes: the first mean distance */
#define SAMPLER_STEP 256u   /* samples after which it doubles */

/* The next point was reached by a block of `size` bytes. Draws the one after it. Returns what the block stands for, in
 * 1/KIWI_HEAP_UNIT blocks; 0 = the block is not a sample (the thread has just begun, or nothing is sampled). */
uint32_t sampler_take(struct thread *t, size_t size);
/* What a sample of `size` bytes stands for when the mean distance is `period` bytes. */
uint32_t sampler_units(size_t size, uint64_t period);
#endif
