#include "heap_cost.h"

#define IDLE 0.01 /* of its processor time: a thread that never waits */

static double process_cpu(const struct trace *t)
{
    double sum = 0;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_THREADS); i++) {
        const struct kiwi_thread *thread = trace_thread(t, i);

        sum += thread ? (double)thread->cpu_ns / 1e9 : 0;
    }
    return sum;
}

static bool is_batch(const struct trace *t)
{
    const struct kiwi_thread *only = trace_thread(t, 1);

    for (uint32_t i = 2; i < trace_rows(t, KIWI_TABLE_THREADS); i++)
        if (trace_thread(t, i))
            return false;
    return only && (double)trace_ns(t, only->idle_ticks) / 1e9 < IDLE * (double)only->cpu_ns / 1e9;
}

struct heap_cost heap_cost_of(struct model *m)
{
    return (struct heap_cost){.m = m, .cpu_s = process_cpu(m->trace), .batch = is_batch(m->trace)};
}

double heap_cost_share(const struct heap_cost *c, const struct heap_use *use, double cost_s, uint32_t *thread)
{
    const struct kiwi_thread *t = use->thread ? trace_thread(c->m->trace, use->thread) : NULL;
    double share = c->cpu_s > 0 ? cost_s / c->cpu_s : 0, cpu_s = t ? (double)t->cpu_ns / 1e9 : 0;

    *thread = 0;
    if (cpu_s > 0 && cost_s * (1 - use->others) / cpu_s > share) {
        share = cost_s * (1 - use->others) / cpu_s;
        *thread = use->thread;
    }
    return share < 1 ? share : 1;
}
