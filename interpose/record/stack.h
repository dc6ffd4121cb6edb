/*
 * stack.h - call stacks: exact, full depth, for about the price of a frame-pointer walk.
 *
 * The validated stack cache. Under (return address, stack pointer) the thread keeps the places on its stack that held
 * return addresses when the stack was last unwound, and what stood there. Seeing the same values in all of them again
 * proves the same call path: going outward, each validated return address fixes the frame layout of the next caller,
 * hence the place of the next one. Where a frame finds its caller through RBP instead of SP (frame pointers, alloca),
 * the saved RBP it depends on is among the compared words. A miss unwinds once with libunwind.
 * The same holds for frames that realigned the stack, and for the word in which they keep where they came from.
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

/*
 * One place on the stack. The lower half of a return address tells it from every other that can stand in its place: two
 * places to return to in modules a multiple of 4 GiB apart would have to be called by the same instruction. Half the
 * size is half the cache lines, and a server's own work evicts them between any two locks.
 */
struct stack_word {
    int32_t offset; /* from the caller's stack pointer, bytes */
    uint32_t value; /* lower half */
};

#define STACK_SIGNPOST 1u /* in sp: the entry is no path, but tells which of several is likely (stack.c) */
struct stack_entry {
    uintptr_t sp;
    uint32_t rbp, rbp_mask;   /* lower half, compared where the mask is set */
    uint32_t row;             /* stack row */
    uint32_t tick;            /* acquisitions to the next one that is recorded in full */
    uint16_t count;           /* compared words, a multiple of 4 */
    uint16_t interval;        /* mean gap between those recorded in full */
    uint16_t samples;         /* recorded at this interval so far */
    struct stack_entry *next; /* same bucket */
    struct stack_word words[];
};

/* kiwi_header.module_epoch, where the hot path finds it with one load. */
extern HIDDEN uint32_t stack_module_epoch;
extern uint32_t stack_depth_limit; /* frames kept, 4 .. STACK_MAX_DEPTH */

/* Slow path: unwinds, interns, and caches. Returns a stack row, 0 = no room. */
uint32_t stack_capture(struct thread *t, struct call_site site);
/* For wrappers that record no stacks: that of the call with this return address if it was made in a signal handler that
 * may have interrupted anything, else 0. Unwinds each time. */
uint32_t stack_of_handler(struct thread *t, uintptr_t return_address);
/* The stack leads from the site to the thread's first frame, through no signal frame, and every return address passes.
 * Unwinds each time. */
bool stack_is_plain(struct thread *t, struct call_site site, bool (*passes)(uintptr_t address));
/* Interns frames (innermost first). Used by stack_capture and by scripted tests. */
uint32_t stack_intern(const uint64_t *frames, uint32_t depth, uint32_t flags);
/* Forgets the cache: after dlclose, or when it is full. */
void stack_cache_flush(struct thread *t);
/* Of a thread that begins: it goes on with the paths of the one before in its slot if that ran on the same stack, but
 * each of them is to be recorded in full again. */
void stack_cache_begin(struct thread *t);
void stack_cache_end(struct thread *t);

static inline uint32_t stack_bucket(struct call_site site)
{
    uintptr_t ret = *(uintptr_t *)(site.sp - 8);
    return (uint32_t)(((ret ^ (site.sp << 7)) * 0x9e3779b97f4a7c15u) >> 55) & (THREAD_STACK_HEADS - 1);
}

static ALWAYS_INLINE uint32_t stack_word_at(struct call_site site, int32_t offset)
{
    return *(const uint32_t *)(site.sp + (uintptr_t)(intptr_t)offset);
}

static ALWAYS_INLINE bool stack_entry_matches(const struct stack_entry *e, struct call_site site)
{
    if ((e->sp ^ site.sp) | (((uint32_t)site.rbp ^ e->rbp) & e->rbp_mask))
        return false;
    uint32_t differ = 0;
    const struct stack_word *w = e->words, *end = w + e->count;
    do {
        differ |= stack_word_at(site, w[0].offset) ^ w[0].value;
        differ |= stack_word_at(site, w[1].offset) ^ w[1].value;
        differ |= stack_word_at(site, w[2].offset) ^ w[2].value;
        differ |= stack_word_at(site, w[3].offset) ^ w[3].value;
        w += 4;
    } while (w < end);
    return !differ;
}

/* Behind the first entry of a bucket: other paths that reach the same call site at the same depth. */
struct stack_entry *stack_search(struct thread *t, struct call_site site);

/* The cache entry of a call site, or NULL if it is new (or can not be proven by words): a hit compares a dozen
 * words. */
static ALWAYS_INLINE struct stack_entry *stack_find(struct thread *t, struct call_site site)
{
    if (unlikely(t->module_epoch != RELAXED_LOAD(&stack_module_epoch)))
        return NULL;
    struct stack_entry *e = t->stacks[stack_bucket(site)];
    if (likely(e && stack_entry_matches(e, site)))
        return e;
    return e && e->next ? stack_search(t, site) : NULL;
}

/* The stack row of a call site. */
static ALWAYS_INLINE uint32_t stack_of(struct thread *t, struct call_site site)
{
    struct stack_entry *e = stack_find(t, site);
    return likely(e != NULL) ? e->row : stack_capture(t, site);
}

/* Whether this use of a call path is one to record in full; then *weight is how many it stands for. Exact for the first
 * SAMPLE_EXACT, then a random sample whose mean gap doubles every SAMPLE_STEP samples up to SAMPLE_MAX. */
#define SAMPLE_EXACT 256u
#define SAMPLE_STEP 64u
#define SAMPLE_MAX 256u
uint32_t stack_sample(struct thread *t, struct stack_entry *e);
/* From now on each use of a call path is one to record in full: at once on this thread, and on others from the next one
 * on that is. */
void stack_pin(struct thread *t, uint32_t row);
#endif
