#include "sampler.h"

/* No floating point in here: wrappers would have to save its registers. Fractions have this many bits. */
#define BITS 16u
#define ONE ((uint64_t)1 << BITS)
#define LN_2 45426u /* 0.6931 */

/* log2 of a number, 1 or more: its highest bit, then a bit of the fraction for each squaring of the rest. */
static uint64_t log_2(uint32_t n)
{
    uint32_t whole = 31 - (uint32_t)__builtin_clz(n);
    uint64_t log = whole, rest = (uint64_t)n << (31 - whole); /* 1 to 2, with 31 bits of fraction */
    for (uint32_t i = 0; i < BITS; i++) {
        rest = rest * rest >> 31;
        log *= 2;
        if (rest >> 32) {
            rest >>= 1;
            log++;
        }
    }
    return log;
}

/*
 * 1 / (1 - exp(-x)) for x = size / period. Up to 1 by its series 1/x + 1/2 + x/12 - x^3/720; beyond by halving x until
 * that holds, and doubling: w(2x) = w(x)^2 / (2 w(x) - 1), since 1 - exp(-2x) = (1 - exp(-x)) (1 + exp(-x)).
 */
static uint64_t weight(uint64_t size, uint64_t period)
{
    uint32_t doublings = 0;
    while (size > period) {
        period *= 2;
        doublings++;
    }
    uint64_t x = size * ONE / period;
    uint64_t w = period * ONE / size + ONE / 2 + x / 12 - (x * x >> BITS) * x / 720 / ONE;
    for (; doublings; doublings--)
        w = w * w / (2 * w - ONE);
    return w;
}

uint32_t sampler_units(size_t size, uint64_t period)
{
    if (!size)
        size = 1;
    if (size / 32 > period)
        return KIWI_HEAP_UNIT;
    uint64_t units = weight(size, period) * KIWI_HEAP_UNIT / ONE;
    return units < UINT32_MAX ? (uint32_t)units : UINT32_MAX;
}

static uint64_t period_now(void)
{
    uint64_t doubled = RELAXED_LOAD(&memory.heap_samples) / SAMPLER_STEP;
    uint64_t period = (uint64_t)SAMPLER_FIRST << (doubled < 20 ? doubled : 20);
    return period < record_settings.heap_rate ? period : record_settings.heap_rate;
}

/* Exponentially distributed: -ln(u) for u evenly in (0, 1]. */
static uint64_t distance(struct thread *t, uint64_t period)
{
    uint32_t u = thread_random(t); /* never 0 */
    uint64_t nats = (32 * ONE - log_2(u)) * LN_2 >> BITS;
    return (nats * period >> BITS) + 1;
}

static void draw(struct thread *t, uint64_t from)
{
    t->heap_period = (uint32_t)period_now();
    thread_heap_next(t, from + distance(t, t->heap_period));
}

uint32_t sampler_take(struct thread *t, size_t size)
{
    if (record_settings.heap == HEAP_EXACT)
        return KIWI_HEAP_UNIT;
    if (record_settings.heap != HEAP_SAMPLE) {
        thread_heap_next(t, UINT64_MAX);
        return 0;
    }
    if (!t->heap_period) { /* the first allocation of a thread: its bytes are before the first point */
        draw(t, thread_heap_bytes(t) - size);
        if (t->heap_left)
            return 0;
    }
    uint32_t units = sampler_units(size, t->heap_period);
    RELAXED_ADD(&memory.heap_samples, 1);
    draw(t, thread_heap_bytes(t));
    return units;
}
