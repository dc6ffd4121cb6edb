/*
 * hot_alloc_function.h - hot-alloc for the functions that were named with hot=: where they spend a good part of the
 * processor time in the heap, and no tick or scope has been found to do so at the same place.
 */
#ifndef KIWI_HOT_ALLOC_FUNCTION_H
#define KIWI_HOT_ALLOC_FUNCTION_H

#include "../finding.h"

/* `list` has the findings of ticks and scopes. 0, or -1 when out of memory. */
int hot_alloc_functions(struct model *m, struct finding_list *list);
#endif
