#include "processor.h"

#include "../base/clock.h"
#include "../base/sys.h"
#include "region.h"

#include <sys/resource.h>

/* A reading takes two system calls, and most threads are never asked: its gap grows until they are. */
#define READING_GAP_NS 1000000u
#define READING_GAP_MAX_NS (32 * READING_GAP_NS)
#define SLEEP_NS 20000u /* on the processor in a call that sleeps, at most: it counts as blocked as well */

/* false under a filter that might kill for the call. The time is the clock's: getrusage's lags by up to a tick of the
 * scheduler, which would come to light in a later span. */
static bool read_now(const struct thread *t, struct thread_reading *r)
{
    struct rusage usage;
    if (region.frozen || sys_failed(sys_call3(SYS_getrusage, RUSAGE_THREAD, (long)&usage, 0)))
        return false;
    *r = (struct thread_reading){.ticks = clock_ticks(),
                                 .cpu_ns = sys_clock_ns(CLOCK_THREAD_CPUTIME_ID),
                                 .switches = (uint64_t)usage.ru_nivcsw,
                                 .sleeps = (uint64_t)usage.ru_nvcsw,
                                 .blocked = t->blocked_ticks};
    return true;
}

void processor_read_sometimes(struct thread *t, uint64_t now)
{
    struct thread_reading reading;
    uint64_t gap = t->reading_gap ? t->reading_gap : clock_ns_to_ticks(READING_GAP_NS);
    if (now - t->reading.ticks < gap || !read_now(t, &reading))
        return;
    t->reading = reading;
    t->reading_gap = gap < clock_ns_to_ticks(READING_GAP_MAX_NS) ? gap * 2 : gap;
}

static uint64_t at_most(uint64_t ticks, uint64_t limit)
{
    return ticks < limit ? ticks : limit;
}

/* When it began it had used nothing yet. */
static struct thread_reading first_reading(const struct thread *t)
{
    return (struct thread_reading){.ticks = t->row ? region_thread(t->row)->start_ticks : 0};
}

/* It may all have been lost in the span, or as little as did not fit elsewhere. Where the readings are close to the
 * span the middle of the two is not far off. */
static uint64_t lost_within(uint64_t elapsed, uint64_t busy, uint64_t elsewhere, uint64_t span)
{
    uint64_t lost = elapsed > busy ? elapsed - busy : 0, most = at_most(lost, span);
    uint64_t least = lost > elsewhere ? at_most(lost - elsewhere, span) : 0;
    return elsewhere > span ? most : least + (most - least) / 2;
}

/* What the thread did since the first reading may have been done outside of the span, before it or after it. */
struct processor_time processor_time_in(struct thread *t, uint64_t begin, uint64_t end)
{
    struct thread_reading before = t->reading, now;
    bool known = before.ticks != 0;
    if (!known)
        before = first_reading(t);
    if (!read_now(t, &now))
        return (struct processor_time){0};
    t->reading = now;
    t->reading_gap = 0;
    if (!before.ticks || before.ticks > end)
        return (struct processor_time){0};
    uint64_t from = begin > before.ticks ? begin : before.ticks; /* of what was earlier nothing is known */
    uint64_t busy = clock_ns_to_ticks(now.cpu_ns - before.cpu_ns) + (now.blocked - before.blocked);
    if (before.switches == now.switches) /* nobody took the processor away, but for a machine's host */
        return (struct processor_time){.ran = known ? at_most(end - from, busy) : 0};
    uint64_t elsewhere = (from - before.ticks) + (now.ticks > end ? now.ticks - end : 0);
    uint64_t other = elsewhere + clock_ns_to_ticks((now.sleeps - before.sleeps) * SLEEP_NS);
    return (struct processor_time){.ran = known ? at_most(busy > other ? busy - other : 0, end - from) : 0,
                                   .lost = lost_within(now.ticks - before.ticks, busy, elsewhere, end - from)};
}
