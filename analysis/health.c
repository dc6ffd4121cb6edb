#include "health.h"

#include "allocator.h"
#include "place.h"
#include "settings.h"
#include "symbols.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNRESOLVED_MAX 8u
#define UNRESOLVED_ALL 256u
#define SETTINGS_LISTED 4u  /* of processes that were recorded with different options */
#define PROCESSES_LISTED 8u /* one by one; of more, those of a program are one line */

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
    case KIWI_DROP_CONDS:
    case KIWI_DROP_CONTENTIONS:
    case KIWI_DROP_CHARGES:
    case KIWI_DROP_ALLOCATORS:
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
        return ": code without unwind tables, a stack with little room left, or more call paths than a sixteenth of "
               "the thread's time is enough to unwind; callers are not told apart there";
    case KIWI_DROP_DISK_FULL:
        return "; record where there is room (`out=`)";
    case KIWI_DROP_HEAP_BLOCKS:
        return ": as many as there were are followed at a time, 65,536 or with `heap=exact` 4 million; a larger "
               "`heap-rate=` draws fewer";
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

static enum health_end end_of(const struct trace *t)
{
    const struct kiwi_header *h = trace_header(t);

    if (h->end_kind == KIWI_END_EXIT)
        return h->end_status ? HEALTH_ENDED_ILL : HEALTH_ENDED_WELL;
    if (h->end_kind == KIWI_END_EXEC)
        return HEALTH_EXEC;
    if (h->end_kind == KIWI_END_STOPPED)
        return HEALTH_STOPPED;
    return trace_is_live(t) ? HEALTH_RUNNING : HEALTH_KILLED;
}

static const char *program_name(const struct health_process *p)
{
    return p->executable[0] ? place_base_name(p->executable) : "A program";
}

static int note_process(struct health *h, const struct health_process *p)
{
    static const char *const ends[HEALTH_END_COUNT] = {
            [HEALTH_EXEC] = "it replaced itself by exec",
            [HEALTH_KILLED] = "it was killed, crashed, or ended by a bare system call as Go programs do (the trace is "
                              "whole up to that moment)",
            [HEALTH_RUNNING] = "it is still running",
            [HEALTH_STOPPED] = "recording stopped early",
    };
    char end[64];

    snprintf(end, sizeof end, "it exited with status %" PRId32, p->exit_status);
    return health_note(&h->notes, "%s (process %" PRIu32 ") was recorded for %.2f s with %u thread%s; %s.",
                       program_name(p), p->pid, (double)p->recorded_ns / 1e9, p->threads, p->threads == 1 ? "" : "s",
                       ends[p->end] ? ends[p->end] : end);
}

/* All processes of one program. */
struct program {
    const char *name;
    uint32_t pid; /* of the first one */
    unsigned count, ends[HEALTH_END_COUNT];
    uint64_t longest_ns;
    unsigned threads; /* at most */
};

static void program_add(struct program *g, const struct health_process *p)
{
    g->count++;
    g->ends[p->end]++;
    g->longest_ns = p->recorded_ns > g->longest_ns ? p->recorded_ns : g->longest_ns;
    g->threads = p->threads > g->threads ? p->threads : g->threads;
}

static int note_program(struct health *h, const struct program *g)
{
    static const char *const ends[HEALTH_END_COUNT] = {
            [HEALTH_ENDED_WELL] = "exited with status 0",
            [HEALTH_ENDED_ILL] = "exited with another status",
            [HEALTH_EXEC] = "went on as another program",
            [HEALTH_KILLED] = "were killed, crashed, or ended by a bare system call",
            [HEALTH_RUNNING] = "are still running",
            [HEALTH_STOPPED] = "stopped being recorded early",
    };
    char text[256] = "";

    for (unsigned i = 0; i < HEALTH_END_COUNT; i++) {
        size_t used = strlen(text);

        if (g->ends[i])
            snprintf(text + used, sizeof text - used, "%s%u %s", used ? ", " : "", g->ends[i], ends[i]);
    }
    return health_note(
            &h->notes,
            "%s: %u processes (the first was %" PRIu32 "), recorded for at most %.2f s with at most %u thread%s; %s.",
            g->name, g->count, g->pid, (double)g->longest_ns / 1e9, g->threads, g->threads == 1 ? "" : "s", text);
}

