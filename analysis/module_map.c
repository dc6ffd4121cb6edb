#include "module_map.h"

#include <stdlib.h>

struct span {
    uint64_t start, end;
    uint64_t reach; /* the largest end of this span and all before it */
    uint64_t loaded, unloaded;
    uint32_t row;
};

struct module_map {
    struct span *spans; /* by start, then row */
    uint32_t count;
};

static int compare_spans(const void *a, const void *b)
{
    const struct span *x = a, *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static void add_span(struct module_map *m, const struct trace *t, uint32_t row)
{
    const struct kiwi_module *module = trace_module(t, row);

    if (!module || module->start >= module->end)
        return;
    m->spans[m->count++] = (struct span){
            .start = module->start,
            .end = module->end,
            .loaded = module->loaded_epoch,
            .unloaded = module->unloaded_epoch ? module->unloaded_epoch : UINT64_MAX,
            .row = row,
    };
}

struct module_map *module_map_open(const struct trace *t)
{
    uint32_t rows = trace_rows(t, KIWI_TABLE_MODULES);
    struct module_map *m = calloc(1, sizeof *m);

    if (!m || !(m->spans = calloc((size_t)rows + 1, sizeof *m->spans))) {
        free(m);
        return NULL;
    }
    for (uint32_t i = 1; i < rows; i++)
        add_span(m, t, i);
    qsort(m->spans, m->count, sizeof *m->spans, compare_spans);
    uint64_t reach = 0;
    for (uint32_t i = 0; i < m->count; i++) {
        if (m->spans[i].end > reach)
            reach = m->spans[i].end;
        m->spans[i].reach = reach;
    }
    return m;
}

void module_map_close(struct module_map *m)
{
    if (!m)
        return;
    free(m->spans);
    free(m);
}

/*
 * How well a module that covers the address fits the epoch; 0 = not at all. A module is noticed at its first use, so
 * its loaded_epoch may be a little later than a stack that ran through it: then the one loaded next is still the best
 * guess.
 */
static unsigned fit(const struct span *s, uint64_t epoch)
{
    if (epoch >= s->unloaded)
        return epoch == MODULE_MAP_LATEST ? 1 + (s->unloaded == UINT64_MAX) : 0;
    return s->loaded <= epoch ? 3 : 1;
}

uint32_t module_map_find(const struct module_map *m, uint64_t address, uint64_t epoch)
{
    uint32_t low = 0, high = m->count, best = 0;
    unsigned best_fit = 0;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (m->spans[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (uint32_t i = low; i-- > 0 && m->spans[i].reach > address;) {
        const struct span *s = &m->spans[i];
        if (address >= s->end || fit(s, epoch) <= best_fit)
            continue;
        best_fit = fit(s, epoch);
        best = s->row;
    }
    return best;
}
