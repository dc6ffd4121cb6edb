/*
 * heap_follow.h - single blocks on their way through the heap wrappers: counted, noted, and some of them followed.
 */
#ifndef KIWI_WRAP_HEAP_FOLLOW_H
#define KIWI_WRAP_HEAP_FOLLOW_H

#include "../process/enter.h"
#include "../record/heap_free.h"
#include "../record/misuse.h"
#include "../record/object.h"
#include "../record/recent_block.h"
#include "../record/suspect.h"

/* Whether the program's calls of malloc and free, and of new and delete, come to this library first. */
bool heap_is_first(bool (*is_ours)(const void *function));
/* Who meets malloc, or else free, before this library; NULL = none. */
const void *heap_in_front(bool (*is_ours)(const void *function));
bool cxx_heap_is_first(bool (*is_ours)(const void *function));
/* At start: how the real functions call each other. */
void heap_learn(bool (*is_ours)(const void *function));

/* A sample, if it is one. */
void heap_sampled(struct thread *t, void *p, size_t size, struct call_site site);

/* An allocation that was counted came to nothing: it is not counted, and tried again by a function that sees to all. */
void *heap_quickly_failed(size_t size, void *(*fully)(size_t size));

/* The allocator had no room for so many bytes (errno). What is kept from it is given back; true: it may have by now. */
bool heap_gives_back(size_t size);

/* A block was got. Returns it. */
static ALWAYS_INLINE void *heap_got(struct thread *t, void *p, size_t size, struct call_site site)
{
    if (unlikely(thread_heap_count(t, size)))
        heap_sampled(t, p, size, site);
    return recent_block_note(t, p, size, ((void **)site.sp)[-1], stack_depth_below(site.sp));
}

/* Counted like any other, and not followed. */
void heap_counted(struct thread *t, void *p, size_t size, struct call_site site);

/* A block that was got where nothing is recorded. Returns it. */
void *heap_got_unseen(void *p);

/*
 * Before the real call, for an allocation that is counted, and no more: not a sample, not in a tick or scope, not in a
 * call that waits, by a thread whose blocks are not kept. In one instruction, so that a signal handler may allocate
 * before or after it. false: it is no such allocation, and nothing was done. Where nothing is recorded, and in a forked
 * child, heap_left is 0.
 */
static ALWAYS_INLINE bool heap_counts_only(struct thread *t, size_t size)
{
    bool due;
    if (unlikely(t->inside) || unlikely(t->blocks_kept))
        return false;
    __asm__("sub %2, %1" : "=@ccbe"(due), "+m"(t->heap_left) : "r"(size));
    if (unlikely(due)) {
        t->heap_left += size;
        return false;
    }
    t->heap_calls++;
    return true;
}

/*
 * The same where blocks are kept. Notes all but its address: nothing has to be kept through the real call but the place
 * for that, which is returned. NULL: it is no such allocation, and nothing was done.
 */
static ALWAYS_INLINE struct recent_block *heap_quickly(size_t size, void *caller)
{
    struct thread *t = kiwi_self;
    if (unlikely(t->inside || !t->blocks_kept || t->heap_left <= size))
        return NULL;
    struct recent_block *b = recent_block_quick(t, size, caller);
    if (unlikely(!b))
        return NULL;
    thread_heap_count(t, size); /* true if a signal handler has just used up what was left: then the next one is due */
    return b;
}

/* After it. */
static ALWAYS_INLINE void *heap_quickly_got(struct recent_block *b, void *p, void *(*fully)(size_t size))
{
    b->address = (uintptr_t)p;
    return likely(p != NULL) ? p : heap_quickly_failed(b->size, fully);
}

/* A block that operator new made. calls: t->heap_calls before it. Most get theirs from malloc, which has counted it. */
void *heap_got_new(struct thread *t, void *p, size_t size, enum kiwi_heap_form form, uint64_t calls,
                   struct call_site site);

/* Before free. t is the current thread; p is a suspect block. */
enum heap_fate {
    HEAP_GOES,   /* to the real free */
    HEAP_KEPT,   /* it must not be freed now */
    HEAP_WRONG,  /* that is noted; the real free decides, and nothing else looks at what may not be there */
    HEAP_REFUSED /* the real free will not do it: still to be noted */
};
enum heap_fate heap_fate_of(struct thread *t, void *p, struct call_site site);
/* The same where nothing is recorded. p is not NULL. */
bool heap_keeps_unseen(const void *p);
/* Before delete. Ends the identity of locks in the block as well. */
void heap_deletes(struct thread *t, void *p, enum kiwi_heap_form form, struct call_site site);

/* A block on its way through realloc. */
struct heap_moving {
    struct thread *t; /* NULL: not recorded */
    struct call_site site;
    uintptr_t address;
    size_t before;            /* bytes that the block had, in ticks and scopes */
    size_t locks;             /* bytes of it in which locks may lie; 0 = none */
    struct misuse_facts held; /* a lock in it that is held; object 0 = none */
    enum heap_move followed;
    bool refused;    /* the real call will not do it: still to be noted */
    bool unfollowed; /* to be set by the caller: what comes of it is only counted */
    struct heap_block was;
    void *instead; /* what realloc returns, if there is no real call */
};

/* false: there must be no real call, and `instead` is the result. */
bool heap_move_starts(struct heap_moving *m, struct thread *t, void *old, size_t size, struct call_site site);
void heap_move_ends(struct heap_moving *m, void *p, size_t size);
#endif
