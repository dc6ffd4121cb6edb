#include "heap_account.h"

#include "../base/clock.h"

static COLD void account(struct thread *t)
{
    struct kiwi_thread *row = region_thread(t->row);
    uint64_t cpu = t->row && !region.frozen ? sys_clock_ns(CLOCK_THREAD_CPUTIME_ID) : 0;
    if (!cpu)
        return;
    RELAXED_STORE(&row->heap_calls, t->heap_calls);
    RELAXED_STORE(&row->cpu_ns, cpu);
}

void heap_account(struct thread *t, uint64_t now)
{
    if (now < t->heap_accounted)
        return;
    t->heap_accounted = now + clock_ns_to_ticks(HEAP_ACCOUNT_NS);
    account(t);
}

void heap_account_end(struct thread *t)
{
    if (t->heap_calls && record_settings.heap >= HEAP_SAMPLE)
        account(t);
}
