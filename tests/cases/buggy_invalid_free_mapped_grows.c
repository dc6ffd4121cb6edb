// expect: invalid-free CRITICAL
// where: invalid-free table_grow
// options: heap=exact
// status: any
// about: a table that was mapped from a file is to grow by realloc
#include "case.h"

#include <sys/mman.h>

#define ENTRIES 4096

static FRAME long *table_grow(long *table, size_t entries)
{
    table = realloc(table, 2 * entries * sizeof *table);
    table[entries] = 1;
    return table;
}

int main(void)
{
    char *view = mmap(NULL, 4 * ENTRIES * sizeof(long), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(view != MAP_FAILED, "mmap");
    long *table = malloc(ENTRIES * sizeof *table);
    require(table != NULL, "malloc");
    table = table_grow(table, ENTRIES);
    free(table);
    table = table_grow((long *)(view + 64), ENTRIES);
    printf("%ld\n", table[ENTRIES]);
    return 0;
}
