#include "graph.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void graph_release(struct graph *g)
{
    free(g->first);
    free(g->to);
    free(g->label);
    *g = (struct graph){0};
}

static uint32_t edge_key(const struct graph_edge *e, bool by_target)
{
    return by_target ? e->to : e->from;
}

/* One stable counting sort. `start` gets nodes + 1 entries: where each node's edges begin in `out`. */
static void edges_sort(const struct graph_edge *in, struct graph_edge *out, uint32_t count, uint32_t nodes,
                       bool by_target, uint32_t *start)
{
    memset(start, 0, (nodes + 1ul) * sizeof *start);
    for (uint32_t i = 0; i < count; i++)
        start[edge_key(&in[i], by_target) + 1]++;
    for (uint32_t n = 0; n < nodes; n++)
        start[n + 1] += start[n];
    for (uint32_t i = 0; i < count; i++)
        out[start[edge_key(&in[i], by_target)]++] = in[i];
    memmove(start + 1, start, nodes * sizeof *start); /* each entry now is where its node's edges end */
    start[0] = 0;
}

int graph_make(struct graph *g, uint32_t nodes, const struct graph_edge *edges, uint32_t count)
{
    struct graph_edge *room = malloc((2ul * count + 1) * sizeof *room);

    *g = (struct graph){.nodes = nodes, .edges = count};
    g->first = malloc((nodes + 1ul) * sizeof *g->first);
    g->to = malloc((count + 1ul) * sizeof *g->to);
    g->label = malloc((count + 1ul) * sizeof *g->label);
    if (!room || !g->first || !g->to || !g->label) {
        free(room);
        graph_release(g);
        return -1;
    }
    edges_sort(edges, room, count, nodes, true, g->first); /* by target, then stably by origin */
    edges_sort(room, room + count, count, nodes, false, g->first);
    for (uint32_t i = 0; i < count; i++) {
        g->to[i] = room[count + i].to;
        g->label[i] = room[count + i].label;
    }
    free(room);
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
    uint32_t *index; /* order of discovery, 0 = not met */
    uint32_t *low;   /* lowest index reachable */
    uint32_t *next;  /* next edge to look at */
    uint32_t *path;  /* nodes being visited */
    uint32_t *open;  /* nodes whose component is not known yet */
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
