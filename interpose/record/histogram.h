/*
 * histogram.h - log-linear histograms of durations, made power of two by power of two as values come.
 *
 *     histogram_add(contention_row, KIWI_HISTOGRAM_WAIT, ticks);
 *
 * Any thread may add to any histogram. What finds no room is counted once in `dropped` and is missing from then on.
 */
#ifndef KIWI_HISTOGRAM_H
#define KIWI_HISTOGRAM_H

#include "memory.h"

/* Exponent and bucket of a value, as trace_format.h defines them. */
static inline uint32_t histogram_exponent(uint64_t value)
{
    return value < KIWI_HISTOGRAM_BUCKETS ? 0 : 64 - 5 - (uint32_t)__builtin_clzll(value);
}

static inline uint32_t histogram_bucket(uint64_t value, uint32_t exponent)
{
    return exponent ? (uint32_t)(value >> (exponent - 1)) % KIWI_HISTOGRAM_BUCKETS : (uint32_t)value;
}

/* The row for one power of two of a histogram, made if needed; 0 = no room. For those who add often. */
uint32_t histogram_row(uint32_t contention, enum kiwi_histogram_kind kind, uint32_t exponent);

/* Locks come first: what is left of the histograms when half of them are taken is theirs. */
static inline bool histogram_room_for_calls(void)
{
    const struct kiwi_table *table = &region.header->tables[KIWI_TABLE_HISTOGRAMS];
    return RELAXED_LOAD(&table->used) <= table->capacity / 2;
}

/* contention: its row, 0 = nothing is done. value in ticks. */
void histogram_add_times(uint32_t contention, enum kiwi_histogram_kind kind, uint64_t value, uint32_t times);

/* For several values in a row of one histogram: `near` is all 0 at first. */
void histogram_add_near(struct histogram_near *near, uint32_t contention, enum kiwi_histogram_kind kind, uint64_t value,
                        uint32_t times);

static inline void histogram_add(uint32_t contention, enum kiwi_histogram_kind kind, uint64_t value)
{
    histogram_add_times(contention, kind, value, 1);
}
#endif
