/*
 * allocator.h - the allocator of a recorded process: whether its allocations were seen, and what it said of itself.
 */
#ifndef KIWI_ALLOCATOR_USE_H
#define KIWI_ALLOCATOR_USE_H

#include "model.h"

/* What the allocator told, NULL = nothing. Only rows whose figures are taken. */
const struct kiwi_allocator *allocator_figures(const struct model *m);
/* Bytes in the pages of blocks for each byte in blocks; 1 = none is lost, 0 = not known. */
double allocator_fragmentation(const struct kiwi_allocator *a);

#define ALLOCATOR_TEXT 512
/* Why allocations of the process were not seen, in words ("allocations were not seen: ..."). NULL = they were, as far
 * as can be told, or nobody asked for them. text holds it. */
const char *allocator_unseen(const struct model *m, char *text, size_t size);
#endif