/* A line for each process, or, when there are many, for each program that has several. */
static int note_processes(struct health *h)
{
    for (unsigned i = 0; i < h->process_count; i++) {
        const struct health_process *p = &h->processes[i];
        struct program g = {.name = program_name(p), .pid = p->pid};
        bool earlier = false;

        for (unsigned k = 0; k < i && h->process_count > PROCESSES_LISTED; k++)
            earlier = earlier || strcmp(program_name(&h->processes[k]), g.name) == 0;
        for (unsigned k = i; k < h->process_count; k++)
            if (strcmp(program_name(&h->processes[k]), g.name) == 0)
                program_add(&g, &h->processes[k]);
        if (earlier)
            continue;
        if (g.count == 1 || h->process_count <= PROCESSES_LISTED ? note_process(h, p) : note_program(h, &g))
            return -1;
    }
    return 0;
}

static int note_problems(struct health *h, const struct trace *t)
{
    for (unsigned i = 0; i < trace_problems(t); i++)
        if (health_note(&h->notes, "%s is damaged: %s.", trace_path(t), trace_problem(t, i)))
            return -1;
    return 0;
}

/* Is it something that happened, rather than a record that found no room? */
static bool drop_is_event(unsigned kind)
{
    return kind == KIWI_DROP_NESTED || kind == KIWI_DROP_TRUNCATED_STACKS || kind == KIWI_DROP_UNWOUND_SHORT;
}

static void count_drops(struct health *h, const struct trace *t, struct health_process *p)
{
    for (unsigned kind = 0; kind < KIWI_DROP_LIMIT; kind++) {
        uint64_t dropped = trace_header(t)->dropped[kind];

        h->dropped[kind] += dropped;
        p->lossy = p->lossy || (dropped && drop_weakens(kind));
    }
}

/* "Process 4711", "Process 4711 and 3 more". */
static const char *processes_text(uint32_t first, unsigned count, char *text, size_t size)
{
    if (count > 1)
        snprintf(text, size, "Process %" PRIu32 " and %u more", first, count - 1);
    else
        snprintf(text, size, "Process %" PRIu32, first);
    return text;
}

/* A line for each kind of loss, however many processes it happened in. */
static int note_drops(struct health *h, struct model **models)
{
    for (unsigned kind = 0; kind < KIWI_DROP_LIMIT; kind++) {
        unsigned count = 0;
        uint32_t first = 0;
        char who[48];

        for (unsigned i = 0; i < h->process_count; i++) {
            if (!trace_header(models[i]->trace)->dropped[kind])
                continue;
            first = count++ ? first : h->processes[i].pid;
        }
        if (count && health_note(&h->notes, "%s: %s%s: %" PRIu64 "%s.", processes_text(first, count, who, sizeof who),
                                 drop_is_event(kind) ? "" : "not recorded: ", health_drop_text((enum kiwi_drop)kind),
                                 h->dropped[kind], drop_advice(kind)))
            return -1;
    }
    return 0;
}

static bool same_settings(const struct trace *a, const struct trace *b)
{
    char x[SETTINGS_TEXT], y[SETTINGS_TEXT];

    for (unsigned i = 0; settings_name(i); i++)
        if (strcmp(settings_name(i), "out") != 0 && strcmp(settings_value(a, settings_name(i), x, sizeof x),
                                                           settings_value(b, settings_name(i), y, sizeof y)) != 0)
            return false;
    return true;
}

static int note_settings_of(struct health *h, const struct trace *t, unsigned count, bool all)
{
    char who[48], with[SETTINGS_TEXT], others[SETTINGS_TEXT];

    settings_budgets(t, with, sizeof with);
    settings_others(t, others, sizeof others);
    return health_note(&h->notes, "%s%sBudgets: %s; %s%s.",
                       all ? "" : processes_text(trace_header(t)->pid, count, who, sizeof who), all ? "" : ": ", with,
                       *others ? "options that were set: " : "all other options were left at their defaults", others);
}

