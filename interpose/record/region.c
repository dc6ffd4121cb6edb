#include "region.h"

#include "../base/sys.h"

#include <string.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

#define PAGE 4096u
#define GROW_MIN (16u << 10) /* a table's chunk doubles from this ... */
#define REFUSED_RETRY 1024u
#define GROW_MAX (256u << 10) /* ... to this, so that an idle process stays small and a busy one makes few calls */

struct region region;

/* Rows of each table in a trace of 64 MiB; other sizes scale, and all tables give way together if these do not fit. So
 * a new table needs no other one's rows changed. docs/trace-format.md carries the same budget. */
static const struct budget {
    uint32_t id, row_size, rows;
    enum kiwi_drop drop;
} budgets[] = {
        {KIWI_TABLE_STRINGS, 1, 512u << 10, KIWI_DROP_STRINGS},
        {KIWI_TABLE_MODULES, sizeof(struct kiwi_module), 1024, KIWI_DROP_MODULES},
        {KIWI_TABLE_FRAMES, sizeof(uint64_t), 688u << 10, KIWI_DROP_STACKS},
        {KIWI_TABLE_STACKS, sizeof(struct kiwi_stack), 48u << 10, KIWI_DROP_STACKS},
        {KIWI_TABLE_CLASSES, sizeof(struct kiwi_thread_class), 2048, KIWI_DROP_CLASSES},
        {KIWI_TABLE_THREADS, sizeof(struct kiwi_thread), 8192, KIWI_DROP_THREADS},
        {KIWI_TABLE_SEGMENTS, sizeof(struct kiwi_segment), 128u << 10, KIWI_DROP_SEGMENTS},
        {KIWI_TABLE_OBJECTS, sizeof(struct kiwi_object), 64u << 10, KIWI_DROP_OBJECTS},
        {KIWI_TABLE_ACQUISITIONS, sizeof(struct kiwi_acquisition), 88u << 10, KIWI_DROP_ACQUISITIONS},
        {KIWI_TABLE_CALLS, sizeof(struct kiwi_call), 24u << 10, KIWI_DROP_CALLS},
        {KIWI_TABLE_MISUSES, sizeof(struct kiwi_misuse), 2048, KIWI_DROP_MISUSES},
        {KIWI_TABLE_SLOTS, sizeof(struct kiwi_slot), 2048, KIWI_DROP_SLOTS},
        {KIWI_TABLE_CACHES, sizeof(struct kiwi_cache_entry), 176u << 10, KIWI_DROP_LIMIT},
        {KIWI_TABLE_HELD, sizeof(struct kiwi_held), 64u << 10, KIWI_DROP_LIMIT},
        {KIWI_TABLE_CONDS, sizeof(struct kiwi_cond), 2048, KIWI_DROP_CONDS},
        {KIWI_TABLE_WAIT_SITES, sizeof(struct kiwi_wait_site), 2048, KIWI_DROP_CONDS},
        {KIWI_TABLE_CONTENTIONS, sizeof(struct kiwi_contention), 2048, KIWI_DROP_CONTENTIONS},
        {KIWI_TABLE_HISTOGRAMS, sizeof(struct kiwi_histogram), 4096, KIWI_DROP_CONTENTIONS},
        {KIWI_TABLE_CHARGES, sizeof(struct kiwi_charge), 4096, KIWI_DROP_CHARGES},
        {KIWI_TABLE_SIGHTINGS, sizeof(struct kiwi_sighting), 32u << 10, KIWI_DROP_SIGHTINGS},
        {KIWI_TABLE_DESCRIPTORS, sizeof(struct kiwi_descriptor), 16u << 10, KIWI_DROP_DESCRIPTORS},
        {KIWI_TABLE_PEERS, sizeof(struct kiwi_peer), 1024, KIWI_DROP_PEERS},
        {KIWI_TABLE_FAILURES, sizeof(struct kiwi_failure), 1024, KIWI_DROP_FAILURES},
        {KIWI_TABLE_LOOPS, sizeof(struct kiwi_loop), 512, KIWI_DROP_LOOPS},
        {KIWI_TABLE_TICKS, sizeof(struct kiwi_tick), 2048, KIWI_DROP_LOOPS},
        {KIWI_TABLE_STALLS, sizeof(struct kiwi_stall), 2048, KIWI_DROP_STALLS},
        {KIWI_TABLE_SHUTDOWNS, sizeof(struct kiwi_shutdown), 2048, KIWI_DROP_SHUTDOWNS},
        {KIWI_TABLE_HEAP_SITES, sizeof(struct kiwi_heap_site), 3072, KIWI_DROP_HEAP_SITES},
        {KIWI_TABLE_HEAP_PATHS, sizeof(struct kiwi_heap_path), 4096, KIWI_DROP_HEAP_PATHS},
        {KIWI_TABLE_ALLOCATORS, sizeof(struct kiwi_allocator), 64, KIWI_DROP_ALLOCATORS},
};
#define BUDGETS (sizeof budgets / sizeof *budgets)

