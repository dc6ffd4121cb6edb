#include "graph.h"

#include <stdlib.h>
#include <string.h>

static int edge_compare(const void *a, const void *b)
{
    const struct graph_edge *x = a, *y = b;

    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    if (x->to != y->to)
        return x->to < y->to ? -1 : 1;
    return (x->label > y->label) - (x->label < y->label);
}

void graph_release(struct graph *g)
{
    free(g->first);
    free(g->to);
    free(g->label);
    *g = (struct graph){0};
}

int graph_make(struct graph *g, uint32_t nodes, const struct graph_edge *edges, uint32_t count)
{
    struct graph_edge *sorted = malloc((count + 1ul) * sizeof *sorted);

    *g = (struct graph){.nodes = nodes, .edges = count};
    g->first = calloc(nodes + 2ul, sizeof *g->first);
    g->to = malloc((count + 1ul) * sizeof *g->to);
    g->label = malloc((count + 1ul) * sizeof *g->label);
    if (!sorted || !g->first || !g->to || !g->label) {
        free(sorted);
        graph_release(g);
        return -1;
    }
    if (count)
        memcpy(sorted, edges, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, edge_compare);
    for (uint32_t i = 0; i < count; i++) {
        g->first[sorted[i].from + 1]++;
        g->to[i] = sorted[i].to;
        g->label[i] = sorted[i].label;
    }
    for (uint32_t n = 0; n < nodes; n++)
        g->first[n + 1] += g->first[n];
    free(sorted);
    return 0;
}

uint32_t graph_find(const struct graph *g, uint32_t from, uint32_t to)
{
    uint32_t low = g->first[from], high = g->first[from + 1];

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (g->to[middle] < to)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Tarjan's algorithm with its recursion unrolled: a chain of a million locks must not need a million stack frames. */
struct search {
    const struct graph *g;
    uint32_t *index;  /* order of discovery, 0 = not met */
    uint32_t *low;    /* lowest index reachable */
    uint32_t *next;   /* next edge to look at */
    uint32_t *path;   /* nodes being visited */
    uint32_t *open;   /* nodes whose component is not known yet */
    uint32_t path_count, open_count, met;
    uint32_t *component, *size;
    int64_t components;
};

#define COMPONENT_OPEN UINT32_MAX

static void search_enter(struct search *s, uint32_t node)
{
    s->index[node] = s->low[node] = ++s->met;
    s->next[node] = s->g->first[node];
    s->component[node] = COMPONENT_OPEN;
    s->path[s->path_count++] = node;
    s->open[s->open_count++] = node;
}

static void search_close_component(struct search *s, uint32_t root)
{
    uint32_t node, members = 0;

    do {
        node = s->open[--s->open_count];
        s->component[node] = (uint32_t)s->components;
        members++;
    } while (node != root);
    if (s->size)
        s->size[s->components] = members;
    s->components++;
}

static void search_from(struct search *s, uint32_t start)
{
    search_enter(s, start);
    while (s->path_count) {
        uint32_t node = s->path[s->path_count - 1];

        if (s->next[node] < s->g->first[node + 1]) {
            uint32_t to = s->g->to[s->next[node]++];

            if (!s->index[to])
                search_enter(s, to);
            else if (s->component[to] == COMPONENT_OPEN && s->index[to] < s->low[node])
                s->low[node] = s->index[to];
            continue;
        }
        s->path_count--;
        if (s->path_count && s->low[node] < s->low[s->path[s->path_count - 1]])
            s->low[s->path[s->path_count - 1]] = s->low[node];
        if (s->low[node] == s->index[node])
            search_close_component(s, node);
    }
}

int64_t graph_components(const struct graph *g, uint32_t *component, uint32_t *size)
{
    uint32_t *room = calloc(5ul * g->nodes + 1, sizeof *room);
    struct search s = {.g = g, .component = component, .size = size};

    if (!room)
        return -1;
    s.index = room;
    s.low = s.index + g->nodes;
    s.next = s.low + g->nodes;
    s.path = s.next + g->nodes;
    s.open = s.path + g->nodes;
    for (uint32_t n = 0; n < g->nodes; n++)
        if (!s.index[n])
            search_from(&s, n);
    free(room);
    return s.components;
}
