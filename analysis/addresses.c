#include "addresses.h"

#include <stdlib.h>

struct entry {
    uint64_t address;
    uint32_t generation;
    uint32_t row;
};

struct addresses {
    struct entry *entries; /* by address, then generation */
    uint32_t count;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    if (x->generation != y->generation)
        return x->generation < y->generation ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

struct addresses *addresses_open(const struct trace *t)
{
    uint32_t rows = trace_rows(t, KIWI_TABLE_OBJECTS);
    struct addresses *x = calloc(1, sizeof *x);

    if (!x || !(x->entries = calloc((size_t)rows + 1, sizeof *x->entries))) {
        free(x);
        return NULL;
    }
    for (uint32_t i = 1; i < rows; i++) {
        const struct kiwi_object *o = trace_object(t, i);
        if (o && o->state == KIWI_ROW_LIVE)
            x->entries[x->count++] = (struct entry){o->address, o->generation, i};
    }
    qsort(x->entries, x->count, sizeof *x->entries, compare_entries);
    return x;
}

void addresses_close(struct addresses *x)
{
    if (!x)
        return;
    free(x->entries);
    free(x);
}

uint32_t addresses_find(const struct addresses *x, uint64_t address)
{
    uint32_t low = 0, high = x->count;

    /* The last entry that is not above the address. */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (x->entries[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low && x->entries[low - 1].address == address ? x->entries[low - 1].row : 0;
}
