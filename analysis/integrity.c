#include "integrity.h"

#include <stdio.h>
#include <string.h>

/* Every reference in the format: table, row type, field, table it points into. */
#define REFERENCES(X)                                                                                                  \
    X(MODULES, kiwi_module, path, STRINGS)                                                                             \
    X(CLASSES, kiwi_thread_class, create_stack, STACKS)                                                                \
    X(THREADS, kiwi_thread, thread_class, CLASSES)                                                                     \
    X(THREADS, kiwi_thread, creator, THREADS)                                                                          \
    X(THREADS, kiwi_thread, create_stack, STACKS)                                                                      \
    X(THREADS, kiwi_thread, slot, SLOTS)                                                                               \
    X(THREADS, kiwi_thread, last_segment, SEGMENTS)                                                                    \
    X(THREADS, kiwi_thread, joiner, THREADS)                                                                           \
    X(SEGMENTS, kiwi_segment, thread, THREADS)                                                                         \
    X(SEGMENTS, kiwi_segment, previous, SEGMENTS)                                                                      \
    X(SEGMENTS, kiwi_segment, other, SEGMENTS)                                                                         \
    X(OBJECTS, kiwi_object, init_stack, STACKS)                                                                        \
    X(OBJECTS, kiwi_object, first_stack, STACKS)                                                                       \
    X(OBJECTS, kiwi_object, creator, THREADS)                                                                          \
    X(OBJECTS, kiwi_object, first_thread, THREADS)                                                                     \
    X(OBJECTS, kiwi_object, other_thread, THREADS)                                                                     \
    X(OBJECTS, kiwi_object, name, STRINGS)                                                                             \
    X(ACQUISITIONS, kiwi_acquisition, parent, ACQUISITIONS)                                                            \
    X(ACQUISITIONS, kiwi_acquisition, object, OBJECTS)                                                                 \
    X(ACQUISITIONS, kiwi_acquisition, stack, STACKS)                                                                   \
    X(ACQUISITIONS, kiwi_acquisition, thread_class, CLASSES)                                                           \
    X(ACQUISITIONS, kiwi_acquisition, witness[0].thread, THREADS)                                                      \
    X(ACQUISITIONS, kiwi_acquisition, witness[0].first_segment, SEGMENTS)                                              \
    X(ACQUISITIONS, kiwi_acquisition, witness[0].last_segment, SEGMENTS)                                               \
    X(ACQUISITIONS, kiwi_acquisition, witness[1].thread, THREADS)                                                      \
    X(ACQUISITIONS, kiwi_acquisition, witness[1].first_segment, SEGMENTS)                                              \
    X(ACQUISITIONS, kiwi_acquisition, witness[1].last_segment, SEGMENTS)                                               \
    X(SIGHTINGS, kiwi_sighting, acquisition, ACQUISITIONS)                                                             \
    X(SIGHTINGS, kiwi_sighting, thread, THREADS)                                                                       \
    X(SIGHTINGS, kiwi_sighting, segment, SEGMENTS)                                                                     \
    X(DESCRIPTORS, kiwi_descriptor, peer, PEERS)                                                                       \
    X(DESCRIPTORS, kiwi_descriptor, birth_stack, STACKS)                                                               \
    X(DESCRIPTORS, kiwi_descriptor, birth_thread, THREADS)                                                             \
    X(DESCRIPTORS, kiwi_descriptor, end_stack, STACKS)                                                                 \
    X(DESCRIPTORS, kiwi_descriptor, end_thread, THREADS)                                                               \
    X(PEERS, kiwi_peer, path, STRINGS)                                                                                 \
    X(PEERS, kiwi_peer, stack, STACKS)                                                                                 \
    X(FAILURES, kiwi_failure, stack, STACKS)                                                                           \
    X(FAILURES, kiwi_failure, thread, THREADS)                                                                         \
    X(FAILURES, kiwi_failure, user_thread, THREADS)                                                                    \
    X(FAILURES, kiwi_failure, peer, PEERS)                                                                             \
    X(FAILURES, kiwi_failure, other_stack, STACKS)                                                                     \
    X(FAILURES, kiwi_failure, other_thread, THREADS)                                                                   \
    X(FAILURES, kiwi_failure, birth_stack, STACKS)                                                                     \
    X(FAILURES, kiwi_failure, birth_thread, THREADS)                                                                   \
    X(PEERS, kiwi_peer, burst_stack, STACKS)                                                                           \
    X(CALLS, kiwi_call, peer, PEERS)                                                                                   \
    X(CALLS, kiwi_call, stack, STACKS)                                                                                 \
    X(CALLS, kiwi_call, held, ACQUISITIONS)                                                                            \
    X(CALLS, kiwi_call, thread_class, CLASSES)                                                                         \
    X(CALLS, kiwi_call, thread, THREADS)                                                                               \
    X(MISUSES, kiwi_misuse, object, OBJECTS)                                                                           \
    X(MISUSES, kiwi_misuse, stack, STACKS)                                                                             \
    X(MISUSES, kiwi_misuse, thread, THREADS)                                                                           \
    X(MISUSES, kiwi_misuse, other_thread, THREADS)                                                                     \
    X(MISUSES, kiwi_misuse, other_row, ACQUISITIONS)                                                                   \
    X(MISUSES, kiwi_misuse, heap_site, HEAP_SITES)                                                                     \
    X(HEAP_SITES, kiwi_heap_site, stack, STACKS)                                                                       \
    X(SHUTDOWNS, kiwi_shutdown, thread, THREADS)                                                                       \
    X(HEAP_SITES, kiwi_heap_site, thread, THREADS)                                                                     \
    X(HEAP_SITES, kiwi_heap_site, free_thread, THREADS)                                                                \
    X(HEAP_PATHS, kiwi_heap_path, loop, LOOPS)                                                                         \
    X(HEAP_PATHS, kiwi_heap_path, stack, STACKS)                                                                       \
    X(CONDS, kiwi_cond, object, OBJECTS)                                                                               \
    X(CONDS, kiwi_cond, signal_thread, THREADS)                                                                        \
    X(CONDS, kiwi_cond, signal_stack, STACKS)                                                                          \
    X(WAIT_SITES, kiwi_wait_site, row, ACQUISITIONS)                                                                   \
    X(CONTENTIONS, kiwi_contention, object, OBJECTS)                                                                   \
    X(CONTENTIONS, kiwi_contention, pressed_max_stack, STACKS)                                                         \
    X(CONTENTIONS, kiwi_contention, heap_stack, STACKS)                                                                \
    X(CONTENTIONS, kiwi_contention, heap_thread, THREADS)                                                              \
    X(CONTENTIONS, kiwi_contention, pressed_max_thread, THREADS)                                                       \
    X(LOOPS, kiwi_loop, stack, STACKS)                                                                                 \
    X(LOOPS, kiwi_loop, name, STRINGS)                                                                                 \
    X(LOOPS, kiwi_loop, thread, THREADS)                                                                               \
    X(LOOPS, kiwi_loop, thread_class, CLASSES)                                                                         \
    X(LOOPS, kiwi_loop, worst, TICKS)                                                                                  \
    X(TICKS, kiwi_tick, loop, LOOPS)                                                                                   \
    X(TICKS, kiwi_tick, thread, THREADS)                                                                               \
    X(STALLS, kiwi_stall, loop, LOOPS)                                                                                 \
    X(STALLS, kiwi_stall, thread, THREADS)                                                                             \
    X(CHARGES, kiwi_charge, row, ACQUISITIONS)                                                                         \
    X(CHARGES, kiwi_charge, thread, THREADS)                                                                           \
    X(CHARGES, kiwi_charge, holder_stack, STACKS)                                                                      \
    X(CHARGES, kiwi_charge, holder_thread, THREADS)                                                                    \
    X(MISUSES, kiwi_misuse, other_stack, STACKS)                                                                       \
    X(SLOTS, kiwi_slot, thread, THREADS)                                                                               \
    X(SLOTS, kiwi_slot, want_row, ACQUISITIONS)                                                                        \
    X(SLOTS, kiwi_slot, wait_row, ACQUISITIONS)                                                                        \
    X(SLOTS, kiwi_slot, call_row, CALLS)                                                                               \
    X(SLOTS, kiwi_slot, tick_loop, LOOPS)                                                                              \
    X(SLOTS, kiwi_slot, held_rows, HELD)                                                                               \
    X(SLOTS, kiwi_slot, cache_rows, CACHES)

