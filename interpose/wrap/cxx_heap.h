/*
 * cxx_heap.h - what heap.c and cxx_heap.c share.
 */
#ifndef KIWI_WRAP_CXX_HEAP_H
#define KIWI_WRAP_CXX_HEAP_H

#include "../record/stack.h"

/* A block in which locks may lie is about to be freed by delete: ends their identity. t is the current thread, p not
 * NULL. */
void heap_note_delete(struct thread *t, void *p, struct call_site site);
#endif
