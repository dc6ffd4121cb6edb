/*
 * heap_lines.h - what the ticks of a loop, or a scope, allocate, as `kiwi show ticks` and `kiwi show scopes` tell it.
 */
#ifndef KIWI_HEAP_LINES_H
#define KIWI_HEAP_LINES_H

#include "../analysis/hot_heap.h"

#include <jansson.h>
#include <stdio.h>

/* Lines behind those of the loop; none if it does not allocate. */
void heap_lines_print(const struct hot_heap *h, const struct loop_uses *u, const struct loop_use *use, FILE *out);
/* The same as an object; NULL when out of memory. */
json_t *heap_lines_json(const struct hot_heap *h, const struct loop_uses *u, const struct loop_use *use);
#endif