struct reference {
    enum kiwi_table_id table, target;
    size_t offset; /* of the uint32_t field in the row */
    const char *field;
};

static const struct reference references[] = {
#define X(table, type, field, target) {KIWI_TABLE_##table, KIWI_TABLE_##target, offsetof(struct type, field), #field},
        REFERENCES(X)
#undef X
};

struct complaint {
    void (*report)(void *context, const char *line);
    void *context;
};

/* One line for all bad rows of a kind: the first one in full, and how many more. */
static void complain(const struct complaint *c, const char *text, uint32_t bad_rows)
{
    char line[256], more[64] = "";

    if (bad_rows > 1)
        snprintf(more, sizeof more, " (and in %u more row%s)", bad_rows - 1, bad_rows > 2 ? "s" : "");
    snprintf(line, sizeof line, "%s%s", text, more);
    c->report(c->context, line);
}

/* In the copy of a running process, rows that were copied early may be referred to by ones made since. */
static bool may_be_newer(const struct trace *t, const struct reference *r)
{
    return trace_is_live(t) &&
           (r->target == KIWI_TABLE_SLOTS || (r->table == KIWI_TABLE_SEGMENTS && r->target == KIWI_TABLE_THREADS));
}

static void check_reference(const struct trace *t, const struct reference *r, const struct complaint *c)
{
    uint32_t rows = trace_rows(t, r->table), limit = trace_rows(t, r->target), bad = 0;
    char text[200] = "";

    for (uint32_t i = 1; i < rows; i++) {
        const char *row = trace_row(t, r->table, i);
        uint32_t value;
        if (!row)
            continue;
        memcpy(&value, row + r->offset, sizeof value);
        if (!value || value < limit || may_be_newer(t, r))
            continue;
        if (!bad++)
            snprintf(text, sizeof text, "%s row %u: %s is %u, but %s ends at row %u", trace_table_name(r->table), i,
                     r->field, value, trace_table_name(r->target), limit);
    }
    if (bad)
        complain(c, text, bad);
}

