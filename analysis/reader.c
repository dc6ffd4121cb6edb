#include "reader.h"

#include "header.h"
#include "integrity.h"
#include "liveness.h"
#include "text.h"
#include "timescale.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_TABLE_BYTES UINT32_MAX /* the largest size= that the recorder takes is 4 GiB for all tables together */

/*
 * The order of copying. What refers comes before what it refers to, so that in the copy of a running process every
 * reference finds its row, and thread states come first.
 */
static const enum kiwi_table_id copy_order[] = {
        KIWI_TABLE_SLOTS,        KIWI_TABLE_HELD,       KIWI_TABLE_CACHES,      KIWI_TABLE_MISUSES,
        KIWI_TABLE_CONDS,        KIWI_TABLE_WAIT_SITES, KIWI_TABLE_DESCRIPTORS, KIWI_TABLE_FAILURES,
        KIWI_TABLE_HEAP_PATHS,   KIWI_TABLE_SHUTDOWNS,  KIWI_TABLE_HEAP_SITES,  KIWI_TABLE_STALLS,
        KIWI_TABLE_TICKS,        KIWI_TABLE_HISTOGRAMS, KIWI_TABLE_LOOPS,       KIWI_TABLE_CHARGES,
        KIWI_TABLE_CONTENTIONS,  KIWI_TABLE_CALLS,      KIWI_TABLE_PEERS,       KIWI_TABLE_SIGHTINGS,
        KIWI_TABLE_ACQUISITIONS, KIWI_TABLE_OBJECTS,    KIWI_TABLE_THREADS,     KIWI_TABLE_SEGMENTS,
        KIWI_TABLE_CLASSES,      KIWI_TABLE_STACKS,     KIWI_TABLE_FRAMES,      KIWI_TABLE_MODULES,
        KIWI_TABLE_ALLOCATORS,   KIWI_TABLE_STRINGS,
};

struct table_copy {
    char *rows;      /* count rows and a zero byte behind them, NULL if there are none */
    uint32_t stride; /* bytes, at least the size of this version's row */
    uint32_t count;  /* row 0 included */
};

struct trace {
    struct source source; /* while opening */
    struct kiwi_header header;
    struct table_copy tables[KIWI_TABLE_LIMIT];
    char *clean_strings; /* STRINGS made printable */
    bool *settled;       /* index = slot row; NULL = all are */
    struct timescale scale;
    uint64_t last_ticks, opened_ticks; /* opened_ticks: of a live one, else 0 */
    uint64_t copied;                   /* bytes of all tables */
    struct problems problems;
    char *path;
    bool live, stopped;
};

/* The descriptor as it is in the file by now: a running recorder has perhaps added rows since the header was read. */
static void refresh_table(struct trace *t, enum kiwi_table_id table)
{
    struct kiwi_table now;
    struct kiwi_table *known = &t->header.tables[table];
    uint64_t at = offsetof(struct kiwi_header, tables) + table * sizeof now;

    if (source_read(&t->source, at, &now, sizeof now) == sizeof now && now.offset == known->offset &&
        now.row_size == known->row_size) {
        known->used = now.used;
        known->ready = now.ready;
    }
}

/* Bytes of whole rows that are claimed, backed, and really in the file (not in the hole at the table's end). */
static uint64_t stored_bytes(struct trace *t, enum kiwi_table_id table)
{
    const struct kiwi_table *d = &t->header.tables[table];
    uint64_t rows = d->used < d->capacity ? d->used : d->capacity;

    if (!d->id || rows <= 1 || d->offset >= t->source.size)
        return 0;
    uint64_t bytes = rows * d->row_size < d->ready ? rows * d->row_size : d->ready;
    uint64_t end = source_data_end(&t->source, d->offset, bytes);
    bytes = end - d->offset;
    if (bytes > MAX_TABLE_BYTES) {
        problems_hole(&t->problems, "table %s: only the first %u bytes are read", table_name(table), MAX_TABLE_BYTES);
        bytes = MAX_TABLE_BYTES;
    }
    /* Tables do not overlap in a sound file, so together they are smaller than it. */
    if (bytes > t->source.size - t->copied) {
        problems_hole(&t->problems, "table %s overlaps another one and is not read", table_name(table));
        return 0;
    }
    t->copied += bytes;
    return bytes;
}

/* The last row may lie partly in a hole, which reads as zeros; but a row that the file was cut off in is no row. */
static uint64_t whole_rows(const struct trace *t, const struct kiwi_table *d, uint64_t bytes)
{
    uint64_t rows = bytes / d->row_size;
    bool in_file = t->source.size - d->offset - rows * d->row_size >= d->row_size;

    return rows + (bytes % d->row_size && in_file);
}

