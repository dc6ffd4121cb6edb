#include "heap_step.h"

#include "../../interpose/base/clock.h"
#include "../../interpose/record/heap_path.h"
#include "../../interpose/record/heap_site.h"

#include <stdlib.h>
#include <string.h>

#define MS 1000000u
#define BLOCK 64u
#define THOUSANDS 100u /* of blocks of one sample */

static void allocate(struct thread *t, uint32_t stack, size_t size)
{
    thread_heap_count(t, size);
    if (heap_path_watches(t))
        heap_path_note(t, stack, size);
}

/* A buffer that begins, and grows by steps of 100 bytes, or doubles. */
static void append(struct thread *t, uint32_t stack, uint32_t steps, bool doubles)
{
    size_t size = 0;
    for (uint32_t i = 0; i < steps; i++) {
        size_t next = doubles && size ? 2 * size : size + 100;
        allocate(t, stack, next);
        heap_path_grown(t, stack, size, next, true);
        size = doubles && size > 1u << 20 ? 0 : next;
    }
}

/* In the course of a second. */
static void sample(struct thread *t, uint32_t stack, uint32_t samples, uint64_t life_ns)
{
    uint32_t site = heap_site_get(t, stack);
    uint64_t now = clock_ticks();
    for (uint32_t i = 0; i < samples; i++) {
        heap_site_made(t, site, THOUSANDS * 1000 * KIWI_HEAP_UNIT, BLOCK, now);
        if (life_ns)
            heap_site_ended(site, THOUSANDS * 1000 * KIWI_HEAP_UNIT, BLOCK,
                            (struct heap_end){.lifetime = clock_ns_to_ticks(life_ns)});
    }
    region_heap_site(site)->first_ticks = now - clock_state.ticks_per_second;
}

bool heap_step_play(struct thread *t, const char *verb, const char *object, uint32_t stack)
{
    uint32_t n = (uint32_t)atoi(object);

    record_settings.heap = HEAP_SAMPLE; /* as by default */
    if (strcmp(verb, "allocates") == 0)
        for (uint32_t i = 0; i < n; i++)
            allocate(t, stack, BLOCK);
    else if (strcmp(verb, "appends") == 0 || strcmp(verb, "doubles") == 0)
        append(t, stack, n, verb[0] == 'd');
    else if (strcmp(verb, "churns") == 0)
        sample(t, stack, n, 1000);
    else if (strcmp(verb, "retains") == 0)
        sample(t, stack, n, 50 * MS);
    else if (strcmp(verb, "uses") == 0)
        region_thread(t->row)->cpu_ns = (uint64_t)n * MS;
    else
        return false;
    return true;
}
