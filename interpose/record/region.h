/*
 * region.h - the mapped trace: its tables, room for new rows, and what happens when there is none.
 *
 *     region_open_memory(8 << 20);                      // tests; base/output.c maps a file instead
 *     uint32_t i = region_claim(KIWI_TABLE_MISUSES, 1); // 0 = full, already counted as dropped
 *     struct kiwi_misuse *m = region_misuse(i);
 *     ... fill ...
 *     region_publish(&m->state, KIWI_ROW_LIVE);
 *
 * Claiming is lock-free and async-signal-safe; it makes at most one system call (madvise) each time a table reaches a
 * new chunk. Rows are never given back.
 */
#ifndef KIWI_REGION_H
#define KIWI_REGION_H

#include "../base/compiler.h"
#include "../trace_format.h"

struct region {
    struct kiwi_header *header; /* = start of the mapping; NULL = no region */
    size_t size;
    bool backed;      /* memory or preallocated: growing a table needs no system call */
    uint32_t refused; /* how often storage was refused; atomic */
    bool frozen;      /* no system call may be made any more (seccomp): only ready room is used */
    char *tables[KIWI_TABLE_LIMIT];
};
extern HIDDEN struct region region;

/* size in bytes, a multiple of the page size, at least REGION_MIN. Lays out header and tables in zeroed memory at `at`.
 * backed: see struct region. Returns false if not even the first pages could be had. */
bool region_format(void *at, size_t size, bool backed);
#define REGION_MIN (2u << 20)

bool region_open_memory(size_t size); /* private anonymous memory, for tests; false = no memory */
void region_close_memory(void);

/* First of `rows` consecutive rows, or 0 when the table or the file system is full (then counted in `dropped`). */
uint32_t region_claim(enum kiwi_table_id table, uint32_t rows);
/* Row numbers below that of the first row that has never had storage. Those rows can be looked at: see
 * region_is_ready. */
uint32_t region_ready_rows(enum kiwi_table_id table);
/* Makes sure that a row, chosen by the caller, and all before it are claimed and have storage. false: counted as
 * dropped. */
bool region_reach(enum kiwi_table_id table, uint32_t row);
/* Gives every table a last chunk of room and makes no system call from then on. */
void region_freeze(void);
void region_drop(enum kiwi_drop kind);
/* Copies a string of `length` bytes; 0 if empty or no room. */
uint32_t region_string(const char *s, size_t length);

static inline void region_publish(uint32_t *state, uint32_t value)
{
    __atomic_store_n(state, value, __ATOMIC_RELEASE); /* pairs with the reader's check of state */
}

static inline uint32_t region_capacity(enum kiwi_table_id table)
{
    return (uint32_t)region.header->tables[table].capacity;
}

/* The same of one row, without a division. */
static inline bool region_is_ready(enum kiwi_table_id table, uint32_t row)
{
    const struct kiwi_table *t = &region.header->tables[table];
    return ((uint64_t)row + 1) * t->row_size <= RELAXED_LOAD(&t->ready);
}

#define REGION_ROW(name, table, type)                                                                                  \
    static inline struct type *region_##name(uint32_t row)                                                             \
    {                                                                                                                  \
        return (struct type *)region.tables[table] + row;                                                              \
    }
REGION_ROW(module, KIWI_TABLE_MODULES, kiwi_module)
REGION_ROW(stack, KIWI_TABLE_STACKS, kiwi_stack)
REGION_ROW(thread_class, KIWI_TABLE_CLASSES, kiwi_thread_class)
REGION_ROW(cond, KIWI_TABLE_CONDS, kiwi_cond)
REGION_ROW(wait_site, KIWI_TABLE_WAIT_SITES, kiwi_wait_site)
REGION_ROW(thread, KIWI_TABLE_THREADS, kiwi_thread)
REGION_ROW(segment, KIWI_TABLE_SEGMENTS, kiwi_segment)
REGION_ROW(object, KIWI_TABLE_OBJECTS, kiwi_object)
REGION_ROW(acquisition, KIWI_TABLE_ACQUISITIONS, kiwi_acquisition)
REGION_ROW(call, KIWI_TABLE_CALLS, kiwi_call)
REGION_ROW(misuse, KIWI_TABLE_MISUSES, kiwi_misuse)
REGION_ROW(slot, KIWI_TABLE_SLOTS, kiwi_slot)
REGION_ROW(cache, KIWI_TABLE_CACHES, kiwi_cache_entry)
REGION_ROW(held, KIWI_TABLE_HELD, kiwi_held)
REGION_ROW(contention, KIWI_TABLE_CONTENTIONS, kiwi_contention)
REGION_ROW(histogram, KIWI_TABLE_HISTOGRAMS, kiwi_histogram)
REGION_ROW(charge, KIWI_TABLE_CHARGES, kiwi_charge)
REGION_ROW(sighting, KIWI_TABLE_SIGHTINGS, kiwi_sighting)
REGION_ROW(descriptor, KIWI_TABLE_DESCRIPTORS, kiwi_descriptor)
REGION_ROW(peer, KIWI_TABLE_PEERS, kiwi_peer)
REGION_ROW(failure, KIWI_TABLE_FAILURES, kiwi_failure)
REGION_ROW(loop, KIWI_TABLE_LOOPS, kiwi_loop)
REGION_ROW(heap_path, KIWI_TABLE_HEAP_PATHS, kiwi_heap_path)
REGION_ROW(tick, KIWI_TABLE_TICKS, kiwi_tick)
REGION_ROW(stall, KIWI_TABLE_STALLS, kiwi_stall)
REGION_ROW(shutdown, KIWI_TABLE_SHUTDOWNS, kiwi_shutdown)
REGION_ROW(allocator, KIWI_TABLE_ALLOCATORS, kiwi_allocator)
REGION_ROW(heap_site, KIWI_TABLE_HEAP_SITES, kiwi_heap_site)

static inline uint64_t *region_frames(uint32_t first)
{
    return (uint64_t *)region.tables[KIWI_TABLE_FRAMES] + first;
}
#undef REGION_ROW
#endif
