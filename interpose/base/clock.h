/*
 * clock.h - the recorder's time: ticks.
 *
 * With an invariant time-stamp counter that the kernel trusts as well, a tick is a TSC cycle; otherwise a nanosecond of
 * CLOCK_MONOTONIC, read by system call so that a preloaded clock_gettime (libfaketime) has no say. The trace carries
 * pairs of both clocks, which convert ticks to time.
 */
#ifndef KIWI_CLOCK_H
#define KIWI_CLOCK_H

#include "compiler.h"
#include "sys.h"

#include <x86intrin.h>

struct clock_state {
    bool tsc;
    uint64_t ticks_per_second;
    uint64_t waited_ticks; /* KIWI_CALL_WAITED_NS in ticks */
};
extern HIDDEN struct clock_state clock_state;

void clock_init(void); /* once, before the first clock_ticks; takes some 150 microseconds */

static inline uint64_t clock_ticks(void)
{
    return likely(clock_state.tsc) ? __rdtsc() : sys_clock_ns(CLOCK_MONOTONIC);
}

/* Both clocks at one moment, as nearly as can be. */
struct clock_sample {
    uint64_t ticks, monotonic_ns;
    uint64_t slack; /* ticks that passed while they were read */
};

/* Some microseconds; async-signal-safe. */
struct clock_sample clock_sample(void);

static inline uint64_t clock_ns_to_ticks(uint64_t ns)
{
    return (uint64_t)((unsigned __int128)ns * clock_state.ticks_per_second / 1000000000u);
}
#endif
