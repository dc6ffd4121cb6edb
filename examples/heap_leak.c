// expect: heap-leak LOW
// where: heap-leak route_add
// options: heap=exact
/*
 * A routing table replaces the next hop of a route whenever an update comes, and forgets to free the old one.
 *
 * Kiwi, with heap=exact, prints heap-leak (LOW): how many next hops nothing referred to when the process exited, where
 * they were allocated, and from when the oldest and the youngest are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUTES 16

struct hop {
    char gateway[48];
    int metric;
};

static struct hop *routes[ROUTES];

static __attribute__((noinline)) void route_add(int route, int metric)
{
    struct hop *h = malloc(sizeof *h);
    if (!h)
        exit(9);
    h->metric = metric;
    snprintf(h->gateway, sizeof h->gateway, "gateway %d", metric % 7);
    routes[route] = h;
}

int main(void)
{
    for (int update = 0; update < 400; update++) {
        route_add(update % ROUTES, update);
        if (update % 20 == 0)
            usleep(5000);
    }
    printf("%s\n", routes[3]->gateway);
    return 0;
}
