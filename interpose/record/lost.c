#include "lost.h"

#include "../base/sys.h"
#include "quarantine.h"
#include "readable.h"

#include <string.h>
#include <sys/mman.h>

#define PAGE_SHIFT 12u
#define PAGE (1u << PAGE_SHIFT)
#define PAGE_BITS (1u << 20) /* of the filter */
#define ADDRESS_BITS ((UINT64_C(1) << HIGH_BITS) - 1)
#define RAISED_BY 16u /* what some keep below an address in its word, instead of above it */
#define DIGIT 11u     /* bits of an address that are sorted by at a time */
#define DIGITS 4u
#define LOW_BITS 3u   /* that are 0 in every address: some allocators give small blocks no more alignment */
#define HIGH_BITS 47u /* addresses are below 2^47 */
#define INT_DIGIT 30u /* bits in a digit of Python's int */
#define EDGES_MAX (8u << 20)
#define WORK_MIN (16u << 10) /* words: counters to sort by, and a byte for each page of records */

/* Collecting. */

static bool is_kept(uint32_t state)
{
    return state == BLOCK_LIVE || state == BLOCK_FREED;
}

/* At least as many as there are: samples that have not ended, and those that are kept after that. */
static uint32_t most_blocks(void)
{
    uint64_t most = QUARANTINE_BLOCKS;
    uint32_t rows = (uint32_t)RELAXED_LOAD(&region.header->tables[KIWI_TABLE_HEAP_SITES].used);
    for (uint32_t i = 1; i < rows && i < region_capacity(KIWI_TABLE_HEAP_SITES); i++) {
        const struct kiwi_heap_site *s = region_heap_site(i);
        uint64_t made = RELAXED_LOAD(&s->samples), freed = RELAXED_LOAD(&s->freed_samples);
        most += made > freed ? made - freed : 0;
    }
    return most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
}

static void collect_one(struct lost *l, uint32_t at, bool dead_too)
{
    uint64_t address = RELAXED_LOAD(&memory.block_sets[at / BLOCK_WAYS].addresses[at % BLOCK_WAYS]);
    const struct heap_block *b = &memory.blocks[at];
    uint32_t state = address ? __atomic_load_n(&b->state, __ATOMIC_ACQUIRE) : BLOCK_NONE; /* pairs with block_add */
    if (!is_kept(state) || (state == BLOCK_FREED && !dead_too) || !b->size)
        return;
    l->blocks[l->count++] = (struct lost_block){.address = address,
                                                .size = b->size,
                                                .birth = b->birth,
                                                .index = at,
                                                .dead = state == BLOCK_FREED,
                                                .reached = state == BLOCK_FREED};
}

/* Most of the room for records was never touched, and to look at it takes longer than to ask. */
static void collect(struct lost *l, uint32_t room, bool dead_too)
{
    uint32_t per_page = PAGE / sizeof(struct block_set) * BLOCK_WAYS, records = (memory.block_mask + 1) * BLOCK_WAYS;
    uint8_t *here = (uint8_t *)l->work;
    uintptr_t sets = (uintptr_t)memory.block_sets, first = sets & ~(uintptr_t)(PAGE - 1);
    uint32_t skipped = (uint32_t)((sets - first) / sizeof(uint64_t)); /* the first page begins with something else */
    bool asked = !sys_failed(sys_call3(SYS_mincore, (long)first, (long)records * 8 + PAGE, (long)here));
    for (uint32_t at = 0; at < records && l->count < room; at++) {
        uint32_t page = (at + skipped) / per_page;
        if (asked && !(here[page] & 1))
            at = (page + 1) * per_page - skipped - 1;
        else
            collect_one(l, at, dead_too);
    }
}

