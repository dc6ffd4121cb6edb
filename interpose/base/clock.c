#include "clock.h"

#include "../trace_format.h"

#include <cpuid.h>
#include <fcntl.h>
#include <string.h>

#define SAMPLE_TRIES 50
#define SAMPLE_TIGHT 20000u /* ticks: some microseconds, while a system call takes a fraction of one */
#define ESTIMATE_LEAST_NS 100000u
#define ESTIMATE_MOST_NS 50000000u

struct clock_state clock_state;

static bool tsc_is_invariant(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & (1u << 8));
}

/* The kernel stops using the TSC where it caught it drifting between processors; then we do not trust it either. */
static bool kernel_trusts_tsc(void)
{
    char name[8] = "";
    long fd = sys_openat("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC, 0);
    if (sys_failed(fd))
        return true; /* no /sys in this container: the processor's word stands alone */
    long n = sys_read((int)fd, name, sizeof name - 1);
    sys_close((int)fd);
    return n >= 3 && memcmp(name, "tsc", 3) == 0;
}

/* On a busy machine the thread may stand still for milliseconds between two readings, and likes to on its way out of
 * the system call: then it tries again, and where system calls are slow the tightest try counts. */
struct clock_sample clock_sample(void)
{
    struct clock_sample best = {.slack = UINT64_MAX};
    for (int i = 0; i < SAMPLE_TRIES && best.slack > SAMPLE_TIGHT; i++) {
        uint64_t before = clock_ticks(), ns = sys_clock_ns(CLOCK_MONOTONIC), slack = clock_ticks() - before;
        if (slack < best.slack)
            best = (struct clock_sample){before + slack / 2, ns, slack};
    }
    return best;
}

/* A first estimate for traces too short for two clock pairs: mostly after 100 microseconds, and later if the samples
 * are so loose that more than 1 % could be wrong. */
static uint64_t tsc_frequency(void)
{
    struct clock_sample first = clock_sample(), last;
    uint64_t ticks, ns;
    do {
        last = clock_sample();
        ticks = last.ticks - first.ticks;
        ns = last.monotonic_ns - first.monotonic_ns;
    } while (ns < ESTIMATE_LEAST_NS || ((first.slack + last.slack) * 100 > ticks && ns < ESTIMATE_MOST_NS));
    return (uint64_t)((unsigned __int128)ticks * 1000000000u / ns);
}

void clock_init(void)
{
    clock_state.tsc = tsc_is_invariant() && kernel_trusts_tsc();
    clock_state.ticks_per_second = clock_state.tsc ? tsc_frequency() : 1000000000u;
    clock_state.waited_ticks = clock_ns_to_ticks(KIWI_CALL_WAITED_NS);
}
