#include "timescale.h"

#define NS_PER_SECOND 1000000000ull
#define LEAST_SPAN_NS 50000000ull
#define TEN_YEARS_NS (10ull * 366 * 86400 * NS_PER_SECOND)

/* The rate of a pair and the estimate at the start must agree within a factor of two, else one of them is damaged. */
static bool rates_agree(uint64_t ticks, uint64_t ns, uint64_t ticks_per_second)
{
    unsigned __int128 measured = (unsigned __int128)ticks * NS_PER_SECOND;
    unsigned __int128 estimated = (unsigned __int128)ns * ticks_per_second;
    return !ticks_per_second || (measured <= 2 * estimated && estimated <= 2 * measured);
}

struct timescale timescale_of(const struct kiwi_header *h)
{
    uint64_t rate = h->ticks_per_second;
    struct timescale s = {h->start_ticks, rate ? rate : NS_PER_SECOND, NS_PER_SECOND};

    if (h->clock_kind == KIWI_CLOCK_MONOTONIC_NS) {
        s.tick_span = s.ns_span = 1;
        return s;
    }
    const struct kiwi_clock_pair *first = &h->clock[0];
    uint64_t best = LEAST_SPAN_NS - 1;
    for (unsigned i = 1; i < KIWI_CLOCK_PAIRS; i++) {
        const struct kiwi_clock_pair *p = &h->clock[i];
        if (!first->ticks || p->ticks <= first->ticks || p->monotonic_ns <= first->monotonic_ns)
            continue;
        uint64_t ticks = p->ticks - first->ticks, ns = p->monotonic_ns - first->monotonic_ns;
        if (ns > best && rates_agree(ticks, ns, rate)) {
            best = ns;
            s.tick_span = ticks;
            s.ns_span = ns;
        }
    }
    return s;
}

uint64_t timescale_ns(const struct timescale *s, uint64_t tick_duration)
{
    unsigned __int128 ns = (unsigned __int128)tick_duration * s->ns_span / s->tick_span;
    return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

uint64_t timescale_ticks(const struct timescale *s, uint64_t ns)
{
    unsigned __int128 ticks = (unsigned __int128)ns * s->tick_span / s->ns_span;
    return ticks > UINT64_MAX ? UINT64_MAX : (uint64_t)ticks;
}

uint64_t timescale_ns_at(const struct timescale *s, uint64_t ticks)
{
    return ticks > s->start_ticks ? timescale_ns(s, ticks - s->start_ticks) : 0;
}

bool timescale_plausible(const struct timescale *s, uint64_t ticks)
{
    return ticks >= s->start_ticks && timescale_ns_at(s, ticks) < TEN_YEARS_NS;
}
