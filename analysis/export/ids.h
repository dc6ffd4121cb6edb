/*
 * ids.h - keys, which are any bytes, to numbers: 1 for the first one, 2 for the next, and so on.
 */
#ifndef KIWI_IDS_H
#define KIWI_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ids {
    struct ids_entry *entries; /* open addressing */
    uint32_t count, capacity;
};

/* is_new: this is its first time. 0 = out of memory. */
uint32_t ids_get(struct ids *s, const void *key, size_t size, bool *is_new);
void ids_release(struct ids *s);
#endif