static void check_states(const struct trace *t, enum kiwi_table_id table, const struct complaint *c)
{
    uint32_t rows = trace_rows(t, table), bad = 0;
    char text[200] = "";

    for (uint32_t i = 1; i < rows; i++) {
        const uint32_t *row = trace_row(t, table, i);
        if (!row || *row <= KIWI_ROW_ENDED)
            continue;
        if (!bad++)
            snprintf(text, sizeof text, "%s row %u: unknown state %u", trace_table_name(table), i, *row);
    }
    if (bad)
        complain(c, text, bad);
}

static void check_stacks(const struct trace *t, const struct complaint *c)
{
    uint32_t rows = trace_rows(t, KIWI_TABLE_STACKS), frames = trace_rows(t, KIWI_TABLE_FRAMES), bad = 0;
    char text[200] = "";

    for (uint32_t i = 1; i < rows; i++) {
        const struct kiwi_stack *s = trace_stack(t, i);
        if (!s || !s->depth || (s->first && (uint64_t)s->first + s->depth <= frames))
            continue;
        if (!bad++)
            snprintf(text, sizeof text, "STACKS row %u: %u frames from row %u, but FRAMES ends at row %u", i, s->depth,
                     s->first, frames);
    }
    if (bad)
        complain(c, text, bad);
}

void integrity_check(const struct trace *t, void (*report)(void *context, const char *line), void *context)
{
    static const enum kiwi_table_id with_state[] = {
            KIWI_TABLE_MODULES,    KIWI_TABLE_STACKS,  KIWI_TABLE_CLASSES,      KIWI_TABLE_THREADS,
            KIWI_TABLE_SEGMENTS,   KIWI_TABLE_OBJECTS, KIWI_TABLE_ACQUISITIONS, KIWI_TABLE_CALLS,
            KIWI_TABLE_MISUSES,    KIWI_TABLE_SLOTS,   KIWI_TABLE_CONTENTIONS,  KIWI_TABLE_HISTOGRAMS,
            KIWI_TABLE_CHARGES,    KIWI_TABLE_CONDS,   KIWI_TABLE_WAIT_SITES,   KIWI_TABLE_LOOPS,
            KIWI_TABLE_TICKS,      KIWI_TABLE_STALLS,  KIWI_TABLE_HEAP_PATHS,   KIWI_TABLE_SHUTDOWNS,
            KIWI_TABLE_ALLOCATORS,
    };
    const struct complaint c = {report, context};

    for (size_t i = 0; i < sizeof with_state / sizeof *with_state; i++)
        check_states(t, with_state[i], &c);
    for (size_t i = 0; i < sizeof references / sizeof *references; i++)
        check_reference(t, &references[i], &c);
    check_stacks(t, &c);
}
