/*
 * heap_sites.c - keeps blocks of 48 call paths and prints how many bytes of each live at the end: "site_07 123456".
 *
 * Sizes, numbers and what is freed on the way differ from path to path, over several powers of two.
 */
#include <stdio.h>
#include <stdlib.h>

#define FRAME __attribute__((noinline))
#define EIGHT(X, d) X(d##0) X(d##1) X(d##2) X(d##3) X(d##4) X(d##5) X(d##6) X(d##7)
#define SITES(X) EIGHT(X, 0) EIGHT(X, 1) EIGHT(X, 2) EIGHT(X, 3) EIGHT(X, 4) EIGHT(X, 5)
#define COUNT 48
#define ROUNDS 400

#define X(n)                                                                                                           \
    FRAME static void *site_##n(size_t size)                                                                           \
    {                                                                                                                  \
        void *p = malloc(size);                                                                                        \
        __asm__ volatile("" : : "r"(p) : "memory");                                                                    \
        return p;                                                                                                      \
    }
SITES(X)
#undef X

static void *(*const sites[COUNT])(size_t) = {
#define X(n) site_##n,
        SITES(X)
#undef X
};

static void *kept[COUNT][ROUNDS * 3];
static size_t live[COUNT], used[COUNT];

static void allocate(unsigned site, unsigned round)
{
    size_t size = ((size_t)24 << site % 8) + (site * 7 + round) % 23;
    void *p = sites[site](size);

    if (!p)
        exit(1);
    if ((round + site) % 4 < site % 4) { /* lives for a moment */
        free(p);
        return;
    }
    kept[site][used[site]++] = p;
    live[site] += size;
}

int main(void)
{
    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned site = 0; site < COUNT; site++)
            for (unsigned i = 0; i <= site % 3; i++)
                allocate(site, round);
    for (unsigned site = 0; site < COUNT; site++)
        printf("site_%u%u %zu\n", site / 8, site % 8, live[site]);
    return 0;
}
