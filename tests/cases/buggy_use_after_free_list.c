// expect: use-after-free CRITICAL
// where: use-after-free node_remove
// options: heap=exact
// status: any
// about: a node is freed before it is unlinked, so that a later insertion writes into the freed one
#include "case.h"

struct node {
    struct node *next, *previous;
    int value;
};

static struct node head = {&head, &head, 0};

static FRAME struct node *node_add(int value)
{
    struct node *n = malloc(sizeof *n);
    require(n != NULL, "memory");
    *n = (struct node){&head, head.previous, value};
    n->previous->next = n;
    head.previous = n;
    return n;
}

#pragma GCC diagnostic ignored "-Wuse-after-free"
static FRAME void node_remove(struct node *n)
{
    free(n);
    __asm__ volatile("" ::: "memory");
}

int main(void)
{
    struct node *last = NULL;
    for (int i = 0; i < 10; i++)
        last = node_add(i);
    node_remove(last);
    node_add(11);
    printf("%d\n", head.previous->value);
    return 0;
}
