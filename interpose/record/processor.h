/*
 * processor.h - whether a thread had the processor during a span of time.
 *
 * Somebody who holds a lock for long on a busy machine may only have waited for a processor. The kernel counts the
 * processor time of a thread; from two readings of it, one before the span and one after, a lower bound follows for the
 * time it ran within.
 */
#ifndef KIWI_PROCESSOR_H
#define KIWI_PROCESSOR_H

#include "thread.h"

/* Two system calls, but not more often than once a millisecond, and once in 32 where nobody asks for what they say.
 * now: ticks, a moment ago. */
void processor_read_sometimes(struct thread *t, uint64_t now);

/* Of [begin, end], in ticks. end is a moment ago: what the thread may have done since then does not count. */
struct processor_time {
    uint64_t ran;  /* it surely ran, sat in a blocking call or waited for a lock */
    uint64_t lost; /* it could have run, and had no processor: about, rather too much; 0 if nothing is known */
};
struct processor_time processor_time_in(struct thread *t, uint64_t begin, uint64_t end);
#endif
