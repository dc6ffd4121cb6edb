// expect: invalid-free CRITICAL
// where: invalid-free node_free
// status: any
// about: the nodes of a tree lie in one block, and the one way to drop a node is free: seen without heap=exact, by what lies in front of it
#include "case.h"

struct node {
    struct node *left, *right;
    long key;
    long pad;
};

static FRAME void node_free(struct node *n)
{
    free(n);
}

static FRAME void traffic(void)
{
    for (int i = 0; i < 40000; i++) {
        char *line = malloc(24 + (size_t)i % 500), *page = malloc(2000);
        require(line && page, "memory");
        line[0] = page[0] = 1;
        free(line);
        free(page);
    }
}

int main(void)
{
    traffic();
    struct node *pool = calloc(64, sizeof *pool);
    require(pool != NULL, "memory");
    for (int i = 1; i < 64; i++)
        pool[i / 2].left = &pool[i];
    node_free(&pool[7]);
    puts("done");
    free(pool);
    return 0;
}
