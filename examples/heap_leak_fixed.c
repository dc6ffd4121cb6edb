// expect: none
// options: heap=exact
/*
 * heap_leak.c, mended: the old next hop is freed when a new one takes its place. Those that are left at the end are
 * still referred to, and no leak.
 *
 * Kiwi prints no finding; `kiwi show heap` lists what lived to the end.
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
    free(routes[route]);
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
