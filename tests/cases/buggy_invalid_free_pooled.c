// expect: invalid-free CRITICAL
// where: invalid-free node_free
// status: any
// about: the nodes of a tree lie in one block, and the one way to drop a node is free: seen without heap=exact, by what lies in front of it
#include "traffic.h"

struct node {
    struct node *left, *right;
    long key;
    long pad;
};

static FRAME void node_free(struct node *n)
{
    free(n);
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
