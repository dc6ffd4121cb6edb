/*
 * heap_free.h - what a free, a delete or a realloc of a followed block means: its end, or a mistake.
 *
 * All of it before the real call. usable: bytes that the allocator says the block has, 0 = it does not say; a record
 * that claims more belongs to an earlier block.
 */
#ifndef KIWI_HEAP_FREE_H
#define KIWI_HEAP_FREE_H

#include "quarantine.h"
#include "stack.h"

struct heap_freeing {
    uintptr_t address;
    size_t usable;
    enum kiwi_heap_form form; /* of the free */
    bool held;                /* a lock in it is: its unlock will write to it, which is reported as free-holding-lock */
    bool known;               /* heap_invalid has found its block, with heap=exact */
    struct call_site site;
};

/* Asked first: with heap=exact, true = there is no such block, and that is noted. Then the allocator must not be asked
 * about it either; what the real call does about it is up to that. Blocks from before the start are unknown, and
 * valid. So is what a program's own operator new made of one: it may lie anywhere in it. */
bool heap_invalid(struct thread *t, struct heap_freeing *f);
/* true: the real call must not be made. `out` is what must be freed instead, whatever the result. */
bool heap_freed(struct thread *t, const struct heap_freeing *f, struct quarantine_out *out);
/* A delete or delete[] of it begins, which may end in a free of its own: tells whether it fits, and ends the record if
 * no free will. */
void heap_deleted(struct thread *t, const struct heap_freeing *f);

/* What realloc is given. */
enum heap_move {
    HEAP_MOVE_UNKNOWN, /* not followed */
    HEAP_MOVE_LIVE,    /* its record is in `was`, and taken away until the real call has done it or failed */
    HEAP_MOVE_FREED    /* freed before, and kept since: `was` tells its size; it must not be given to the real call */
};
enum heap_move heap_move_begin(struct thread *t, const struct heap_freeing *f, struct heap_block *was);
/* moved: the old block is gone. Else everything is as before. */
void heap_move_end(struct thread *t, uintptr_t old, const struct heap_block *was, bool moved);

/* Calls of new and delete end in the wrappers of this library, all four of them: a program that brings its own may mix
 * them with malloc. Set by the wrappers. */
extern HIDDEN bool heap_forms_known;
#endif
