#include "memory.h"

#include "../base/sys.h"
#include "block.h"
#include "gone.h"
#include "quarantine.h"
#include "suspect.h"

#include <sys/mman.h>

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18 /* Linux 4.14 */
#endif

#define INDEX_PROBES 64u /* longer chains mean a full index: give up rather than crawl */

struct memory memory;

/* Sizes everything twice with the same code: once to count (base NULL), once to place. */
static size_t lay_out(struct memory *m, char *base)
{
    size_t at = 0;
#define PLACE(field, count)                                                                                            \
    do {                                                                                                               \
        (field) = (void *)(base + at);                                                                                 \
        at = (at + (size_t)(count) * sizeof *(field) + 63) & ~(size_t)63;                                              \
    } while (0)
#define INDEX(field, table)                                                                                            \
    do {                                                                                                               \
        uint32_t n = 128;                                                                                              \
        while (n < 2 * region_capacity(table))                                                                         \
            n *= 2;                                                                                                    \
        (field).mask = n - 1;                                                                                          \
        PLACE((field).rows, n);                                                                                        \
    } while (0)
    m->slots = region_capacity(KIWI_TABLE_SLOTS);
    PLACE(m->slot_used, m->slots);
    PLACE(m->threads, m->slots);
    PLACE(m->thread_ids, THREAD_IDS);
    PLACE(m->tid_slots, THREAD_IDS);
    PLACE(m->stack_slots, THREAD_IDS);
    PLACE(m->generations, FILTER_GENERATIONS);
    PLACE(m->grains, SUSPECT_GRAINS);
    PLACE(m->lines, FILTER_LINES);
    PLACE(m->descriptors, MEMORY_DESCRIPTORS);
    INDEX(m->objects, KIWI_TABLE_OBJECTS);
    INDEX(m->acquisitions, KIWI_TABLE_ACQUISITIONS);
    INDEX(m->stacks, KIWI_TABLE_STACKS);
    INDEX(m->calls, KIWI_TABLE_CALLS);
    INDEX(m->misuses, KIWI_TABLE_MISUSES);
    INDEX(m->classes, KIWI_TABLE_CLASSES);
    INDEX(m->histograms, KIWI_TABLE_HISTOGRAMS);
    INDEX(m->charges, KIWI_TABLE_CHARGES);
    INDEX(m->peers, KIWI_TABLE_PEERS);
    INDEX(m->failures, KIWI_TABLE_FAILURES);
    INDEX(m->loops, KIWI_TABLE_LOOPS);
    INDEX(m->stalls, KIWI_TABLE_STALLS);
    INDEX(m->heap_paths, KIWI_TABLE_HEAP_PATHS);
    INDEX(m->shutdowns, KIWI_TABLE_SHUTDOWNS);
    PLACE(m->contentions, region_capacity(KIWI_TABLE_OBJECTS));
    PLACE(m->births, region_capacity(KIWI_TABLE_OBJECTS));
    PLACE(m->destroys, region_capacity(KIWI_TABLE_OBJECTS));
    PLACE(m->destroyed_filter, FILTER_GENERATIONS);
    PLACE(m->handovers, region_capacity(KIWI_TABLE_OBJECTS));
    PLACE(m->handover_counts, m->slots);
    PLACE(m->rounds, region_capacity(KIWI_TABLE_OBJECTS));
    PLACE(m->arrivals, region_capacity(KIWI_TABLE_OBJECTS));
    PLACE(m->monitors, region_capacity(KIWI_TABLE_OBJECTS));
    PLACE(m->sighted, region_capacity(KIWI_TABLE_ACQUISITIONS));
    PLACE(m->derived, region_capacity(KIWI_TABLE_ACQUISITIONS));
    PLACE(m->stack_objects, region_capacity(KIWI_TABLE_STACKS));
    PLACE(m->stack_class, region_capacity(KIWI_TABLE_STACKS));
    PLACE(m->stack_pinned, region_capacity(KIWI_TABLE_STACKS));
    PLACE(m->wait_sites, region_capacity(KIWI_TABLE_ACQUISITIONS));
    PLACE(m->conds, region_capacity(KIWI_TABLE_OBJECTS));
    PLACE(m->heap_sites, region_capacity(KIWI_TABLE_STACKS));
    m->block_mask = block_capacity / BLOCK_WAYS - 1;
    PLACE(m->block_sets, block_capacity / BLOCK_WAYS);
    PLACE(m->blocks, block_capacity);
    PLACE(m->quarantine, QUARANTINE_BLOCKS);
    PLACE(m->gone, GONE_BLOCKS);
    at = (at + 4095) & ~(size_t)4095;
    PLACE(m->thread_pool, m->slots * ((sizeof(struct thread) + 63) & ~(size_t)63));
#undef PLACE
#undef INDEX
    return at;
}

bool recorder_memory_open(void)
{
    struct memory m = {0};
    m.size = (lay_out(&m, NULL) + 4095) & ~(size_t)4095;
    m.base = sys_mmap(NULL, m.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    if (sys_failed((long)m.base))
        return false;
    lay_out(&m, m.base);
    /* Without the advice (old kernels) forks are still seen by the atfork handler. */
    sys_madvise(m.base, m.size, MADV_WIPEONFORK);
    m.slot_used[0] = 1;
    memory = m;
    suspect_begin();
    return true;
}

static struct memory left; /* the parent's, wiped */

void recorder_memory_inherited(void)
{
    if (left.base) /* the grandparent's: nothing is in the middle of that any more */
        sys_munmap(left.base, left.size);
    left = memory;
    memory = (struct memory){0};
    suspect_begin();
}

void recorder_memory_left(void)
{
    memory = left;
    left = (struct memory){0};
}

void recorder_memory_close(void)
{
    if (memory.base)
        sys_munmap(memory.base, memory.size);
    memory = (struct memory){0};
}

uint32_t index_find(const struct row_index *index, uint64_t hash, const struct index_ops *ops, const void *key)
{
    for (uint32_t i = 0, at = (uint32_t)hash; i < INDEX_PROBES; i++, at++) {
        /* Acquire pairs with the release in index_get: the row behind the number is whole. */
        uint32_t row = __atomic_load_n(&index->rows[at & index->mask], __ATOMIC_ACQUIRE);
        if (!row)
            return 0;
        if (ops->same(row, key))
            return row;
    }
    return 0;
}

uint32_t index_get(struct row_index *index, uint64_t hash, const struct index_ops *ops, const void *key)
{
    uint32_t made = 0;
    for (uint32_t i = 0, at = (uint32_t)hash; i < INDEX_PROBES; i++, at++) {
        uint32_t *place = &index->rows[at & index->mask];
        uint32_t row = __atomic_load_n(place, __ATOMIC_ACQUIRE);
        if (!row) {
            if (!made && !(made = ops->make(key)))
                return 0;
            if (__atomic_compare_exchange_n(place, &row, made, false, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE)) {
                ops->publish(made);
                return made;
            }
        }
        if (ops->same(row, key))
            return row;
    }
    return 0;
}

bool index_replace(struct row_index *index, uint64_t hash, uint32_t old, uint32_t row)
{
    for (uint32_t i = 0, at = (uint32_t)hash; i < INDEX_PROBES; i++, at++) {
        uint32_t *place = &index->rows[at & index->mask], seen = old;
        if (__atomic_compare_exchange_n(place, &seen, row, false, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE))
            return true;
        if (!seen)
            return false;
    }
    return false;
}
