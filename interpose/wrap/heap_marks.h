/*
 * heap_marks.h - frees that glibc's malloc is about to refuse, known by what it looks at itself: its mark in small
 * blocks that are free, the header in front of each block, and, behind a larger one, the bit that says whether it is
 * free.
 *
 *     if (unlikely(heap_marks_doubt(p)))
 *         heap_marks_free(p, CALL_SITE());      // instead of the real call
 *     else
 *         real.free(p);
 *
 * So such a free is recorded whether or not its block is followed: the process ends there. What does not come back is a
 * misuse. A doubt costs no more than time: what the real call accepts was right. Nothing is looked at where another
 * allocator stands behind.
 */
#ifndef KIWI_WRAP_HEAP_MARKS_H
#define KIWI_WRAP_HEAP_MARKS_H

#include "../process/enter.h"
#include "../record/misuse.h"
#include "../record/stack.h"

/* The mark, made up by glibc in each process; 0 = it is not glibc's free that comes next, or it makes none. */
extern HIDDEN uint64_t heap_marks_mark;

/* In the header of a block: its bytes with those of the header, and three bits. */
#define HEAP_MARKS_IN_USE 1ul /* the block before it */
#define HEAP_MARKS_MAPPED 2ul /* by itself */
#define HEAP_MARKS_ARENA 4ul  /* not in the main arena */
#define HEAP_MARKS_BITS (HEAP_MARKS_IN_USE | HEAP_MARKS_MAPPED | HEAP_MARKS_ARENA)
#define HEAP_MARKS_LEAST 32u
#define HEAP_MARKS_SMALL 1040u /* up to here free lists of the thread have it, and the mark tells */

/* p is not NULL. Reads the header of the block and its second word, as free does. The header of a small block has one
 * of 64 sizes, in steps of 16, with or without two of the bits: all else is looked at more closely. */
static ALWAYS_INLINE bool heap_marks_doubt(const void *p)
{
    const uint64_t *words = (const uint64_t *)p;
    uint64_t mark = heap_marks_mark;
    if (unlikely(mark == 0))
        return false;
    uint64_t steps = (words[-1] & ~(HEAP_MARKS_IN_USE | HEAP_MARKS_ARENA)) - HEAP_MARKS_LEAST;
    return unlikely(words[1] == mark) || unlikely((uintptr_t)p & 15) ||
           unlikely((steps >> 4 | steps << 60) > (HEAP_MARKS_SMALL - HEAP_MARKS_LEAST) / 16);
}

/* A large block of a heap that is not free: the most frequent of those that are looked at more closely. */
bool heap_marks_fine(const void *p);

/* Learns the mark; while the process starts. */
void heap_marks_learn(void);
/* Whether glibc will refuse p, if that can be told: fills in what it is (kind and flags). p is any address but NULL. */
bool heap_marks_refuse(const void *p, struct misuse_facts *facts);
/* The row of it, the real call of which must follow; 0 = it is not refused. t may be NULL. */
uint32_t heap_marks_note(struct thread *t, const void *p, struct call_site site);
void heap_marks_free(void *p, struct call_site site);
#endif