/* Rows of an older or odd width become rows of this version's, with zeros for what is missing. */
static char *widen_rows(char *rows, uint64_t count, uint32_t from, uint32_t to)
{
    char *wide = calloc(count * to + 1, 1);

    for (uint64_t i = 0; wide && i < count; i++)
        memcpy(wide + i * to, rows + i * from, from < to ? from : to);
    free(rows);
    return wide;
}

static bool copy_table(struct trace *t, enum kiwi_table_id table)
{
    const struct kiwi_table *d = &t->header.tables[table];
    struct table_copy *copy = &t->tables[table];

    refresh_table(t, table);
    uint64_t bytes = stored_bytes(t, table);
    if (!bytes)
        return true;
    uint64_t count = whole_rows(t, d, bytes);
    uint32_t own = table_row_size(table);
    bool odd = d->row_size < own || (!table_is_plain(table) && d->row_size % 8);

    char *rows = calloc(count * d->row_size + 1, 1);
    if (!rows)
        return false;
    if (bytes > count * d->row_size)
        bytes = count * d->row_size;
    if (!source_read_sparse(&t->source, d->offset, rows, bytes))
        problems_hole(&t->problems, "table %s could not be read to its end", table_name(table));
    if (odd && !(rows = widen_rows(rows, count, d->row_size, own)))
        return false;
    *copy = (struct table_copy){rows, odd ? own : d->row_size, (uint32_t)count};
    return true;
}

static bool copy_tables(struct trace *t)
{
    for (size_t i = 0; i < sizeof copy_order / sizeof *copy_order; i++)
        if (!copy_table(t, copy_order[i]))
            return false;
    return true;
}

/* Names go to terminals and into JSON: keeps the recorded bytes and makes a printable twin. */
static bool clean_names(struct trace *t)
{
    const struct table_copy *strings = &t->tables[KIWI_TABLE_STRINGS];

    if (strings->rows) {
        t->clean_strings = malloc((size_t)strings->count + 1);
        if (!t->clean_strings)
            return false;
        memcpy(t->clean_strings, strings->rows, (size_t)strings->count + 1);
        text_clean(t->clean_strings, strings->count);
    }
    struct table_copy *threads = &t->tables[KIWI_TABLE_THREADS];
    for (uint32_t i = 1; i < threads->count; i++) {
        struct kiwi_thread *row = (struct kiwi_thread *)(threads->rows + (uint64_t)i * threads->stride);
        row->name[sizeof row->name - 1] = '\0';
        text_clean(row->name, sizeof row->name);
    }
    return true;
}

/* A slot that a waiting thread left untouched between two readings: up to the cache lines nothing differs. */
static bool slot_unchanged(struct trace *t, uint32_t index, const struct kiwi_slot *before)
{
    const struct kiwi_table *d = &t->header.tables[KIWI_TABLE_SLOTS];
    char now[offsetof(struct kiwi_slot, cache)];
    size_t length = d->row_size < sizeof now ? d->row_size : sizeof now;

    return source_read(&t->source, d->offset + (uint64_t)index * d->row_size, now, length) == length &&
           memcmp(now, before, length) == 0;
}

static bool check_settled(struct trace *t)
{
    const struct table_copy *slots = &t->tables[KIWI_TABLE_SLOTS];

    t->settled = calloc((size_t)slots->count + 1, sizeof *t->settled);
    if (!t->settled)
        return false;
    for (uint32_t i = 1; i < slots->count; i++) {
        const struct kiwi_slot *s = trace_slot(t, i);
        t->settled[i] = s && slot_unchanged(t, i, s);
    }
    return true;
}

/* Counts, clock pairs and the end may have moved on while the tables were copied; the layout has not. */
static void refresh_header(struct trace *t)
{
    struct kiwi_header now;
    struct problems ignored = {0};
    char error[64];

    if (header_read(&t->source, &now, &ignored, error, sizeof error)) {
        memcpy(now.tables, t->header.tables, sizeof now.tables);
        t->header = now;
    }
    problems_release(&ignored);
}

static bool judge_liveness(struct trace *t)
{
    const struct kiwi_header *h = &t->header;

    t->live = h->end_kind == KIWI_END_NONE && t->source.fd >= 0 &&
              liveness_check(h->pid, t->source.inode, trace_raw_string(t, h->executable), h->start_realtime_ns);
    if (!t->live)
        return true;
    t->stopped = liveness_stopped(h->pid);
    refresh_header(t);
    return check_settled(t);
}

