#include "clock.h"

#include "../trace_format.h"

#include <cpuid.h>
#include <fcntl.h>
#include <string.h>

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

/* A first estimate for traces too short for two clock pairs: 100 microseconds give about 0.1 %. */
static uint64_t tsc_frequency(void)
{
    uint64_t t0 = __rdtsc(), n0 = sys_clock_ns(CLOCK_MONOTONIC), n1;
    do
        n1 = sys_clock_ns(CLOCK_MONOTONIC);
    while (n1 - n0 < 100000);
    uint64_t t1 = __rdtsc();
    return (uint64_t)((unsigned __int128)(t1 - t0) * 1000000000u / (n1 - n0));
}

void clock_init(void)
{
    clock_state.tsc = tsc_is_invariant() && kernel_trusts_tsc();
    clock_state.ticks_per_second = clock_state.tsc ? tsc_frequency() : 1000000000u;
    clock_state.waited_ticks = clock_ns_to_ticks(KIWI_CALL_WAITED_NS);
}
