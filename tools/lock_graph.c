#include "lock_graph.h"

#include "../analysis/detectors/lock_cycles.h"
#include "../analysis/array.h"

#include <inttypes.h>
#include <stdlib.h>

enum circle { CIRCLE_NONE, CIRCLE_POSSIBLE, CIRCLE_DANGER }; /* grade G5, or better */

struct arrow {
    uint32_t from, to;
    uint32_t row, held_row; /* an example */
    uint64_t count;
    bool waits; /* else it was only ever tried */
    enum circle circle;
};

struct arrows {
    struct arrow *items;
    uint32_t count, capacity;
};

static int arrow_add(struct arrows *a, struct arrow arrow)
{
    struct arrow *items = array_room(a->items, a->count, &a->capacity, sizeof *items);

    if (!items)
        return -1;
    a->items = items;
    a->items[a->count++] = arrow;
    return 0;
}

static int collect(struct arrows *a, const struct model *m)
{
    for (uint32_t row = 1; row < m->acquisition_count; row++) {
        const struct kiwi_acquisition *r = m->acquisitions[row].row;
        struct model_held held[MODEL_MAX_HELD];
        unsigned count = r && r->parent ? model_held_set(m, r->parent, held, MODEL_MAX_HELD) : 0;
        uint64_t times = m->acquisitions[row].count;

        if (!times && (!count || !r->requested))
            continue;
        for (unsigned i = 0; i < count; i++)
            if (held[i].object != r->object && arrow_add(a, (struct arrow){held[i].object, r->object, row, held[i].row,
                                                                           times, r->how != KIWI_HOW_TRY, CIRCLE_NONE}))
                return -1;
    }
    return 0;
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_locks(const void *a, const void *b)
{
    const struct arrow *x = a, *y = b;
    int order = compare(x->from, y->from);

    return order ? order : compare(x->to, y->to);
}

static int compare_weight(const void *a, const void *b)
{
    const struct arrow *x = a, *y = b;
    int order = compare(y->circle, x->circle);

    order = order ? order : compare(y->count, x->count);
    return order ? order : compare_locks(a, b);
}

/* One arrow for each pair of locks; the example is that of the path taken most often. */
static void unite(struct arrows *a)
{
    uint32_t kept = 0;
    uint64_t most = 0;

    if (a->count)
        qsort(a->items, a->count, sizeof *a->items, compare_locks);
    for (uint32_t i = 0; i < a->count; i++) {
        struct arrow *one = kept ? &a->items[kept - 1] : NULL, next = a->items[i];

        if (!one || compare_locks(one, &next) != 0) {
            a->items[kept++] = next;
            most = next.count;
            continue;
        }
        if (next.count > most) {
            one->row = next.row;
            one->held_row = next.held_row;
            most = next.count;
        }
        one->count += next.count;
        one->waits = one->waits || next.waits;
    }
    a->count = kept;
}

static int mark_circles(struct arrows *a, const struct model *m)
{
    struct lock_edges edges;
    struct lock_cycles cycles;

    if (lock_edges_make(&edges, m))
        return -1;
    if (lock_cycles_find(&cycles, &edges, m)) {
        lock_edges_release(&edges);
        return -1;
    }
    for (uint32_t c = 0; c < cycles.count; c++)
        for (uint32_t i = 0; i < cycles.items[c].length; i++) {
            const struct lock_group *g = &edges.groups[cycles.items[c].groups[i]];
            struct arrow key = {.from = g->from, .to = g->to}, *found;
            enum circle circle = cycles.items[c].grade <= LOCK_GRADE_G4 ? CIRCLE_DANGER : CIRCLE_POSSIBLE;

            found = bsearch(&key, a->items, a->count, sizeof *a->items, compare_locks);
            if (found && found->circle < circle)
                found->circle = circle;
        }
    lock_cycles_release(&cycles);
    lock_edges_release(&edges);
    return 0;
}

/* Inside double quotes of the DOT language. */
static void print_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static const char *colour(enum circle circle)
{
    return circle == CIRCLE_DANGER ? "red3" : circle == CIRCLE_POSSIBLE ? "orange3" : "gray30";
}

static void print_lock(struct lock_graph *g, FILE *out, uint32_t object, enum circle circle)
{
    fprintf(out, "  lock%" PRIu32 " [label=\"", object);
    print_text(out, model_object_name(g->model, object));
    fprintf(out, "\\n(%s)\", color=%s, fontcolor=%s%s];\n", model_object_kind(g->model, object), colour(circle),
            circle ? colour(circle) : "black", circle == CIRCLE_DANGER ? ", penwidth=2" : "");
}

static uint32_t stack_of_row(const struct model *m, uint32_t row)
{
    const struct kiwi_acquisition *a = trace_acquisition(m->trace, row);

    return a ? a->stack : 0;
}

static void print_arrow(struct lock_graph *g, FILE *out, const struct arrow *a)
{
    fprintf(out, "  lock%" PRIu32 " -> lock%" PRIu32 " [label=\"", a->from, a->to);
    print_text(out, model_site(g->model, stack_of_row(g->model, a->row)));
    fprintf(out, "\\n%" PRIu64 " time%s\", tooltip=\"held: ", a->count, a->count == 1 ? "" : "s");
    print_text(out, model_site(g->model, stack_of_row(g->model, a->held_row)));
    fprintf(out, "\", color=%s%s%s];\n", colour(a->circle), a->circle == CIRCLE_DANGER ? ", penwidth=2" : "",
            a->waits ? "" : ", style=dashed");
}

static bool is_shown(const struct lock_graph *g, const struct arrow *a)
{
    return !g->circles || a->circle;
}

static int print_arrows(struct lock_graph *g, FILE *out, const struct arrows *a)
{
    bool *seen = calloc(trace_rows(g->model->trace, KIWI_TABLE_OBJECTS) + 1ul, sizeof *seen);
    uint32_t shown = 0;

    if (!seen)
        return -1;
    for (uint32_t i = 0; i < a->count && is_shown(g, &a->items[i]) && (!g->limit || shown < g->limit); i++, shown++) {
        const uint32_t ends[] = {a->items[i].from, a->items[i].to};

        for (unsigned k = 0; k < 2; k++) { /* arrows of circles come first, so the first colour stays */
            if (!seen[ends[k]])
                print_lock(g, out, ends[k], a->items[i].circle);
            seen[ends[k]] = true;
        }
        print_arrow(g, out, &a->items[i]);
    }
    for (uint32_t i = shown; i < a->count; i++)
        g->left_out += is_shown(g, &a->items[i]);
    free(seen);
    return 0;
}

int lock_graph_print(struct lock_graph *g, FILE *out)
{
    struct arrows a = {0};
    int result = collect(&a, g->model);

    if (!result) {
        unite(&a);
        result = mark_circles(&a, g->model);
    }
    if (!result) {
        if (a.count)
            qsort(a.items, a.count, sizeof *a.items, compare_weight);
        fputs("digraph \"lock order\" {\n  label=\"An arrow leads from a lock that was held to one that was wanted "
              "meanwhile.\\nRed: a circle that threads can close. Orange: one that they probably can not. Dashed: only "
              "tried.\";\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n"
              "  edge [fontname=\"sans-serif\", fontsize=10];\n",
              out);
        result = print_arrows(g, out, &a);
        fputs("}\n", out);
    }
    free(a.items);
    return result || ferror(out) ? -1 : 0;
}
