#include "order.h"

#include <stdlib.h>
#include <string.h>

#define CACHE_BYTES ((size_t)16 << 20)
#define CACHE_SETS 256u

/* The segments from which `of` can be reached. */
struct ancestors {
    uint32_t of;   /* 0 = unused */
    uint8_t *bits; /* index = segment row */
};

struct order {
    const struct trace *trace;
    uint32_t count; /* segment rows, row 0 included */
    uint32_t sets;
    bool signals;   /* KIWI_SEGMENT_SIGNALLED orders */
    bool backwards; /* every reference goes to an earlier row, as in a sound trace: a later row is no ancestor */
    uint32_t *pending;
    struct ancestors cache[CACHE_SETS];
};

static bool all_backwards(const struct trace *t, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        const struct kiwi_segment *s = trace_segment(t, i);
        if (s && (s->previous >= i || s->other >= i))
            return false;
    }
    return true;
}

struct order *order_open(const struct trace *t, bool signals)
{
    struct order *o = calloc(1, sizeof *o);

    if (!o)
        return NULL;
    o->trace = t;
    o->signals = signals;
    o->count = trace_rows(t, KIWI_TABLE_SEGMENTS);
    o->pending = calloc((size_t)o->count + 1, sizeof *o->pending);
    if (!o->pending) {
        free(o);
        return NULL;
    }
    size_t fitting = CACHE_BYTES / (o->count / 8 + 1);
    o->sets = fitting > CACHE_SETS ? CACHE_SETS : fitting ? (uint32_t)fitting : 1;
    o->backwards = all_backwards(t, o->count);
    return o;
}

void order_close(struct order *o)
{
    if (!o)
        return;
    for (uint32_t i = 0; i < CACHE_SETS; i++)
        free(o->cache[i].bits);
    free(o->pending);
    free(o);
}

static bool has(const struct ancestors *set, uint32_t segment)
{
    return set->bits[segment / 8] >> segment % 8 & 1;
}

/* Marks a segment and queues it, once. */
static uint32_t visit(struct order *o, struct ancestors *set, uint32_t segment, uint32_t queued)
{
    if (!segment || segment >= o->count || has(set, segment))
        return queued;
    set->bits[segment / 8] |= (uint8_t)(1u << segment % 8);
    o->pending[queued] = segment;
    return queued + 1;
}

static void collect(struct order *o, struct ancestors *set, uint32_t of)
{
    uint32_t queued = 0, at = of;

    memset(set->bits, 0, o->count / 8 + 1);
    set->of = of;
    for (;;) {
        const struct kiwi_segment *s = trace_segment(o->trace, at);
        if (s) {
            queued = visit(o, set, s->previous, queued);
            if (o->signals || s->state != KIWI_SEGMENT_SIGNALLED)
                queued = visit(o, set, s->other, queued);
        }
        if (!queued)
            return;
        at = o->pending[--queued];
    }
}

bool order_before(struct order *o, uint32_t a, uint32_t b)
{
    if (!a || !b || a == b || a >= o->count || b >= o->count || (o->backwards && a > b))
        return false;

    struct ancestors *set = &o->cache[b % o->sets];
    if (!set->bits && !(set->bits = malloc(o->count / 8 + 1)))
        return false;
    if (set->of != b)
        collect(o, set, b);
    return has(set, a);
}