/* By address: a few rounds of counting. An even number of them, so the result is where it was. */
static void sort(struct lost *l, struct lost_block *other)
{
    struct lost_block *from = l->blocks, *to = other;
    uint32_t *starts = l->work;
    for (uint32_t digit = 0; digit < DIGITS; digit++) {
        uint32_t shift = LOW_BITS + digit * DIGIT, sum = 0;
        memset(starts, 0, sizeof *starts << DIGIT);
        for (uint32_t i = 0; i < l->count; i++)
            starts[from[i].address >> shift & ((1u << DIGIT) - 1)]++;
        for (uint32_t i = 0; i < 1u << DIGIT; i++) {
            uint32_t count = starts[i];
            starts[i] = sum;
            sum += count;
        }
        for (uint32_t i = 0; i < l->count; i++)
            to[starts[from[i].address >> shift & ((1u << DIGIT) - 1)]++] = from[i];
        struct lost_block *swap = from;
        from = to;
        to = swap;
    }
}

_Static_assert(BLOCK_CAPACITY_EXACT / (PAGE / 8) + 2 <= WORK_MIN * 4 && 1u << DIGIT <= WORK_MIN, "room for both");
_Static_assert(DIGITS % 2 == 0 && DIGITS * DIGIT + LOW_BITS >= HIGH_BITS, "sorted in place, by the whole address");

static uint32_t page_bit(uint64_t page)
{
    return (uint32_t)(page ^ page >> 20) & (PAGE_BITS - 1);
}

static void set_pages(struct lost *l)
{
    for (uint32_t i = 0; i < l->count; i++) {
        uint64_t first = l->blocks[i].address >> PAGE_SHIFT;
        uint64_t last = (l->blocks[i].address + l->blocks[i].size) >> PAGE_SHIFT;
        if (last - first >= PAGE_BITS)
            last = first + PAGE_BITS - 1;
        for (uint64_t page = first; page <= last; page++)
            l->pages[page_bit(page) / 64] |= UINT64_C(1) << page_bit(page) % 64;
    }
}

static size_t aligned(size_t n)
{
    return (n + 4095) & ~(size_t)4095;
}

