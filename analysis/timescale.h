/*
 * timescale.h - ticks of a trace's clock to nanoseconds.
 *
 * The scale comes from the first clock pair and the latest one that is believable and at least 50 ms later; a recording
 * shorter than that uses the rate estimated at its start. All results saturate instead of wrapping.
 */
#ifndef KIWI_TIMESCALE_H
#define KIWI_TIMESCALE_H

#include "../interpose/trace_format.h"

#include <stdbool.h>

/* ns = ticks * ns_span / tick_span; both spans are never 0. */
struct timescale {
    uint64_t start_ticks;
    uint64_t tick_span, ns_span;
};

struct timescale timescale_of(const struct kiwi_header *h);
uint64_t timescale_ns(const struct timescale *s, uint64_t tick_duration);
uint64_t timescale_ticks(const struct timescale *s, uint64_t ns);    /* the reverse of timescale_ns */
uint64_t timescale_ns_at(const struct timescale *s, uint64_t ticks); /* since start_ticks; 0 before it */
/* false for times that no recording reaches (before the start, or ten years after): damage, not time. */
bool timescale_plausible(const struct timescale *s, uint64_t ticks);
#endif
