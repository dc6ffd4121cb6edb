#include "leak.h"

#include "../base/clock.h"
#include "../base/sys.h"
#include "heap_site.h"
#include "kernel_values.h"
#include "lost.h"
#include "readable.h"

#include <fcntl.h>
#include <time.h>

#define SEARCH_NS UINT64_C(500000000) /* of processor time, at most */
#define MEMORY_MAX (UINT64_C(1) << 30)
#define FINE_MAX (UINT64_C(64) << 20) /* resident bytes, up to which every byte may be looked at */
#define PAGE 4096u

static struct lost lost;
static bool searched;

/* Whether a search can find anything that is worth telling. */

static bool lives_on(const struct kiwi_heap_site *s)
{
    return s->state == KIWI_ROW_LIVE && RELAXED_LOAD(&s->samples) >= RELAXED_LOAD(&s->freed_samples) + LEAK_SAMPLES_MIN;
}

static bool is_worthwhile(void)
{
    uint64_t lasted = clock_ticks() - region.header->start_ticks;
    if (record_settings.heap == HEAP_SAMPLE && lasted < region.header->ticks_per_second / 2)
        return false;
    uint32_t rows = (uint32_t)RELAXED_LOAD(&region.header->tables[KIWI_TABLE_HEAP_SITES].used);
    for (uint32_t i = 1; i < rows && i < region_capacity(KIWI_TABLE_HEAP_SITES); i++)
        if (lives_on(region_heap_site(i)))
            return true;
    return false;
}

/* Pages that the process has in memory: the second number of /proc/self/statm. */
static uint64_t resident_bytes(void)
{
    char text[64];
    long fd = sys_openat("/proc/self/statm", O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
    long got = sys_failed(fd) ? 0 : sys_read((int)fd, text, sizeof text);
    uint64_t pages = 0;
    if (!sys_failed(fd))
        sys_close((int)fd);
    for (long i = 0, field = 0; i < got && field < 2; i++) {
        if (text[i] == ' ')
            field++;
        else if (field == 1)
            pages = pages * 10 + (uint64_t)(text[i] - '0');
    }
    return pages * PAGE;
}

/* The search. */

static void take(void *arg, uintptr_t at, const char *bytes, size_t size, bool code)
{
    lost_take(arg, at, bytes, size, code);
}

static void take_value(void *arg, uint64_t value)
{
    lost_refer(arg, value);
}

static uint32_t other_threads(void)
{
    uint32_t count = 0;
    for (uint32_t i = 1; i < memory.slots; i++)
        count += RELAXED_LOAD(&memory.slot_used[i]);
    return count ? count - 1 : 0;
}

static enum kiwi_leak_scan read_all(uintptr_t frame, uint64_t until_ns)
{
    struct readable r = {.buffer = lost.buffer,
                         .left_out = {{(uintptr_t)memory.base, (uintptr_t)memory.base + memory.size},
                                      {(uintptr_t)region.header, (uintptr_t)region.header + region.size},
                                      {(uintptr_t)lost.arena, (uintptr_t)lost.arena + lost.arena_size},
                                      {frame - LEAK_STACK, frame}},
                         .until_ns = until_ns,
                         .take = take,
                         .arg = &lost};
    lost_begin(&lost);
    switch (readable_each(&r)) {
    case READABLE_LATE:
        return KIWI_LEAK_SCAN_LATE;
    case READABLE_REFUSED:
        return KIWI_LEAK_SCAN_REFUSED;
    default:
        if (!kernel_values_each(take_value, &lost))
            return KIWI_LEAK_SCAN_REFUSED;
        lost_decide(&lost);
        return KIWI_LEAK_SCAN_DONE;
    }
}

/* What is left when all words have been looked at may hang on packed structures, on the ints of a Python program, or on
 * the instructions that a compiler made at run time: where that is quick to find out, every byte is looked at, once. */
static enum kiwi_leak_scan read_finely(uintptr_t frame, uint64_t resident, uint64_t until_ns)
{
    lost.fine = resident <= FINE_MAX;
    lost.fine_code = lost.code_bytes && lost.code_bytes <= FINE_MAX;
    if ((!lost.fine && !lost.fine_code) || lost_count(&lost) < LEAK_SAMPLES_MIN)
        return KIWI_LEAK_SCAN_DONE;
    return read_all(frame, until_ns);
}

/* Other threads go on meanwhile, and carry pointers from places not yet read to places that have been: a block must be
 * lost twice. */
static enum kiwi_leak_scan search(uintptr_t frame, bool late, uint64_t until_ns)
{
    uint64_t resident = resident_bytes();
    if (resident > MEMORY_MAX)
        return KIWI_LEAK_SCAN_LARGE;
    enum lost_opened opened = lost_open(&lost, !late);
    if (opened != LOST_OPEN)
        return opened == LOST_TOO_MANY ? KIWI_LEAK_SCAN_LARGE : KIWI_LEAK_SCAN_REFUSED;
    enum kiwi_leak_scan result = read_all(frame, until_ns);
    if (result == KIWI_LEAK_SCAN_DONE && other_threads())
        result = read_all(frame, until_ns);
    return result == KIWI_LEAK_SCAN_DONE ? read_finely(frame, resident, until_ns) : result;
}

void leak_search(uintptr_t frame, bool late)
{
    if (searched || !leak_is_wanted())
        return;
    searched = true;
    if (!is_worthwhile())
        return;
    uint64_t begun = sys_clock_ns(CLOCK_MONOTONIC);
    enum kiwi_leak_scan result = search(frame, late, sys_clock_ns(CLOCK_THREAD_CPUTIME_ID) + SEARCH_NS);
    if (result != KIWI_LEAK_SCAN_DONE)
        lost_close(&lost);
    region.header->leak_scan = (uint32_t)result;
    region.header->leak_scan_us = (uint32_t)((sys_clock_ns(CLOCK_MONOTONIC) - begun) / 1000);
}

static void note(void *arg, const struct heap_block *b, const struct heap_block *owner)
{
    (void)arg;
    heap_site_lost(owner->site, b->units, b->size, b->birth, b != owner);
}

void leak_note(void)
{
    if (lost.arena)
        lost_each(&lost, note, NULL);
    lost_close(&lost);
}

void leak_forget(void)
{
    lost_close(&lost);
    searched = false;
}