enum lost_opened lost_open(struct lost *l, bool dead_too)
{
    *l = (struct lost){0};
    uint32_t room = most_blocks();
    if (room > LOST_BLOCKS_MAX)
        return LOST_TOO_MANY;
    uint32_t work = room > WORK_MIN ? room : WORK_MIN;
    l->edge_max = room < EDGES_MAX / 8 ? room * 8 + 4096 : EDGES_MAX;
    size_t blocks = aligned(((size_t)room + 1) * sizeof *l->blocks), edges = aligned(l->edge_max * sizeof *l->edges);
    l->arena_size = READABLE_BUFFER + 2 * blocks + edges + PAGE_BITS / 8 + aligned(work * sizeof *l->work);
    l->arena = sys_mmap(NULL, l->arena_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    if (sys_failed((long)l->arena)) {
        l->arena = NULL;
        return LOST_NO_MEMORY;
    }
    l->buffer = l->arena;
    l->blocks = (void *)(l->buffer + READABLE_BUFFER);
    l->edges = (void *)((char *)l->blocks + 2 * blocks);
    l->pages = (void *)((char *)l->edges + edges);
    l->work = (void *)((char *)l->pages + PAGE_BITS / 8);
    collect(l, room, dead_too);
    sort(l, (void *)((char *)l->blocks + blocks));
    set_pages(l);
    return LOST_OPEN;
}

void lost_close(struct lost *l)
{
    if (l->arena)
        sys_munmap(l->arena, l->arena_size);
    *l = (struct lost){0};
}

/* References. */

/* The block into which an address points, or behind which it does; LOST_NONE = none. */
static uint32_t find(const struct lost *l, uint64_t address)
{
    uint32_t low = 0, high = l->count; /* the last one that begins at or below it is below high */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (l->blocks[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low || address - l->blocks[low - 1].address > l->blocks[low - 1].size)
        return LOST_NONE;
    return low - 1;
}

static void refer(struct lost *l, uint32_t source, uint32_t target)
{
    if (source == LOST_NONE || l->edge_count == l->edge_max)
        l->blocks[target].reached = 1;
    else if (source != target)
        l->edges[l->edge_count++] = target;
}

static ALWAYS_INLINE void look_at(struct lost *l, uint32_t source, uint64_t value)
{
    uint64_t address = value & ADDRESS_BITS;
    uint32_t bit = page_bit(address >> PAGE_SHIFT);
    if (likely(!(l->pages[bit / 64] >> bit % 64 & 1)))
        return;
    uint32_t target = find(l, address);
    if (target != LOST_NONE)
        refer(l, source, target);
}

static void look_at_words(struct lost *l, uint32_t source, const char *from, const char *to)
{
    for (; to - from >= 8; from += 4) {
        uint64_t value;
        memcpy(&value, from, sizeof value);
        if (value & ADDRESS_BITS)
            look_at(l, source, value);
    }
}

/* Pointers as they are, without a tag in their upper bits: else parts of two others would pass for one. */
static void look_at_bytes(struct lost *l, uint32_t source, const char *from, const char *to)
{
    for (; to - from >= 8; from++) {
        uint64_t value;
        memcpy(&value, from, sizeof value);
        if (value && !(value & ~ADDRESS_BITS))
            look_at(l, source, value);
    }
}

/* Pointers above a count in one word. Only where a word begins: else parts of two others would pass for one. */
static void look_at_raised(struct lost *l, uint32_t source, const char *from, const char *to)
{
    for (; to - from >= 8; from += 8) {
        uint64_t value;
        memcpy(&value, from, sizeof value);
        if (!(value >> (HIGH_BITS + RAISED_BY)) && value >> RAISED_BY)
            look_at(l, source, value >> RAISED_BY);
    }
}

/* Python keeps what a C library gave it (ctypes: a c_void_p) as an int: digits of 30 bits, each in four bytes. */
static void look_at_digits(struct lost *l, uint32_t source, const char *from, const char *to)
{
    for (; to - from >= 8; from += 4) {
        uint32_t digits[2];
        memcpy(digits, from, sizeof digits);
        if (digits[1] && digits[1] < 1u << (HIGH_BITS - INT_DIGIT) && digits[0] < 1u << INT_DIGIT)
            look_at(l, source, (uint64_t)digits[1] << INT_DIGIT | digits[0]);
    }
}

/* What the blocks before the next one refer to is all known. */
static void advance(struct lost *l)
{
    l->cursor++;
    if (l->cursor < l->count)
        l->blocks[l->cursor].edges = l->edge_count;
}

void lost_begin(struct lost *l)
{
    l->cursor = l->edge_count = 0;
    l->code_bytes = 0;
    if (l->count)
        l->blocks[0].edges = 0;
}

static size_t words_up(size_t offset)
{
    return (offset + 3) & ~(size_t)3;
}

void lost_take(struct lost *l, uintptr_t at, const char *bytes, size_t size, bool code)
{
    uintptr_t end = at + size;
    bool fine = l->fine || (code && l->fine_code);
    l->code_bytes += code ? size : 0;
    for (uintptr_t next; at < end; at = next) {
        while (l->cursor < l->count && l->blocks[l->cursor].address + l->blocks[l->cursor].size <= at)
            advance(l);
        const struct lost_block *b = l->cursor < l->count ? &l->blocks[l->cursor] : NULL;
        bool inside = b && b->address <= at;
        next = b ? (inside ? b->address + b->size : b->address) : end;
        if (next > end)
            next = end;
        /* A last word may reach a little beyond: what belongs to whom is decided by where it begins. */
        const char *from = bytes + words_up(at - (end - size)), *to = bytes + words_up(next - (end - size)) + 4;
        if (to > bytes + size)
            to = bytes + size;
        if (inside && b->dead)
            continue;
        look_at_words(l, inside ? l->cursor : LOST_NONE, from, to);
        if (!fine)
            continue;
        look_at_bytes(l, inside ? l->cursor : LOST_NONE, from, to);
        look_at_digits(l, inside ? l->cursor : LOST_NONE, from, to);
        look_at_raised(l, inside ? l->cursor : LOST_NONE, from + (-(end - size + (uintptr_t)(from - bytes)) & 7), to);
    }
}

void lost_refer(struct lost *l, uint64_t value)
{
    look_at(l, LOST_NONE, value);
}

/* Decision. */

static uint32_t edges_end(const struct lost *l, uint32_t i)
{
    return i + 1 < l->count ? l->blocks[i + 1].edges : l->edge_count;
}

static void spread_reached(struct lost *l)
{
    uint32_t todo = 0;
    for (uint32_t i = 0; i < l->count; i++)
        if (l->blocks[i].reached && !l->blocks[i].dead)
            l->work[todo++] = i;
    while (todo) {
        uint32_t i = l->work[--todo], end = edges_end(l, i);
        for (uint32_t e = l->blocks[i].edges; e < end; e++) {
            struct lost_block *b = &l->blocks[l->edges[e]];
            if (b->reached)
                continue;
            b->reached = 1;
            l->work[todo++] = l->edges[e];
        }
    }
}

static void spread_owner(struct lost *l, uint32_t owner)
{
    uint32_t todo = 0;
    l->blocks[owner].owner = owner;
    l->work[todo++] = owner;
    while (todo) {
        uint32_t i = l->work[--todo], end = edges_end(l, i);
        for (uint32_t e = l->blocks[i].edges; e < end; e++) {
            struct lost_block *b = &l->blocks[l->edges[e]];
            if (b->reached || b->owner != LOST_NONE)
                continue;
            b->owner = owner;
            l->work[todo++] = l->edges[e];
        }
    }
}

static void find_parented(struct lost *l)
{
    for (uint32_t i = 0; i < l->count; i++) {
        l->blocks[i].parented = 0;
        l->blocks[i].owner = LOST_NONE;
    }
    for (uint32_t i = 0; i < l->count; i++) {
        uint32_t end = edges_end(l, i);
        for (uint32_t e = l->blocks[i].edges; e < end && !l->blocks[i].reached; e++)
            l->blocks[l->edges[e]].parented = 1;
    }
}

void lost_decide(struct lost *l)
{
    while (l->cursor < l->count)
        advance(l);
    spread_reached(l);
    find_parented(l);
    for (uint32_t i = 0; i < l->count; i++)
        if (!l->blocks[i].reached && !l->blocks[i].parented)
            spread_owner(l, i);
    for (uint32_t i = 0; i < l->count; i++) /* the rest hang on rings of blocks */
        if (!l->blocks[i].reached && l->blocks[i].owner == LOST_NONE)
            spread_owner(l, i);
}

uint32_t lost_count(const struct lost *l)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->count; i++)
        count += !l->blocks[i].reached;
    return count;
}

/* NULL: freed meanwhile. */
static const struct heap_block *record_of(const struct lost_block *b)
{
    const struct heap_block *now = &memory.blocks[b->index];
    bool same = block_address(now) == b->address && now->birth == b->birth;
    return same && __atomic_load_n(&now->state, __ATOMIC_ACQUIRE) == BLOCK_LIVE ? now : NULL;
}

void lost_each(const struct lost *l,
               void (*note)(void *arg, const struct heap_block *b, const struct heap_block *owner), void *arg)
{
    for (uint32_t i = 0; i < l->count; i++) {
        const struct lost_block *b = &l->blocks[i];
        const struct heap_block *now = b->reached ? NULL : record_of(b);
        if (!now)
            continue;
        const struct heap_block *owner = b->owner == i ? now : record_of(&l->blocks[b->owner]);
        note(arg, now, owner ? owner : now);
    }
}
