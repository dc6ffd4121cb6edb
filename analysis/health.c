#include "health.h"

#include "place.h"
#include "symbols.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define UNRESOLVED_MAX 8u
#define UNRESOLVED_ALL 256u

const char *health_drop_name(enum kiwi_drop kind)
{
    switch ((int)kind) {
#define X(id, name, text)                                                                                              \
    case id:                                                                                                           \
        return #name;
        KIWI_DROPS(X)
#undef X
    default:
        return "OTHER";
    }
}

const char *health_drop_text(enum kiwi_drop kind)
{
    switch ((int)kind) {
#define X(id, name, text)                                                                                              \
    case id:                                                                                                           \
        return text;
        KIWI_DROPS(X)
#undef X
    default:
        return "records of a kind that this kiwi does not know";
    }
}

int health_note(struct health_lines *lines, const char *format, ...)
{
    char **items = reallocarray(lines->items, lines->count + 1, sizeof *items), *text = NULL;
    va_list arguments;
    int length;

    if (!items)
        return -1;
    lines->items = items;
    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return -1;
    items[lines->count++] = text;
    return 0;
}

static void lines_release(struct health_lines *lines)
{
    for (unsigned i = 0; i < lines->count; i++)
        free(lines->items[i]);
    free(lines->items);
    *lines = (struct health_lines){0};
}

void health_release(struct health *h)
{
    free(h->processes);
    lines_release(&h->notes);
    lines_release(&h->unseen);
    *h = (struct health){0};
}

/* Does the loss of such records make findings less sure, or only their names and stacks poorer? */
static bool drop_weakens(unsigned kind)
{
    switch (kind) {
    case KIWI_DROP_STRINGS:
    case KIWI_DROP_MODULES:
    case KIWI_DROP_MISUSES:
    case KIWI_DROP_NESTED:
    case KIWI_DROP_TRUNCATED_STACKS:
    case KIWI_DROP_UNWOUND_SHORT:
    case KIWI_DROP_CONTENTIONS:
    case KIWI_DROP_CHARGES:
        return false;
    default:
        return true;
    }
}

static const char *drop_advice(unsigned kind)
{
    switch (kind) {
    case KIWI_DROP_NESTED:
        return "; what signal handlers did there was not recorded";
    case KIWI_DROP_TRUNCATED_STACKS:
        return "; `depth=` keeps more frames";
    case KIWI_DROP_UNWOUND_SHORT:
        return ": code without unwind tables, or a stack with little room left; callers are not told apart there";
    case KIWI_DROP_DISK_FULL:
        return "; record where there is room (`out=`)";
    default:
        return "; a larger `size=` keeps them";
    }
}

static unsigned count_live(const struct trace *t, enum kiwi_table_id table)
{
    unsigned count = 0;

    for (uint32_t i = 1; i < trace_rows(t, table); i++)
        count += trace_row(t, table, i) != NULL;
    return count;
}

static void describe_end(const struct trace *t, char *text, size_t size)
{
    const struct kiwi_header *h = trace_header(t);

    if (h->end_kind == KIWI_END_EXIT)
        snprintf(text, size, "it exited with status %" PRId32, h->end_status);
    else if (h->end_kind == KIWI_END_EXEC)
        snprintf(text, size, "it replaced itself by exec");
    else if (h->end_kind == KIWI_END_STOPPED)
        snprintf(text, size, "recording stopped early");
    else if (trace_is_live(t))
        snprintf(text, size, "it is still running");
    else
        snprintf(text, size, "it was killed or crashed (the trace is whole up to that moment)");
}

static int note_process(struct health *h, struct model *m, const struct health_process *p)
{
    unsigned threads = count_live(m->trace, KIWI_TABLE_THREADS);
    char end[96];

    describe_end(m->trace, end, sizeof end);
    return health_note(&h->notes, "%s (process %" PRIu32 ") was recorded for %.2f s with %u thread%s; %s.",
                       p->executable[0] ? place_base_name(p->executable) : "A program", p->pid,
                       (double)p->recorded_ns / 1e9, threads, threads == 1 ? "" : "s", end);
}

static int note_problems(struct health *h, const struct trace *t)
{
    for (unsigned i = 0; i < trace_problems(t); i++)
        if (health_note(&h->notes, "%s is damaged: %s.", trace_path(t), trace_problem(t, i)))
            return -1;
    return 0;
}

