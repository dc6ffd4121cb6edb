/*
 * heap_place.h - whether another finding of the heap tells of a place already: one cause is one finding.
 */
#ifndef KIWI_HEAP_PLACE_H
#define KIWI_HEAP_PLACE_H

#include "detector.h"

/* A hot-alloc or realloc-growth of the list shows a stack that begins as this one does: the same call in the service's
 * code, in a function called from the same place. */
bool heap_place_is_told(const struct model *m, uint32_t stack, const struct finding_list *list);
#endif
