#include "quarantine.h"

#include "misuse.h"

#define PRIME 0x9e3779b97f4a7c15u
#define STEPS_MAX 64u

static uint64_t step(uint64_t h, uint64_t word)
{
    h = (h ^ word) * PRIME;
    return h ^ (h >> 29);
}

/* In lanes, so that words need not wait for each other. Each step can be undone: another word is another print. */
#define LANES 4u

static uint64_t fingerprint(uintptr_t address, size_t size)
{
    uint64_t h = size, a = 1, b = 2, c = 3, d = 4;
    const uint64_t *words = (const uint64_t *)address;
    size_t count = size / sizeof *words, i = 0;
    for (; i + LANES <= count; i += LANES) {
        a = step(a, RELAXED_LOAD(&words[i]));
        b = step(b, RELAXED_LOAD(&words[i + 1]));
        c = step(c, RELAXED_LOAD(&words[i + 2]));
        d = step(d, RELAXED_LOAD(&words[i + 3]));
    }
    for (; i < count; i++)
        h = step(h, RELAXED_LOAD(&words[i]));
    for (i = size & ~(sizeof *words - 1); i < size; i++)
        h = step(h, RELAXED_LOAD((const uint8_t *)address + i));
    return step(step(step(step(h, a), b), c), d);
}

static uint32_t places(void)
{
    return record_settings.heap == HEAP_EXACT ? QUARANTINE_BLOCKS : QUARANTINE_BLOCKS / 64;
}

bool quarantine_takes(const struct heap_block *b)
{
    return !b->direct && b->size <= QUARANTINE_BLOCK_BYTES;
}

static void look_at(struct thread *t, struct heap_block *b)
{
    uint64_t now = b->unwatched ? b->print : fingerprint(block_address(b), b->size);
    if (now == b->print)
        return;
    b->print = now;
    uint32_t row = misuse_note(t, &(struct misuse_facts){.kind = KIWI_MISUSE_USE_AFTER_FREE,
                                                         .stack = b->free_stack,
                                                         .other_thread = b->free_thread,
                                                         .other_stack = region_heap_site(b->site)->stack,
                                                         .heap_site = b->site});
    misuse_result(row, (int)(uint32_t)b->size);
}

static void leave(struct thread *t, uint32_t index, struct quarantine_out *out)
{
    struct heap_block *b = &memory.blocks[index];
    if (t)
        look_at(t, b);
    __atomic_fetch_sub(&memory.quarantine_bytes, b->size, __ATOMIC_RELAXED);
    out->addresses[out->count++] = block_address(b);
    block_end(b);
}

/* What leaves was last touched long ago, and waiting for memory is most of what keeping it costs: records are asked for
 * some turns ahead, and the blocks themselves once their records are there. */
#define RECORD_AHEAD 8u
#define BLOCK_AHEAD 4u
#define LINE 64u
#define LINES_MAX 8u

static void ask_ahead(uint32_t turn)
{
    uint32_t far = RELAXED_LOAD(&memory.quarantine[(turn + RECORD_AHEAD) % places()]);
    uint32_t near = RELAXED_LOAD(&memory.quarantine[(turn + BLOCK_AHEAD) % places()]);
    if (far) {
        __builtin_prefetch(&memory.blocks[far - 1]);
        __builtin_prefetch(&memory.block_sets[(far - 1) / BLOCK_WAYS]);
    }
    if (!near)
        return;
    const struct heap_block *b = &memory.blocks[near - 1];
    uint64_t size = b->size < LINE * LINES_MAX ? b->size : LINE * LINES_MAX;
    for (uintptr_t at = block_address(b), end = at + size; at < end; at += LINE)
        __builtin_prefetch((const void *)at);
}

void quarantine_add(struct thread *t, struct heap_block *b, struct quarantine_out *out)
{
    uint32_t index = (uint32_t)(b - memory.blocks) + 1;
    b->print = fingerprint(block_address(b), b->size);
    RELAXED_ADD(&memory.quarantine_bytes, b->size);
    uint32_t turn = RELAXED_ADD(&memory.quarantine_in, 1);
    uint32_t *place = &memory.quarantine[turn % places()];
    ask_ahead(turn);
    uint32_t old = __atomic_exchange_n(place, index, __ATOMIC_ACQ_REL); /* what was in it belongs to who takes it */
    if (old)
        leave(t, old - 1, out);
    for (uint32_t i = 0; i < STEPS_MAX && out->count < QUARANTINE_OUT; i++) {
        if (RELAXED_LOAD(&memory.quarantine_bytes) <= QUARANTINE_BYTES)
            break;
        place = &memory.quarantine[RELAXED_ADD(&memory.quarantine_out, 1) % places()];
        old = __atomic_exchange_n(place, 0, __ATOMIC_ACQ_REL);
        if (old)
            leave(t, old - 1, out);
    }
}

bool quarantine_empty(struct thread *t, uint32_t *from, struct quarantine_out *out)
{
    uint32_t end = RELAXED_LOAD(&memory.quarantine_bytes) ? places() : 0; /* what fails may be tried again and again */
    out->count = 0;
    for (; *from < end && out->count < QUARANTINE_OUT; ++*from) {
        uint32_t index = RELAXED_LOAD(&memory.quarantine[*from])
                                 ? __atomic_exchange_n(&memory.quarantine[*from], 0, __ATOMIC_ACQ_REL)
                                 : 0;
        if (index)
            leave(t, index - 1, out);
    }
    return out->count;
}

void quarantine_check(struct thread *t)
{
    for (uint32_t i = 0; i < places(); i++) {
        uint32_t index = __atomic_exchange_n(&memory.quarantine[i], 0, __ATOMIC_ACQ_REL);
        if (!index)
            continue;
        look_at(t, &memory.blocks[index - 1]);
        uint32_t none = 0; /* else another one is there by now, and this one stays where it is for good */
        __atomic_compare_exchange_n(&memory.quarantine[i], &none, index, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
    }
}
