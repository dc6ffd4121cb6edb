#include "hot_function.h"

#include "pattern.h"
#include "settings.h"
#include "symbols.h"

#include <stdlib.h>
#include <string.h>

/* Ends the first pattern of a list in place and returns what follows it, or NULL. Commas inside <> and () do not end
 * one. */
static char *cut(char *list)
{
    int depth = 0;

    for (; *list; list++) {
        depth += *list == '<' || *list == '(';
        depth -= (*list == '>' || *list == ')') && depth > 0;
        if (*list == ',' && !depth) {
            *list = '\0';
            return list + 1;
        }
    }
    return NULL;
}

static void split(struct hot_functions *h)
{
    for (char *at = h->text, *next; at; at = next) {
        next = cut(at);
        if (*at)
            h->items[h->count++].pattern = at;
    }
}

static bool passes(struct model *m, uint32_t stack, const char *pattern)
{
    unsigned count = 0;
    const struct symbol_frame *frames = m->symbols ? symbols_stack(m->symbols, stack, &count) : NULL;

    for (unsigned i = 0; i < count; i++)
        if (frames[i].function && pattern_matches_function(pattern, frames[i].function))
            return true;
    return false;
}

static int compare_stack(const void *a, const void *b)
{
    const struct hot_function_path *x = a, *y = b;

    return (x->stack > y->stack) - (x->stack < y->stack);
}

static int compare_calls(const void *a, const void *b)
{
    const struct hot_function_path *x = a, *y = b;

    if (x->calls != y->calls)
        return x->calls < y->calls ? 1 : -1;
    return compare_stack(a, b);
}

static void add_row(struct hot_functions *h, struct hot_function *f, const struct kiwi_heap_path *p)
{
    h->paths[f->first + f->count++] = (struct hot_function_path){p->stack, p->calls, p->bytes, p->ticks};
    f->calls += p->calls;
    f->bytes += p->bytes;
    if (!f->first_ticks || p->first_ticks < f->first_ticks)
        f->first_ticks = p->first_ticks;
    if (p->last_ticks > f->last_ticks)
        f->last_ticks = p->last_ticks;
}

/* One stack has a row for each loop and scope in which it was met. */
static void merge(struct hot_function_path *paths, struct hot_function *f)
{
    uint32_t merged = 0;

    qsort(paths, f->count, sizeof *paths, compare_stack);
    for (uint32_t i = 0; i < f->count; i++) {
        if (merged && paths[merged - 1].stack == paths[i].stack) {
            paths[merged - 1].calls += paths[i].calls;
            paths[merged - 1].bytes += paths[i].bytes;
            paths[merged - 1].moments += paths[i].moments;
        } else {
            paths[merged++] = paths[i];
        }
    }
    f->count = merged;
    qsort(paths, f->count, sizeof *paths, compare_calls);
}

static void collect(struct hot_functions *h, uint32_t rows)
{
    for (uint32_t i = 0; i < h->count; i++) {
        struct hot_function *f = &h->items[i];

        f->first = i * rows;
        for (uint32_t row = 1; row < rows; row++) {
            const struct kiwi_heap_path *p = trace_heap_path(h->m->trace, row);

            if (p && p->calls && passes(h->m, p->stack, f->pattern))
                add_row(h, f, p);
        }
        merge(&h->paths[f->first], f);
    }
}

static uint32_t patterns_in(const char *text)
{
    uint32_t count = 1;

    for (; *text; text++)
        count += *text == ',';
    return count;
}

struct hot_functions *hot_functions_open(struct model *m)
{
    uint32_t rows = trace_rows(m->trace, KIWI_TABLE_HEAP_PATHS);
    char text[SETTINGS_TEXT];
    struct hot_functions *h = calloc(1, sizeof *h);

    if (!h)
        return NULL;
    h->m = m;
    h->text = strdup(settings_value(m->trace, "hot", text, sizeof text));
    h->items = h->text ? calloc(patterns_in(h->text), sizeof *h->items) : NULL;
    if (h->items)
        split(h);
    h->paths = h->items ? calloc((size_t)h->count * rows + 1, sizeof *h->paths) : NULL;
    if (!h->paths) {
        hot_functions_close(h);
        return NULL;
    }
    collect(h, rows);
    return h;
}

void hot_functions_close(struct hot_functions *h)
{
    if (!h)
        return;
    free(h->text);
    free(h->items);
    free(h->paths);
    free(h);
}

double hot_function_span(const struct hot_functions *h, const struct hot_function *f)
{
    return f->last_ticks > f->first_ticks ? (double)trace_ns(h->m->trace, f->last_ticks - f->first_ticks) / 1e9 : 0;
}