static int note_drops(struct health *h, const struct trace *t, struct health_process *p)
{
    const struct kiwi_header *header = trace_header(t);

    for (unsigned kind = 0; kind < KIWI_DROP_LIMIT; kind++) {
        uint64_t dropped = header->dropped[kind];

        h->dropped[kind] += dropped;
        if (!dropped)
            continue;
        p->lossy = p->lossy || drop_weakens(kind);
        if (health_note(&h->notes, "Process %" PRIu32 ": %" PRIu64 " %s %s%s.", p->pid, dropped,
                        health_drop_text((enum kiwi_drop)kind),
                        kind == KIWI_DROP_NESTED || kind == KIWI_DROP_TRUNCATED_STACKS ||
                                        kind == KIWI_DROP_UNWOUND_SHORT
                                ? "occurred"
                                : "were not recorded",
                        drop_advice(kind)))
            return -1;
    }
    return 0;
}

static int note_unresolved(struct health *h, struct model *m)
{
    const char *modules[UNRESOLVED_ALL];
    unsigned count = m->symbols ? symbols_unresolved(m->symbols, modules, UNRESOLVED_ALL) : 0;

    for (unsigned i = 0; i < count && i < UNRESOLVED_MAX; i++)
        if (health_note(&h->unseen, "No function names: %s.", modules[i]))
            return -1;
    if (count > UNRESOLVED_MAX)
        return health_note(&h->unseen, "No function names of %u more modules.", count - UNRESOLVED_MAX);
    return 0;
}

/* Call paths that met so many locks that they were recorded as one. */
static unsigned count_classes(const struct trace *t)
{
    unsigned count = 0;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_OBJECTS); i++) {
        const struct kiwi_object *o = trace_object(t, i);

        count += o && (o->flags & KIWI_OBJECT_CLASS);
    }
    return count;
}

static int note_classes(struct health *h, const struct trace *t)
{
    unsigned classes = count_classes(t);

    return !classes ? 0
                    : health_note(&h->unseen,
                                  "Process %" PRIu32
                                  ": %u kind%s of locks had too many instances to tell apart; their first "
                                  "hundred or so were, the order among later ones is not judged.",
                                  trace_header(t)->pid, classes, classes == 1 ? "" : "s");
}

static int note_unseen(struct health *h, struct model *m)
{
    const struct kiwi_header *header = trace_header(m->trace);

    if (note_unresolved(h, m) || note_classes(h, m->trace))
        return -1;
    if (!header->recording && header->end_kind == KIWI_END_NONE &&
        health_note(&h->unseen, "Process %" PRIu32 ": recording was paused or had stopped.", header->pid))
        return -1;
    if (m->acquisition_count <= 1)
        return health_note(&h->unseen,
                           "Process %" PRIu32
                           ": no lock operation was seen. A program that is linked statically, that makes "
                           "its own locks, or that ran with `disable=locks` shows none.",
                           header->pid);
    return 0;
}

static struct health_process process_of(const struct trace *t)
{
    const struct kiwi_header *h = trace_header(t);

    return (struct health_process){
            .pid = h->pid,
            .parent = h->parent_pid,
            .executable = trace_string(t, h->executable),
            .host = trace_string(t, h->host),
            .trace = trace_path(t),
            .started_ns = h->start_realtime_ns,
            .ended_ns = h->end_kind != KIWI_END_NONE && h->end_ticks ? trace_realtime_ns(t, h->end_ticks) : 0,
            .recorded_ns = trace_ns_at(t, h->end_ticks ? h->end_ticks : trace_last_ticks(t)),
            .lossy = trace_problems(t) > 0,
    };
}

int health_make(struct health *h, struct model **models, unsigned count)
{
    *h = (struct health){.processes = calloc(count + 1ul, sizeof *h->processes)};
    if (!h->processes)
        return -1;
    for (unsigned i = 0; i < count; i++) {
        const struct trace *t = models[i]->trace;
        struct health_process *p = &h->processes[h->process_count++];

        *p = process_of(t);
        if (note_process(h, models[i], p) || note_problems(h, t) || note_drops(h, t, p) || note_unseen(h, models[i])) {
            health_release(h);
            return -1;
        }
    }
    return 0;
}
