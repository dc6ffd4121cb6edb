/* graph.h: edges in order, components right, linear on long chains. */
#include "../../analysis/graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void graph__edges_are_sorted_by_target(void **state)
{
    static const struct graph_edge edges[] = {{2, 1, 10}, {0, 2, 11}, {0, 1, 12}, {0, 1, 13}, {2, 0, 14}};
    struct graph g;

    (void)state;
    assert_int_equal(graph_make(&g, 3, edges, COUNT(edges)), 0);
    assert_int_equal(g.first[1] - g.first[0], 3);
    assert_int_equal(g.first[2], g.first[1]);
    assert_int_equal(g.label[0], 12);
    assert_int_equal(g.label[1], 13);
    assert_int_equal(g.label[2], 11);
    assert_int_equal(graph_find(&g, 0, 2), 2);
    assert_int_equal(g.label[graph_find(&g, 2, 1)], 10);
    assert_int_equal(graph_find(&g, 1, 0), g.first[2]);
    graph_release(&g);
}

static void graph__empty_graph(void **state)
{
    struct graph g;

    (void)state;
    assert_int_equal(graph_make(&g, 0, NULL, 0), 0);
    assert_int_equal(graph_components(&g, NULL, NULL), 0);
    graph_release(&g);
}

static void graph__two_knots_joined_by_a_bridge(void **state)
{
    static const struct graph_edge edges[] = {{0, 1, 0}, {1, 2, 0}, {2, 0, 0}, {2, 3, 0},
                                              {3, 4, 0}, {4, 3, 0}, {5, 5, 0}};
    uint32_t component[6], size[6];
    struct graph g;

    (void)state;
    assert_int_equal(graph_make(&g, 6, edges, COUNT(edges)), 0);
    assert_int_equal(graph_components(&g, component, size), 3);
    assert_int_equal(component[0], component[1]);
    assert_int_equal(component[0], component[2]);
    assert_int_equal(component[3], component[4]);
    assert_int_not_equal(component[0], component[3]);
    assert_int_not_equal(component[5], component[3]);
    assert_int_equal(size[component[0]], 3);
    assert_int_equal(size[component[3]], 2);
    assert_int_equal(size[component[5]], 1);
    graph_release(&g);
}

static void graph__a_million_nodes_in_one_ring(void **state)
{
    enum { NODES = 1000000 };
    struct graph_edge *edges = malloc(NODES * sizeof *edges);
    uint32_t *room = malloc(2ul * NODES * sizeof *room);
    struct graph g;

    (void)state;
    assert_non_null(edges);
    assert_non_null(room);
    for (uint32_t i = 0; i < NODES; i++)
        edges[i] = (struct graph_edge){i, (i + 1) % NODES, i};
    assert_int_equal(graph_make(&g, NODES, edges, NODES), 0);
    assert_int_equal(graph_components(&g, room, room + NODES), 1);
    assert_int_equal(room[NODES], NODES);
    graph_release(&g);
    free(edges);
    free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(graph__edges_are_sorted_by_target),
            cmocka_unit_test(graph__empty_graph),
            cmocka_unit_test(graph__two_knots_joined_by_a_bridge),
            cmocka_unit_test(graph__a_million_nodes_in_one_ring),
    };

    return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
