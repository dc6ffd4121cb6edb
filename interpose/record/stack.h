/*
 * stack.h - call stacks: exact, full depth, for about the price of a frame-pointer walk.
 *
 * The validated stack cache. Under (return address, stack pointer) the thread keeps the places on its stack that held
 * return addresses when the stack was last unwound, and what stood there. Seeing the same values in all of them again
 * proves the same call path: going outward, each validated return address fixes the frame layout of the next caller, hence
 * the place of the next one. Where a frame finds its caller through RBP instead of SP (frame pointers, alloca), the saved
 * RBP it depends on is among the compared words. A miss unwinds once with libunwind.
 *
 * Not proven by this are frames that realign the stack with a saved copy of SP (DRAP): a stale frame would need every
 * compared word to repeat as well.
 */
#ifndef KIWI_STACK_H
#define KIWI_STACK_H

#include "thread.h"

#define STACK_MAX_DEPTH 64
#define STACK_ROOM (16u << 10) /* bytes of stack that must be left to unwind */

/* The caller of a wrapper, taken in the wrapper itself. */
struct call_site {
    uintptr_t sp;  /* caller's stack pointer at the call: the return address lies just below */
    uintptr_t rbp; /* caller's RBP */
};

/* In a wrapper (which has a frame pointer because of this): [fp] = caller's RBP, [fp+8] = return address. */
#define CALL_SITE()                                                                                                    \
    ({                                                                                                                 \
        uintptr_t *fp_ = __builtin_frame_address(0);                                                                   \
        (struct call_site){(uintptr_t)fp_ + 16, fp_[0]};                                                               \
    })

struct stack_entry {
    struct stack_entry *next; /* same bucket, most recently used first */
    uintptr_t sp;
    uintptr_t rbp, rbp_mask; /* compared where the mask is set */
    uint32_t row;            /* stack row */
    uint32_t words;          /* compared words, a multiple of 4; 0 = never valid (must be unwound each time) */
    const int32_t *offsets;  /* of the words, from sp */
    uintptr_t values[];
};

extern uint32_t stack_depth_limit; /* frames kept, 4 .. STACK_MAX_DEPTH */

/* Slow path: unwinds, interns, and caches. Returns a stack row, 0 = no room. */
uint32_t stack_capture(struct thread *t, struct call_site site);
/* Interns frames (innermost first). Used by stack_capture and by scripted tests. */
uint32_t stack_intern(const uint64_t *frames, uint32_t depth, uint32_t flags);
/* Forgets the cache: after dlclose, or when it is full. */
void stack_cache_flush(struct thread *t);

static inline uint32_t stack_bucket(struct call_site site)
{
    uintptr_t ret = *(uintptr_t *)(site.sp - 8);
    return (uint32_t)(((ret ^ (site.sp << 7)) * 0x9e3779b97f4a7c15u) >> 56) & (THREAD_STACK_HEADS - 1);
}

static ALWAYS_INLINE bool stack_entry_matches(const struct stack_entry *e, struct call_site site)
{
    if (e->sp != site.sp || ((e->rbp ^ site.rbp) & e->rbp_mask))
        return false;
    uintptr_t differ = !e->words;
    for (uint32_t i = 0; i < e->words; i += 4) {
        differ |= *(uintptr_t *)(site.sp + e->offsets[i]) ^ e->values[i];
        differ |= *(uintptr_t *)(site.sp + e->offsets[i + 1]) ^ e->values[i + 1];
        differ |= *(uintptr_t *)(site.sp + e->offsets[i + 2]) ^ e->values[i + 2];
        differ |= *(uintptr_t *)(site.sp + e->offsets[i + 3]) ^ e->values[i + 3];
    }
    return !differ;
}

/* The stack row of a call site: a hit compares a dozen words. */
static ALWAYS_INLINE uint32_t stack_of(struct thread *t, struct call_site site)
{
    if (likely(t->module_epoch == (uint32_t)RELAXED_LOAD(&region.header->module_epoch))) {
        struct stack_entry *e = t->stacks[stack_bucket(site)];
        if (likely(e && stack_entry_matches(e, site)))
            return e->row;
    }
    return stack_capture(t, site);
}
#endif