/* By what findings were judged: a line for all processes that were recorded alike. */
static int note_settings(struct health *h, struct model **models, unsigned count)
{
    unsigned shown = 0;

    for (unsigned i = 0; i < count && shown < SETTINGS_LISTED; i++) {
        const struct trace *t = models[i]->trace;
        unsigned alike = 0, first = i;

        for (unsigned k = count; settings_known(t) && k-- > 0;) {
            if (!settings_known(models[k]->trace) || !same_settings(t, models[k]->trace))
                continue;
            alike++;
            first = k;
        }
        if (!alike || first < i)
            continue;
        shown++;
        if (note_settings_of(h, t, alike, alike == count))
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

/* NULL: lost blocks were looked for, or there was nothing to look for. */
static const char *no_leak_scan(const struct kiwi_header *h)
{
    switch (h->leak_scan) {
    case KIWI_LEAK_SCAN_LATE:
        return "the search was given up after half a second of processor time";
    case KIWI_LEAK_SCAN_LARGE:
        return "there was too much memory (1 GiB), or there were too many blocks (512 Ki with heap=exact)";
    case KIWI_LEAK_SCAN_REFUSED:
        return "/proc could not be read";
    default:
        return NULL;
    }
}

/* What Go's linker leaves in every program, and for those with C code in the table that can not be stripped. */
static bool is_go(const struct model *m)
{
    static const char *const names[] = {"runtime.mallocgc", "crosscall2", NULL};

    return m->symbols && symbols_mention(m->symbols, names, true);
}

static int note_unseen(struct health *h, struct model *m)
{
    const char *no_scan = no_leak_scan(trace_header(m->trace));
    const struct kiwi_header *header = trace_header(m->trace);
    char text[ALLOCATOR_TEXT];
    const char *unseen = allocator_unseen(m, text, sizeof text);

    if (note_unresolved(h, m) || note_classes(h, m->trace))
        return -1;
    if (!header->recording && header->end_kind == KIWI_END_NONE &&
        health_note(&h->unseen, "Process %" PRIu32 ": recording was paused or had stopped.", header->pid))
        return -1;
    if (no_scan && health_note(&h->unseen, "Process %" PRIu32 ": lost heap blocks (heap-leak) were not found: %s.",
                               header->pid, no_scan))
        return -1;
    if (unseen && health_note(&h->unseen, "Process %" PRIu32 ": %s.", header->pid, unseen))
        return -1;
    if (is_go(m) &&
        health_note(&h->unseen,
                    "Process %" PRIu32 ": of a Go program, only the C code that it calls was seen. What Go code locks, "
                    "allocates and waits for does not pass through libc.",
                    header->pid))
        return -1;
    return 0;
}

static int note_lockless(struct health *h)
{
    unsigned count = 0;
    uint32_t first = 0;
    char who[48];

    for (unsigned i = 0; i < h->process_count; i++)
        if (h->processes[i].lockless)
            first = count++ ? first : h->processes[i].pid;
    return !count ? 0
                  : health_note(&h->unseen,
                                "%s: no lock operation was seen. A program that is linked statically, that makes its "
                                "own locks, or that ran with `disable=locks` shows none.",
                                processes_text(first, count, who, sizeof who));
}

/* A semaphore, say, that is no lock. Of locks of a program's own making only the futexes are seen. */
static bool any_object(const struct trace *t)
{
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_OBJECTS); i++) {
        const struct kiwi_object *o = trace_object(t, i);

        if (o && o->kind != KIWI_OBJECT_FUTEX)
            return true;
    }
    return false;
}

static struct health_process process_of(const struct model *m)
{
    const struct trace *t = m->trace;
    const struct kiwi_header *h = trace_header(t);

    return (struct health_process){
            .pid = h->pid,
            .parent = h->parent_pid,
            .executable = trace_string(t, h->executable),
            .host = trace_string(t, h->host),
            .trace = trace_path(t),
            .recording = t,
            .started_ns = h->start_realtime_ns,
            .ended_ns = h->end_kind != KIWI_END_NONE && h->end_ticks ? trace_realtime_ns(t, h->end_ticks) : 0,
            .recorded_ns = trace_ns_at(t, h->end_ticks ? h->end_ticks : trace_end_ticks(t)),
            .threads = count_live(t, KIWI_TABLE_THREADS),
            .end = end_of(t),
            .exit_status = h->end_status,
            .lockless = m->acquisition_count <= 1 && !any_object(t),
            .lossy = trace_problems(t) > 0,
            .partial = trace_is_partial(t),
    };
}

int health_make(struct health *h, struct model **models, unsigned count)
{
    *h = (struct health){.processes = calloc(count + 1ul, sizeof *h->processes)};
    if (!h->processes)
        return -1;
    for (unsigned i = 0; i < count; i++) {
        struct health_process *p = &h->processes[h->process_count++];

        *p = process_of(models[i]);
        count_drops(h, models[i]->trace, p);
    }
    if (note_processes(h) || note_settings(h, models, count) || note_drops(h, models))
        goto failed;
    for (unsigned i = 0; i < count; i++)
        if (note_problems(h, models[i]->trace) || note_unseen(h, models[i]))
            goto failed;
    if (note_lockless(h))
        goto failed;
    return 0;
failed:
    health_release(h);
    return -1;
}
