/*
 * array.h - room at the end of an array that grows.
 *
 *     struct wait *items = array_room(w->items, w->count, &w->capacity, sizeof *items);
 *     if (!items)
 *         return -1; // w->items is as it was
 *     w->items = items;
 *     w->items[w->count++] = one;
 */
#ifndef KIWI_ARRAY_H
#define KIWI_ARRAY_H

#include <stddef.h>
#include <stdint.h>

/* Makes room for one more behind `count` elements of `size` bytes; doubles the array when it is full. Returns where it
 * lies now, or NULL if there is no memory. */
void *array_room(void *items, uint32_t count, uint32_t *capacity, size_t size);
#endif