static void later(struct trace *t, uint64_t ticks)
{
    if (ticks > t->last_ticks && timescale_plausible(&t->scale, ticks))
        t->last_ticks = ticks;
}

static void find_last_slot_ticks(struct trace *t, const struct kiwi_slot *s)
{
    later(t, s->want_since);
    later(t, s->call_since);
    later(t, s->tick_since);
    for (unsigned i = 0; i < KIWI_SLOT_HELD && i < s->held_count; i++)
        later(t, s->held[i].flags & KIWI_HELD_TIMED ? s->held[i].since : 0);
    for (unsigned i = 0; i < KIWI_SLOT_EVENTS; i++)
        later(t, s->events[i].ticks);
}

#define FOR_EACH(t, table, type, row)                                                                                  \
    for (uint32_t i_ = 1; i_ < trace_rows(t, table); i_++)                                                             \
        for (const struct type *row = trace_row(t, table, i_); row; row = NULL)

static void find_last_ticks(struct trace *t)
{
    const struct kiwi_header *h = &t->header;

    t->last_ticks = h->start_ticks;
    later(t, h->end_ticks);
    for (unsigned i = 0; i < KIWI_CLOCK_PAIRS; i++)
        later(t, h->clock[i].ticks);
    FOR_EACH(t, KIWI_TABLE_THREADS, kiwi_thread, thread)
    {
        later(t, thread->start_ticks);
        later(t, thread->end_ticks);
    }
    FOR_EACH(t, KIWI_TABLE_OBJECTS, kiwi_object, object)
    {
        later(t, object->created_ticks);
        later(t, object->ended_ticks);
    }
    FOR_EACH(t, KIWI_TABLE_ACQUISITIONS, kiwi_acquisition, acquisition)
    later(t, acquisition->last_ticks);
    FOR_EACH(t, KIWI_TABLE_CALLS, kiwi_call, call)
    later(t, call->last_ticks);
    FOR_EACH(t, KIWI_TABLE_MISUSES, kiwi_misuse, misuse)
    later(t, misuse->last_ticks);
    FOR_EACH(t, KIWI_TABLE_HEAP_SITES, kiwi_heap_site, site)
    later(t, site->last_ticks);
    FOR_EACH(t, KIWI_TABLE_SHUTDOWNS, kiwi_shutdown, shutdown)
    {
        later(t, shutdown->first_ticks);
        later(t, shutdown->last_ticks);
    }
    FOR_EACH(t, KIWI_TABLE_SLOTS, kiwi_slot, slot)
    find_last_slot_ticks(t, slot);
}

