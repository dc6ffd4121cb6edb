#include "recent_block.h"

#include "region.h"

#define STRANGE_BLOCKS 64u
#define OUTER_BLOCKS_AGE 8192u /* blocks later it may well have been freed, and be another thread's */
#define ANEW_MAX 10u

static bool outer_is_old(const struct thread *t, uint32_t i)
{
    return (uint32_t)t->heap_calls - t->outer_since[i] > OUTER_BLOCKS_AGE;
}

/* A loop gets the same blocks at the same places in each round: there the first look does. */
static ALWAYS_INLINE bool outer_is_replaced(const struct thread *t, uint32_t i, const struct recent_block *b,
                                            uint32_t depth)
{
    const struct recent_block *o = &t->outer_blocks[i];
    return o->depth <= depth || (o->depth == b->depth && o->caller == b->caller && o->size == b->size) ||
           outer_is_old(t, i);
}

static void keep_outer(struct thread *t, const struct recent_block *b, uint32_t depth)
{
    uint32_t place = (uint32_t)(b->caller >> 4) % THREAD_OUTER_BLOCKS;
    bool found = outer_is_replaced(t, place, b, depth);
    for (uint32_t i = 0; !found && i < THREAD_OUTER_BLOCKS; i++) {
        const struct recent_block *o = &t->outer_blocks[i];
        if (o->depth <= depth || outer_is_old(t, i)) { /* unused, or its function has returned */
            place = i;
            break;
        }
        if (o->depth < t->outer_blocks[place].depth)
            place = i;
    }
    if (!found && t->outer_blocks[place].depth > b->depth && !outer_is_old(t, place))
        return;
    t->outer_blocks[place] = *b;
    t->outer_since[place] = (uint32_t)t->heap_calls;
}

NOINLINE void *recent_block_keep(struct thread *t, void *address, size_t size, void *caller, uint32_t depth)
{
    struct recent_block *b = recent_block_at(t, t->heap_calls - 1);
    keep_outer(t, b, depth);
    return recent_block_set(b, address, size, caller, depth);
}

static const struct recent_block *block_of(const struct thread *t, uintptr_t address)
{
    for (uint32_t i = 1; i <= THREAD_BLOCKS; i++) {
        const struct recent_block *b = &t->blocks[(t->heap_calls - i) % THREAD_BLOCKS];
        if (b->address && address - b->address < b->size)
            return b;
    }
    for (uint32_t i = 0; i < THREAD_OUTER_BLOCKS; i++) {
        const struct recent_block *b = &t->outer_blocks[i];
        if (b->address && !outer_is_old(t, i) && address - b->address < b->size)
            return b;
    }
    return NULL;
}

size_t recent_block_size(const struct thread *t, uintptr_t address)
{
    const struct recent_block *b = block_of(t, address);
    return b && b->address == address ? b->size : 0;
}

/* How they are kept. */

void recent_blocks_begin(struct thread *t)
{
    t->blocks_kept = 1;
    t->blocks_until = RECENT_BLOCKS_KEPT;
}

static void keep_for_longer(struct thread *t)
{
    t->blocks_until = t->heap_calls + (RECENT_BLOCKS_KEPT << t->blocks_anew);
}

static void keep_anew(struct thread *t)
{
    t->blocks_from = t->heap_calls;
    t->blocks_anew += t->blocks_anew < ANEW_MAX;
    COMPILER_BARRIER();
    t->blocks_kept = 1;
}

/* A place that another thread looks at while it is wiped is empty or whole. */
void recent_blocks_settle(struct thread *t)
{
    if (likely(!t->blocks_kept || t->heap_calls < t->blocks_until))
        return;
    t->blocks_kept = 0;
    COMPILER_BARRIER();
    for (uint32_t i = 0; i < THREAD_BLOCKS; i++) {
        RELAXED_STORE(&t->blocks[i].address, 0);
        RELAXED_STORE(&t->blocks[i].size, 0); /* and nothing that is to be kept when its place is taken */
    }
    for (uint32_t i = 0; i < THREAD_OUTER_BLOCKS; i++)
        t->outer_blocks[i].address = 0;
}

bool recent_blocks_are_all(const struct thread *t)
{
    return t->blocks_kept && (!t->blocks_anew || t->heap_calls - t->blocks_from >= THREAD_BLOCKS);
}

const struct recent_block *recent_block_around(struct thread *t, uintptr_t address)
{
    const struct recent_block *b = block_of(t, address);
    if (!t->blocks_kept)
        keep_anew(t);
    else if (!b)
        return NULL; /* others' locks are no reason to go on */
    keep_for_longer(t);
    return b;
}

/*
 * The same of another thread, which goes on meanwhile. The two entries that its next blocks take the place of may be
 * half one block's and half another's.
 */
static bool copy_block_of(const struct thread *other, uintptr_t address, struct recent_block *copy)
{
    uint64_t calls = __atomic_load_n(&other->heap_calls, __ATOMIC_ACQUIRE);
    for (uint32_t i = 1; i <= THREAD_BLOCKS - 2; i++) {
        const struct recent_block *b = &other->blocks[(calls - i) % THREAD_BLOCKS];
        uintptr_t begin = RELAXED_LOAD(&b->address);
        if (!begin || address - begin >= RELAXED_LOAD(&b->size))
            continue;
        *copy = (struct recent_block){begin, RELAXED_LOAD(&b->caller), RELAXED_LOAD(&b->size), 0};
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        return RELAXED_LOAD(&other->heap_calls) - calls + i <= THREAD_BLOCKS - 2 && address - begin < copy->size;
    }
    return false;
}

/*
 * Locks that need no initialising (std::mutex) are often made by the main thread, or by the one that makes the workers,
 * and first taken by a worker. A thread whose locks come from elsewhere soon stops asking: they are others' work.
 */
const struct recent_block *recent_block_of_maker(struct thread *t, uintptr_t address, struct recent_block *copy)
{
    uint32_t makers[] = {1, region_thread(t->row)->creator}; /* the first row is the main thread's */
    if (t->strange_blocks >= STRANGE_BLOCKS)
        return NULL;
    for (unsigned i = 0; i < 2; i++) {
        const struct thread *maker = i && makers[i] == makers[0] ? NULL : thread_of_row(makers[i]);
        if (maker && maker != t && RELAXED_LOAD(&maker->row) == makers[i] && copy_block_of(maker, address, copy)) {
            t->strange_blocks = 0;
            return copy;
        }
    }
    t->strange_blocks++;
    return NULL;
}