static uint64_t round_up(uint64_t n, uint64_t to)
{
    return (n + to - 1) / to * to;
}

/* Backs [from, to) of the file with storage, so that a full file system is an error here and never SIGBUS later. */
static bool populate(uint64_t from, uint64_t to)
{
    if (region.backed)
        return true;
    if (region.frozen)
        return false;
    /* On a full file system most attempts are spared: each is a system call on the way of a wrapped one. */
    if (RELAXED_LOAD(&region.refused) && RELAXED_ADD(&region.refused, 1) % REFUSED_RETRY)
        return false;
    bool done = !sys_failed(sys_madvise((char *)region.header + from, to - from, MADV_POPULATE_WRITE));
    RELAXED_STORE(&region.refused, done ? 0 : 1);
    return done;
}

static bool table_grow(struct kiwi_table *t, uint64_t need)
{
    uint64_t ready = RELAXED_LOAD(&t->ready), end = round_up(t->capacity * t->row_size, PAGE);
    if (need > end)
        need = end;
    while (ready < need) {
        uint64_t chunk = ready < GROW_MIN ? GROW_MIN : ready > GROW_MAX ? GROW_MAX : ready;
        uint64_t next = round_up(ready + chunk > need ? ready + chunk : need, PAGE);
        if (next > end)
            next = end;
        /* Several threads may populate the same chunk: that is harmless, and the largest `ready` stays. */
        if (!populate(t->offset + ready, t->offset + next))
            return false;
        relaxed_max(&t->ready, next);
        ready = RELAXED_LOAD(&t->ready);
    }
    return true;
}

static uint64_t table_rows(const struct budget *b, size_t share)
{
    uint64_t rows = (uint64_t)b->rows * (share >> 10) / (64u << 10);
    uint64_t least = b->row_size >= 256 ? 16 : 64;
    return rows < least ? least : rows;
}

static uint64_t table_bytes(const struct budget *b, size_t share)
{
    return round_up(table_rows(b, share) * b->row_size, PAGE);
}

#define HEADER_BYTES round_up(sizeof(struct kiwi_header), PAGE)

/* The size that the budgets are scaled to: the trace's own, or the largest one that leaves no table without room, as
 * small tables have a least number of rows, and each begins a page. 0 = the trace is too small. */
static size_t share_that_fits(size_t size)
{
    for (size_t share = size; share; share -= (share >> 6) + 1) {
        uint64_t all = HEADER_BYTES;
        for (size_t i = 0; i < BUDGETS; i++)
            all += table_bytes(&budgets[i], share);
        if (all <= size)
            return share;
    }
    return 0;
}