/* It is of this machine and was made since it started: its clock can be asked. */
static uint64_t ticks_now(const struct trace *t)
{
    const struct kiwi_clock_pair *first = &t->header.clock[0];
    struct timespec now;

    if (!t->live || clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return 0;
    uint64_t ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    return ns > first->monotonic_ns ? first->ticks + timescale_ticks(&t->scale, ns - first->monotonic_ns) : 0;
}

static void report_problem(void *context, const char *line)
{
    problems_add(context, "%s", line);
}

/* Everything after the source is open. On false, error holds the reason. */
static bool load(struct trace *t, char *error, size_t error_size)
{
    if (!header_read(&t->source, &t->header, &t->problems, error, error_size))
        return false;
    if (!copy_tables(t) || !judge_liveness(t) || !clean_names(t)) {
        snprintf(error, error_size, "out of memory");
        return false;
    }
    t->scale = timescale_of(&t->header);
    find_last_ticks(t);
    t->opened_ticks = ticks_now(t);
    integrity_check(t, report_problem, &t->problems);
    return true;
}

static struct trace *trace_begin(const char *name, char *error, size_t error_size)
{
    struct trace *t = calloc(1, sizeof *t);

    if (t && (t->path = strdup(name))) {
        source_memory(&t->source, NULL, 0);
        return t;
    }
    free(t);
    snprintf(error, error_size, "out of memory");
    return NULL;
}

static struct trace *trace_load(struct trace *t, char *error, size_t error_size)
{
    bool loaded = load(t, error, error_size);

    source_close(&t->source);
    if (loaded)
        return t;
    trace_close(t);
    return NULL;
}

struct trace *trace_open(const char *path, char *error, size_t error_size)
{
    struct trace *t = trace_begin(path, error, error_size);

    if (!t)
        return NULL;
    if (!source_open(&t->source, path, error, error_size)) {
        trace_close(t);
        return NULL;
    }
    return trace_load(t, error, error_size);
}

struct trace *trace_from_memory(const void *bytes, size_t size, const char *name, char *error, size_t error_size)
{
    struct trace *t = trace_begin(name, error, error_size);

    if (!t)
        return NULL;
    source_memory(&t->source, bytes, size);
    return trace_load(t, error, error_size);
}

void trace_close(struct trace *t)
{
    if (!t)
        return;
    for (unsigned i = 0; i < KIWI_TABLE_LIMIT; i++)
        free(t->tables[i].rows);
    free(t->clean_strings);
    free(t->settled);
    free(t->path);
    problems_release(&t->problems);
    free(t);
}

const char *trace_path(const struct trace *t)
{
    return t->path;
}

const struct kiwi_header *trace_header(const struct trace *t)
{
    return &t->header;
}

unsigned trace_problems(const struct trace *t)
{
    return t->problems.count;
}

bool trace_is_partial(const struct trace *t)
{
    return t->problems.holes > 0;
}

const char *trace_problem(const struct trace *t, unsigned i)
{
    return i < t->problems.count ? t->problems.lines[i] : "";
}

const char *trace_table_name(enum kiwi_table_id table)
{
    return table_name(table);
}

uint32_t trace_rows(const struct trace *t, enum kiwi_table_id table)
{
    return table < KIWI_TABLE_LIMIT ? t->tables[table].count : 0;
}

const void *trace_raw_row(const struct trace *t, enum kiwi_table_id table, uint32_t index)
{
    if (!index || index >= trace_rows(t, table))
        return NULL;
    return t->tables[table].rows + (uint64_t)index * t->tables[table].stride;
}

const void *trace_row(const struct trace *t, enum kiwi_table_id table, uint32_t index)
{
    const uint32_t *row = trace_raw_row(t, table, index);

    return row && table_has_state(table) && *row == KIWI_ROW_EMPTY ? NULL : row;
}

const char *trace_string(const struct trace *t, uint32_t offset)
{
    return offset && offset < trace_rows(t, KIWI_TABLE_STRINGS) ? t->clean_strings + offset : "";
}

const char *trace_raw_string(const struct trace *t, uint32_t offset)
{
    const char *string = trace_raw_row(t, KIWI_TABLE_STRINGS, offset);

    return string ? string : "";
}

const uint64_t *trace_frames(const struct trace *t, uint32_t stack, uint32_t *depth)
{
    const struct kiwi_stack *s = trace_stack(t, stack);
    uint32_t frames = trace_rows(t, KIWI_TABLE_FRAMES);

    *depth = 0;
    if (!s || !s->first || s->first >= frames)
        return NULL;
    *depth = s->depth < frames - s->first ? s->depth : frames - s->first;
    if (*depth > TRACE_MAX_DEPTH)
        *depth = TRACE_MAX_DEPTH;
    return *depth ? trace_raw_row(t, KIWI_TABLE_FRAMES, s->first) : NULL;
}

uint64_t trace_ns_at(const struct trace *t, uint64_t ticks)
{
    return timescale_ns_at(&t->scale, ticks);
}

uint64_t trace_ns(const struct trace *t, uint64_t tick_duration)
{
    return timescale_ns(&t->scale, tick_duration);
}

uint64_t trace_realtime_ns(const struct trace *t, uint64_t ticks)
{
    uint64_t ns = timescale_ns_at(&t->scale, ticks), start = t->header.start_realtime_ns;

    if (!ticks || !start)
        return 0;
    return ns <= UINT64_MAX - start ? start + ns : UINT64_MAX;
}

uint64_t trace_last_ticks(const struct trace *t)
{
    return t->last_ticks;
}

uint64_t trace_end_ticks(const struct trace *t)
{
    if (t->header.end_kind != KIWI_END_NONE && t->header.end_ticks)
        return t->header.end_ticks;
    return t->opened_ticks > t->last_ticks ? t->opened_ticks : t->last_ticks;
}

uint64_t trace_now_ticks(const struct trace *t)
{
    return t->stopped ? t->last_ticks : trace_end_ticks(t);
}

bool trace_is_live(const struct trace *t)
{
    return t->live;
}

bool trace_slot_settled(const struct trace *t, uint32_t slot)
{
    return !t->settled || (slot < t->tables[KIWI_TABLE_SLOTS].count && t->settled[slot]);
}
