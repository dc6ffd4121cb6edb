#include "hot_heap.h"

#include <stdlib.h>

struct hot_heap {
    const struct loop_uses *u;
    struct hot_path *paths; /* those of one use side by side */
    uint32_t *first;        /* by use; one more behind the last */
};

static int compare_key(const void *a, const void *b)
{
    const struct hot_path *x = a, *y = b;

    if (x->use != y->use)
        return x->use < y->use ? -1 : 1;
    return (x->stack > y->stack) - (x->stack < y->stack);
}

static int compare_calls(const void *a, const void *b)
{
    const struct hot_path *x = a, *y = b;

    if (x->use != y->use)
        return x->use < y->use ? -1 : 1;
    if (x->calls != y->calls)
        return x->calls < y->calls ? 1 : -1;
    return (x->stack > y->stack) - (x->stack < y->stack);
}

static void add_row(struct hot_path *p, const struct hot_path *row)
{
    p->calls += row->calls;
    p->bytes += row->bytes;
    p->ticks += row->ticks;
    p->max = row->max > p->max ? row->max : p->max;
    p->first_ticks = row->first_ticks < p->first_ticks ? row->first_ticks : p->first_ticks;
    p->last_ticks = row->last_ticks > p->last_ticks ? row->last_ticks : p->last_ticks;
    p->grown += row->grown;
    p->grown_first += row->grown_first;
    p->grown_back += row->grown_back;
    p->grown_little += row->grown_little;
    p->moved += row->moved;
    p->grown_bytes += row->grown_bytes;
    p->grown_max = row->grown_max > p->grown_max ? row->grown_max : p->grown_max;
}

static struct hot_path path_of(uint32_t use, const struct kiwi_heap_path *p)
{
    return (struct hot_path){.use = use,
                             .stack = p->stack,
                             .calls = p->calls,
                             .bytes = p->bytes,
                             .ticks = p->ticks,
                             .max = p->max,
                             .first_ticks = p->first_ticks,
                             .last_ticks = p->last_ticks,
                             .grown = p->grown,
                             .grown_first = p->grown_first,
                             .grown_back = p->grown_back,
                             .grown_little = p->grown_little,
                             .moved = p->moved,
                             .grown_bytes = p->grown_bytes,
                             .grown_max = p->grown_max};
}

/* Returns their number. */
static uint32_t collect(const struct loop_uses *u, struct hot_path *paths, uint32_t rows)
{
    const struct trace *t = u->m->trace;
    uint32_t count = 0, merged = 0;

    for (uint32_t i = 1; i < rows; i++) {
        const struct kiwi_heap_path *p = trace_heap_path(t, i);
        uint32_t of = p && p->calls && p->loop < trace_rows(t, KIWI_TABLE_LOOPS) ? u->of_row[p->loop] : 0;

        if (of)
            paths[count++] = path_of(of - 1, p);
    }
    qsort(paths, count, sizeof *paths, compare_key);
    for (uint32_t i = 0; i < count; i++) {
        if (merged && !compare_key(&paths[merged - 1], &paths[i]))
            add_row(&paths[merged - 1], &paths[i]);
        else
            paths[merged++] = paths[i];
    }
    qsort(paths, merged, sizeof *paths, compare_calls);
    return merged;
}

struct hot_heap *hot_heap_open(const struct loop_uses *u)
{
    uint32_t rows = trace_rows(u->m->trace, KIWI_TABLE_HEAP_PATHS), count, at = 0;
    struct hot_heap *h = calloc(1, sizeof *h);

    if (!h)
        return NULL;
    h->u = u;
    h->paths = calloc((size_t)rows + 1, sizeof *h->paths);
    h->first = calloc((size_t)u->count + 1, sizeof *h->first);
    if (!h->paths || !h->first) {
        hot_heap_close(h);
        return NULL;
    }
    count = collect(u, h->paths, rows);
    for (uint32_t use = 0; use <= u->count; use++) {
        while (at < count && h->paths[at].use < use)
            at++;
        h->first[use] = at;
    }
    return h;
}

void hot_heap_close(struct hot_heap *h)
{
    if (!h)
        return;
    free(h->paths);
    free(h->first);
    free(h);
}

const struct hot_path *hot_heap_paths(const struct hot_heap *h, const struct loop_use *use, uint32_t *count)
{
    *count = h->first[use->index + 1] - h->first[use->index];
    return &h->paths[h->first[use->index]];
}

double hot_heap_measured(const struct loop_uses *u, const struct loop_use *use)
{
    if (loop_use_count_of(u, use, KIWI_HISTOGRAM_TICK_SHARE) < HOT_TIMED)
        return HOT_NOT_MEASURED;
    return (double)loop_use_quantile_of(u, use, KIWI_HISTOGRAM_TICK_SHARE, 50) / KIWI_TICK_SHARE_ONE;
}

double hot_heap_share(const struct loop_uses *u, const struct loop_use *use)
{
    double measured = hot_heap_measured(u, use);
    double calls = (double)loop_use_quantile_of(u, use, KIWI_HISTOGRAM_TICK_CALLS, 50);
    double ns = (double)trace_ns(u->m->trace, loop_use_quantile_of(u, use, KIWI_HISTOGRAM_TICK_HEAP, 50));
    double share = ns > 0 ? HOT_ALLOCATION_NS * calls / ns : 0;

    if (measured >= 0 && share > HOT_OUTSIDE * measured)
        share = HOT_OUTSIDE * measured;
    share = share > measured ? share : measured;
    return share < 1 ? share : 1;
}
