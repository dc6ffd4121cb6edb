/*
 * heap_marks.h - frees that glibc's malloc is about to refuse, known by what it looks at itself: its mark in small
 * blocks that are free, and the header in front of each block.
 *
 *     if (unlikely(heap_marks_doubt(p)))
 *         heap_marks_free(p, CALL_SITE());      // instead of the real call: which of them does not come back is a
 *         misuse
 *     else
 *         real.free(p);
 *
 * So such a free is recorded whether or not its block is followed: the process ends there. A doubt costs no more than
 * time: what the real call accepts was right. Nothing is looked at where another allocator stands behind.
 */
#ifndef KIWI_WRAP_HEAP_MARKS_H
#define KIWI_WRAP_HEAP_MARKS_H

#include "../process/enter.h"
#include "../record/stack.h"

/* The mark, made up by glibc in each process; 0 = it is not glibc's free that comes next, or it makes none. */
extern HIDDEN uint64_t heap_marks_mark;

/* p is not NULL. Reads the second word of the block, as free does. */
static ALWAYS_INLINE bool heap_marks_doubt(const void *p)
{
    uint64_t mark = heap_marks_mark;
    return likely(mark != 0) && (unlikely(((const uint64_t *)p)[1] == mark) || unlikely((uintptr_t)p & 15));
}

static inline bool heap_marks_is_free(const void *p)
{
    return ((const uint64_t *)p)[1] == heap_marks_mark;
}

/* Learns the mark; while the process starts. */
void heap_marks_learn(void);
void heap_marks_free(void *p, struct call_site site);
#endif
