// expect: none
// about: threads get, move and free blocks of all sizes and alignments, of every arena and with mappings of their own, and give memory back: none of it looks like a free that glibc refuses
#include "case.h"

#include <malloc.h>

#define BLOCKS 200

static size_t size_of(unsigned *seed)
{
    unsigned kind = (unsigned)rand_r(seed) % 100, n = (unsigned)rand_r(seed);
    return kind < 40 ? n % 1100 + 1 : kind < 80 ? n % 9000 + 1 : kind < 98 ? n % 140000 + 1 : n % 2000000 + 1;
}

static void *block_of(unsigned *seed)
{
    size_t size = size_of(seed);
    switch (rand_r(seed) % 8) {
    case 0:
        return memalign((size_t)16 << rand_r(seed) % 10, size);
    case 1:
        return valloc(size);
    case 2:
        return calloc(1, size);
    default:
        return malloc(size);
    }
}

static void *turn(void *arg)
{
    unsigned seed = *(unsigned *)arg;
    void *blocks[BLOCKS] = {NULL};
    for (int i = 0; i < 8000; i++) {
        void **b = &blocks[rand_r(&seed) % BLOCKS];
        if (rand_r(&seed) % 8 == 0) {
            *b = realloc(*b, size_of(&seed));
        } else {
            free(*b);
            *b = block_of(&seed);
        }
        require(*b != NULL, "memory");
        *(char *)*b = 1;
        if (i % 1000 == 0)
            malloc_trim(0);
    }
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    return NULL;
}

int main(void)
{
    for (unsigned round = 0; round < 3; round++) {
        pthread_t threads[3];
        unsigned seeds[] = {10 * round + 1, 10 * round + 2, 10 * round + 3, 10 * round + 4};
        for (int i = 0; i < 3; i++)
            threads[i] = thread_start(turn, &seeds[i]);
        turn(&seeds[3]);
        for (int i = 0; i < 3; i++)
            thread_join(threads[i]);
    }
    puts("done");
    return 0;
}
