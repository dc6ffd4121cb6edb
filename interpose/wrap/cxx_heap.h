/*
 * cxx_heap.h - what heap.c and cxx_heap.c share.
 */
#ifndef KIWI_WRAP_CXX_HEAP_H
#define KIWI_WRAP_CXX_HEAP_H

#include "../record/thread.h"

/* A block is about to be freed by free or delete: ends the identity of locks in it. t is the current thread, p not
 * NULL. */
void heap_note_free(struct thread *t, void *p);
void heap_note_delete(struct thread *t, void *p);
#endif