bool region_format(void *at, size_t size, bool backed)
{
    region = (struct region){.header = at, .size = size, .backed = backed};
    size_t share = share_that_fits(size);
    if (!share || !populate(0, PAGE))
        return false;
    struct kiwi_header *h = at;
    uint64_t offset = HEADER_BYTES;
    for (size_t i = 0; i < BUDGETS; i++) {
        const struct budget *b = &budgets[i];
        struct kiwi_table *t = &h->tables[b->id];
        *t = (struct kiwi_table){b->id, b->row_size, offset, table_rows(b, share), 1, 0};
        region.tables[b->id] = (char *)at + offset;
        offset += table_bytes(b, share);
        if (!table_grow(t, t->row_size))
            return false;
    }
    memcpy(h->magic, KIWI_TRACE_MAGIC, sizeof h->magic);
    h->major = KIWI_TRACE_MAJOR;
    h->minor = KIWI_TRACE_MINOR;
    h->byte_order = KIWI_TRACE_BYTE_ORDER;
    h->header_size = sizeof *h;
    h->table_count = BUDGETS;
    h->file_size = size;
    h->page_size = PAGE;
    return true;
}

bool region_open_memory(size_t size)
{
    void *at = sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    return !sys_failed((long)at) && region_format(at, size, true);
}

void region_close_memory(void)
{
    sys_munmap(region.header, region.size);
    region = (struct region){0};
}

void region_freeze(void)
{
    if (region.frozen)
        return;
    for (size_t i = 0; i < BUDGETS; i++) {
        struct kiwi_table *t = &region.header->tables[budgets[i].id];
        table_grow(t, RELAXED_LOAD(&t->used) * t->row_size + GROW_MAX);
    }
    region.frozen = true;
}

void region_drop(enum kiwi_drop kind)
{
    if (kind < KIWI_DROP_LIMIT)
        RELAXED_ADD(&region.header->dropped[kind], 1);
}

static enum kiwi_drop drop_of(enum kiwi_table_id table)
{
    for (size_t i = 0; i < BUDGETS; i++)
        if (budgets[i].id == (uint32_t)table)
            return budgets[i].drop;
    return KIWI_DROP_LIMIT;
}

uint32_t region_claim(enum kiwi_table_id table, uint32_t rows)
{
    struct kiwi_table *t = &region.header->tables[table];
    /* Look before adding, so that a full table's `used` does not run away. */
    if (RELAXED_LOAD(&t->used) + rows > t->capacity) {
        region_drop(drop_of(table));
        return 0;
    }
    uint64_t first = RELAXED_ADD(&t->used, rows);
    if (first + rows > t->capacity) {
        region_drop(drop_of(table));
        return 0;
    }
    uint64_t need = (first + rows) * t->row_size;
    if (unlikely(RELAXED_LOAD(&t->ready) < need) && !table_grow(t, need)) {
        region_drop(KIWI_DROP_DISK_FULL);
        return 0;
    }
    return (uint32_t)first;
}

uint32_t region_ready_rows(enum kiwi_table_id table)
{
    const struct kiwi_table *t = &region.header->tables[table];
    return (uint32_t)(RELAXED_LOAD(&t->ready) / t->row_size);
}

bool region_reach(enum kiwi_table_id table, uint32_t row)
{
    struct kiwi_table *t = &region.header->tables[table];
    uint64_t need = ((uint64_t)row + 1) * t->row_size;
    if (row >= t->capacity) {
        region_drop(drop_of(table));
        return false;
    }
    if (RELAXED_LOAD(&t->ready) < need && !table_grow(t, need)) {
        region_drop(KIWI_DROP_DISK_FULL);
        return false;
    }
    relaxed_max(&t->used, (uint64_t)row + 1);
    return true;
}

uint32_t region_string(const char *s, size_t length)
{
    if (!s || !length)
        return 0;
    uint32_t at = region_claim(KIWI_TABLE_STRINGS, (uint32_t)length + 1);
    if (at)
        memcpy(region.tables[KIWI_TABLE_STRINGS] + at, s, length); /* the NUL is there: the file is zeroed */
    return at;
}
