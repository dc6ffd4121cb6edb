#include "thread_groups.h"

#include "thread_view.h"

#include <stdlib.h>
#include <string.h>

#define GROUP_MIN 4u /* fewer threads are shown one by one */

struct thread_group {
    uint32_t row;
    uint32_t first;  /* row of the group's first thread */
    uint32_t others; /* of the first one: how many go with it */
    const char *call;
    uint32_t stack, object; /* the lock that it waits for, the condition variable or barrier of its call */
    bool groups;            /* may go with others */
};

static int compare_likeness(const struct thread_group *a, const struct thread_group *b)
{
    int order;

    if (a->groups != b->groups)
        return a->groups ? -1 : 1;
    if (a->stack != b->stack)
        return a->stack < b->stack ? -1 : 1;
    if (a->object != b->object)
        return a->object < b->object ? -1 : 1;
    order = a->groups ? strcmp(a->call, b->call) : 0;
    return order;
}

static int compare_groups(const void *a, const void *b)
{
    const struct thread_group *x = a, *y = b;
    int order = compare_likeness(x, y);

    return order ? order : (x->row > y->row) - (x->row < y->row);
}

static int compare_rows(const void *a, const void *b)
{
    const struct thread_group *x = a, *y = b;

    return (x->row > y->row) - (x->row < y->row);
}

static void join_runs(struct thread_groups *g)
{
    for (uint32_t i = 0, end; i < g->rows; i = end) {
        for (end = i + 1; end < g->rows && compare_likeness(&g->items[i], &g->items[end]) == 0;)
            end++;
        if (!g->items[i].groups || end - i < GROUP_MIN)
            continue;
        g->items[i].others = end - i - 1;
        for (uint32_t k = i; k < end; k++)
            g->items[k].first = g->items[i].row;
    }
}

static int look_at(struct thread_group *item, const struct model *m, uint64_t now_ns)
{
    struct thread_view v;

    if (!trace_thread(m->trace, item->row))
        return 0;
    if (!thread_view_open(&v, m, now_ns, item->row))
        return -1;
    item->groups = v.stack && !v.held_count && !v.joined &&
                   ((v.state == THREAD_CALLING && v.call) || (v.state == THREAD_WAITING && v.object));
    if (item->groups) {
        item->call = v.call ? v.call : "";
        item->stack = v.stack;
        item->object = v.state == THREAD_WAITING ? v.object : v.condition;
    }
    thread_view_close(&v);
    return 0;
}

int thread_groups_make(struct thread_groups *g, const struct model *m, uint64_t now_ns)
{
    *g = (struct thread_groups){.rows = trace_rows(m->trace, KIWI_TABLE_THREADS)};
    g->items = calloc((size_t)g->rows + 1, sizeof *g->items);
    if (!g->items)
        return -1;
    for (uint32_t row = 0; row < g->rows; row++) {
        g->items[row].row = g->items[row].first = row;
        if (look_at(&g->items[row], m, now_ns)) {
            thread_groups_release(g);
            return -1;
        }
    }
    qsort(g->items, g->rows, sizeof *g->items, compare_groups);
    join_runs(g);
    qsort(g->items, g->rows, sizeof *g->items, compare_rows);
    return 0;
}

void thread_groups_release(struct thread_groups *g)
{
    free(g->items);
    *g = (struct thread_groups){0};
}

uint32_t thread_groups_first(const struct thread_groups *g, uint32_t row)
{
    return row < g->rows ? g->items[row].first : row;
}

uint32_t thread_groups_others(const struct thread_groups *g, uint32_t row)
{
    return row < g->rows ? g->items[row].others : 0;
}
