// expect: none
// options: heap=exact
// about: buffers that move, stay or cannot grow, and places that the allocator hands out again at once, each freed once, by several threads
#include "case.h"

#include <stdint.h>

#define ROUNDS 3000
static void *volatile left; /* what one thread leaves for the next */

/* The old place of a buffer is the new place of another one, by size. */
static FRAME void *grown(size_t from, size_t to)
{
    char *p = malloc(from), *beside = malloc(from);
    char *q = realloc(p, to);
    if (!q)
        abort();
    char *again = malloc(from);
    memset(again, 1, from);
    free(beside);
    if (realloc(again, (size_t)PTRDIFF_MAX)) /* fails: it is there still */
        abort();
    free(again);
    return q;
}

static void *work(void *seed)
{
    unsigned x = (unsigned)(uintptr_t)seed;
    for (int i = 0; i < ROUNDS; i++) {
        x = x * 1103515245 + 12345;
        size_t from = 1 + (x >> 8) % 70000;
        char *q = grown(from, from * (1 + (x >> 4) % 4) + 1000);
        q = realloc(q, 1 + from / 2);
        free(__atomic_exchange_n(&left, q, __ATOMIC_ACQ_REL));
        char *none = malloc(40000);
        none = realloc(none, 0);
        char *large = calloc(1, 200000 + from);
        large = realloc(large, 600000);
        large = reallocarray(large, 3, 300000);
        free(large);
        q = reallocarray(malloc(from), 4, from);
        free(reallocarray(q, 2, from));
        free(none);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[3];
    for (uintptr_t i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, work, (void *)(i + 1));
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    free(left);
    return 0;
}
