/*
 * explain_heap.h - the texts of explain.h for the findings about memory.
 */
#ifndef KIWI_EXPLAIN_HEAP_H
#define KIWI_EXPLAIN_HEAP_H

#include "finding.h"

const char *explain_heap_text(enum finding_id id); /* NULL if it is not one of them */
#endif
