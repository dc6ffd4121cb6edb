/*
 * durations.h - the histograms of a trace: how long locks were waited for and held.
 *
 *     struct durations *d = durations_open(trace);
 *     uint64_t n = durations_count(d, contention_row, KIWI_HISTOGRAM_WAIT);
 *     uint64_t p50 = durations_quantile(d, contention_row, KIWI_HISTOGRAM_WAIT, 50, 100);
 *     durations_close(d);
 *
 * Values are in ticks and within 1.6 % of what was recorded.
 */
#ifndef KIWI_DURATIONS_H
#define KIWI_DURATIONS_H

#include "reader.h"

struct durations;

struct durations *durations_open(const struct trace *t); /* NULL when out of memory */
void durations_close(struct durations *d);

uint64_t durations_count(const struct durations *d, uint32_t contention, enum kiwi_histogram_kind kind);
/* The value below which numerator / denominator of the samples lie; 0 if there are none. */
uint64_t durations_quantile(const struct durations *d, uint32_t contention, enum kiwi_histogram_kind kind,
                            unsigned numerator, unsigned denominator);
/* Whether enough samples lie above that value for it to be told: DURATIONS_ABOVE. */
bool durations_tell(uint64_t count, unsigned numerator, unsigned denominator);
#define DURATIONS_ABOVE 100u
/* Samples of `ticks` or more; *total: their sum. */
uint64_t durations_from(const struct durations *d, uint32_t contention, enum kiwi_histogram_kind kind, uint64_t ticks,
                        uint64_t *total);
#endif
