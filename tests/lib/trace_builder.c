#include "trace_builder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u

/* Rows are kept per table and laid out as one file only when asked for, so that pointers to rows stay good. */
struct builder_table {
    char *rows;
    uint32_t row_size;
    uint64_t used, capacity;
};

struct trace_builder {
    struct kiwi_header header;
    struct builder_table tables[KIWI_TABLE_LIMIT];
    char *bytes;
    size_t size;
};

static void builder_die(const char *what)
{
    fprintf(stderr, "trace_builder: %s\n", what);
    abort();
}

static void *builder_allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (!memory)
        builder_die("out of memory");
    return memory;
}

static struct builder_table *builder_table(struct trace_builder *b, enum kiwi_table_id table)
{
    struct builder_table *rows = &b->tables[table];

    if (!rows->row_size)
        builder_die("no such table");
    if (!rows->rows)
        rows->rows = builder_allocate(rows->capacity, rows->row_size);
    return rows;
}

/* Claims count rows in a row; the state word is left to the caller. */
static void *builder_claim(struct trace_builder *b, enum kiwi_table_id table, uint32_t count, uint32_t *index)
{
    struct builder_table *rows = builder_table(b, table);

    if (count > rows->capacity - rows->used)
        builder_die("a table is full");
    *index = (uint32_t)rows->used;
    rows->used += count;
    return rows->rows + (uint64_t)*index * rows->row_size;
}

struct trace_builder *builder_open(void)
{
    struct trace_builder *b = builder_allocate(1, sizeof *b);

#define X(number, name, type)                                                                                          \
    b->tables[number] = (struct builder_table){.row_size = sizeof(type), .used = 1, .capacity = BUILDER_ROWS};
    KIWI_TABLES(X)
#undef X
    b->tables[KIWI_TABLE_STRINGS].capacity = 32 * BUILDER_ROWS;
    b->tables[KIWI_TABLE_SLOTS].capacity = 2048;

    b->header = (struct kiwi_header){
            .magic = KIWI_TRACE_MAGIC,
            .major = KIWI_TRACE_MAJOR,
            .minor = KIWI_TRACE_MINOR,
            .byte_order = KIWI_TRACE_BYTE_ORDER,
            .header_size = sizeof b->header,
            .table_count = KIWI_TABLE_LIMIT,
            .state = KIWI_ROW_LIVE,
            .pid = 999999999, /* above pid_max: never a live process */
            .clock_kind = KIWI_CLOCK_MONOTONIC_NS,
            .start_realtime_ns = BUILDER_REALTIME,
            .start_ticks = BUILDER_START,
            .ticks_per_second = 1000000000,
            .page_size = PAGE,
            .module_epoch = 1,
            .recording = 1,
            .clock = {{BUILDER_START, BUILDER_START}},
    };
    b->header.executable = builder_string(b, "/usr/bin/example");
    b->header.host = builder_string(b, "testhost");
    b->header.command_line = builder_string(b, "example --test");
    return b;
}

void builder_close(struct trace_builder *b)
{
    if (!b)
        return;
    for (unsigned i = 0; i < KIWI_TABLE_LIMIT; i++)
        free(b->tables[i].rows);
    free(b->bytes);
    free(b);
}

static size_t page_round(size_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

/* Places every table behind the header and returns the size of the whole file. */
static size_t builder_place(struct trace_builder *b)
{
    size_t end = page_round(sizeof b->header);

    for (unsigned i = 0; i < KIWI_TABLE_LIMIT; i++) {
        struct builder_table *rows = &b->tables[i];

        if (!rows->row_size)
            continue;
        size_t bytes = page_round(rows->used * rows->row_size);
        b->header.tables[i] = (struct kiwi_table){
                .id = i,
                .row_size = rows->row_size,
                .offset = end,
                .capacity = bytes / rows->row_size,
                .used = rows->used,
                .ready = bytes,
        };
        end += bytes;
    }
    b->header.file_size = end;
    return end;
}

const void *builder_bytes(struct trace_builder *b, size_t *size)
{
    free(b->bytes);
    b->size = builder_place(b);
    b->bytes = builder_allocate(1, b->size);
    memcpy(b->bytes, &b->header, sizeof b->header);
    for (unsigned i = 0; i < KIWI_TABLE_LIMIT; i++) {
        const struct builder_table *rows = &b->tables[i];

        if (rows->rows)
            memcpy(b->bytes + b->header.tables[i].offset, rows->rows, rows->used * rows->row_size);
    }
    *size = b->size;
    return b->bytes;
}

struct trace *builder_trace(struct trace_builder *b)
{
    char error[256];
    size_t size;
    const void *bytes = builder_bytes(b, &size);
    struct trace *t = trace_from_memory(bytes, size, "built.trace", error, sizeof error);

    if (!t)
        builder_die(error);
    return t;
}

void builder_write(struct trace_builder *b, const char *path)
{
    size_t size;
    const void *bytes = builder_bytes(b, &size);
    FILE *file = fopen(path, "wb");

    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
        builder_die("cannot write the trace");
}

struct kiwi_header *builder_header(struct trace_builder *b)
{
    return &b->header;
}

/* Tables whose rows begin with a state word; the others hold plain values. */
static bool table_has_state(enum kiwi_table_id table)
{
    return table != KIWI_TABLE_STRINGS && table != KIWI_TABLE_FRAMES && table != KIWI_TABLE_CACHES &&
           table != KIWI_TABLE_HELD;
}

void *builder_row(struct trace_builder *b, enum kiwi_table_id table, uint32_t *index)
{
    uint32_t *row = builder_claim(b, table, 1, index);

    if (table_has_state(table))
        *row = KIWI_ROW_LIVE;
    return row;
}

void *builder_at(struct trace_builder *b, enum kiwi_table_id table, uint32_t index)
{
    struct builder_table *rows = builder_table(b, table);

    if (!index || index >= rows->used)
        builder_die("no such row");
    return rows->rows + (uint64_t)index * rows->row_size;
}

uint32_t builder_string(struct trace_builder *b, const char *text)
{
    uint32_t offset;
    size_t length = strlen(text) + 1;

    memcpy(builder_claim(b, KIWI_TABLE_STRINGS, (uint32_t)length, &offset), text, length);
    return offset;
}

uint32_t builder_module(struct trace_builder *b, const char *path, uint64_t base, uint64_t size)
{
    uint32_t index;
    struct kiwi_module *m = builder_row(b, KIWI_TABLE_MODULES, &index);

    m->path = builder_string(b, path);
    m->base = base;
    m->start = base;
    m->end = base + size;
    m->loaded_epoch = 1;
    return index;
}

uint32_t builder_stack_of(struct trace_builder *b, uint32_t depth, const uint64_t *frames)
{
    uint32_t index, first;
    uint64_t *stored = builder_claim(b, KIWI_TABLE_FRAMES, depth, &first);
    struct kiwi_stack *stack = builder_row(b, KIWI_TABLE_STACKS, &index);

    memcpy(stored, frames, depth * sizeof *frames);
    stack->depth = depth;
    stack->first = first;
    stack->epoch = b->header.module_epoch;
    for (uint32_t i = 0; i < depth; i++)
        stack->hash = stack->hash * 31 + frames[i];
    return index;
}

uint32_t builder_stack(struct trace_builder *b, uint32_t depth, ...)
{
    uint64_t frames[64];
    va_list arguments;

    if (depth > sizeof frames / sizeof *frames)
        builder_die("too many frames");
    va_start(arguments, depth);
    for (uint32_t i = 0; i < depth; i++)
        frames[i] = va_arg(arguments, uint64_t);
    va_end(arguments);
    return builder_stack_of(b, depth, frames);
}

uint32_t builder_thread(struct trace_builder *b, const char *name)
{
    uint32_t index, class_index, slot_index;
    struct kiwi_thread *t = builder_row(b, KIWI_TABLE_THREADS, &index);
    struct kiwi_thread_class *c = builder_row(b, KIWI_TABLE_CLASSES, &class_index);
    struct kiwi_slot *s = builder_row(b, KIWI_TABLE_SLOTS, &slot_index);

    c->started = 1;
    c->start_function = index == 1 ? 0 : 0x400000u + index;
    t->serial = index;
    t->tid = 1000 + (int32_t)index;
    t->thread_class = class_index;
    t->slot = slot_index;
    t->flags = index == 1 ? KIWI_THREAD_MAIN : 0;
    t->creator = index == 1 ? 0 : 1;
    t->start_function = c->start_function;
    t->start_ticks = BUILDER_START + index;
    snprintf(t->name, sizeof t->name, "%s", name);
    s->thread = index;
    s->held_capacity = KIWI_SLOT_HELD;
    s->cache_count = KIWI_SLOT_CACHE;
    return index;
}

struct kiwi_slot *builder_slot_row(struct trace_builder *b, uint32_t thread)
{
    uint32_t slot = builder_thread_row(b, thread)->slot;

    return slot ? builder_at(b, KIWI_TABLE_SLOTS, slot) : NULL;
}

void builder_end_thread(struct trace_builder *b, uint32_t thread, uint64_t end_ticks)
{
    struct kiwi_thread *t = builder_thread_row(b, thread);
    struct kiwi_thread_class *c = builder_at(b, KIWI_TABLE_CLASSES, t->thread_class);
    struct kiwi_slot *s = builder_slot_row(b, thread);

    if (!s)
        builder_die("the thread has ended already");
    s->state = KIWI_ROW_EMPTY;
    c->ended++;
    t->state = KIWI_ROW_ENDED;
    t->slot = 0;
    t->end_ticks = end_ticks;
}

uint32_t builder_segment(struct trace_builder *b, uint32_t thread, uint32_t previous, uint32_t other)
{
    uint32_t index;
    struct kiwi_segment *segment = builder_row(b, KIWI_TABLE_SEGMENTS, &index);

    segment->thread = thread;
    segment->previous = previous;
    segment->other = other;
    builder_thread_row(b, thread)->last_segment = index;
    return index;
}

uint32_t builder_object(struct trace_builder *b, enum kiwi_object_kind kind, uint64_t address)
{
    uint32_t index;
    struct kiwi_object *o = builder_row(b, KIWI_TABLE_OBJECTS, &index);

    o->kind = (uint8_t)kind;
    o->address = address;
    o->generation = 1;
    o->created_ticks = BUILDER_START + 1;
    return index;
}

uint32_t builder_mutex(struct trace_builder *b, uint64_t address)
{
    return builder_object(b, KIWI_OBJECT_MUTEX, address);
}

/* Keeps the object's own facts in step with what its users do, as the recorder would. */
static void builder_object_used(struct trace_builder *b, uint32_t object, uint32_t thread, uint32_t stack)
{
    struct kiwi_object *o = builder_object_row(b, object);

    if (!o->first_thread) {
        o->first_thread = thread;
        o->first_stack = stack;
    } else if (o->first_thread != thread && !o->other_thread) {
        o->other_thread = thread;
    }
}

static struct kiwi_witness builder_witness(struct trace_builder *b, uint32_t thread)
{
    const struct kiwi_thread *t = builder_thread_row(b, thread);

    return (struct kiwi_witness){
            .thread = thread,
            .serial = t->serial,
            .first_segment = t->last_segment,
            .last_segment = t->last_segment,
    };
}

uint32_t builder_acquire(struct trace_builder *b, uint32_t thread, uint32_t parent, uint32_t object, uint32_t stack)
{
    uint32_t index;
    struct kiwi_acquisition *a = builder_row(b, KIWI_TABLE_ACQUISITIONS, &index);

    a->parent = parent;
    a->object = object;
    a->stack = stack;
    a->thread_class = builder_thread_row(b, thread)->thread_class;
    a->count = 1;
    a->first_ticks = a->last_ticks = BUILDER_START + 1000 + index;
    a->witness[0] = builder_witness(b, thread);
    a->threads = 1;
    a->depth = parent ? builder_acquisition_row(b, parent)->depth + 1 : 1;
    builder_object_used(b, object, thread, stack);
    return index;
}

void builder_acquire_too(struct trace_builder *b, uint32_t acquisition, uint32_t thread)
{
    struct kiwi_acquisition *a = builder_acquisition_row(b, acquisition);

    a->witness[1] = builder_witness(b, thread);
    a->count++;
    if (a->threads < 3)
        a->threads++;
    builder_object_used(b, a->object, thread, a->stack);
}

void builder_witness_segments(struct trace_builder *b, uint32_t acquisition, unsigned witness, uint32_t first,
                              uint32_t last)
{
    struct kiwi_witness *w = &builder_acquisition_row(b, acquisition)->witness[witness % 2];

    w->first_segment = first;
    w->last_segment = last;
}

static struct kiwi_held builder_held(struct trace_builder *b, uint32_t acquisition)
{
    const struct kiwi_acquisition *a = builder_acquisition_row(b, acquisition);

    return (struct kiwi_held){
            .address = builder_object_row(b, a->object)->address,
            .row = acquisition,
            .count = 1,
            .stack = a->stack,
            .flags = (uint32_t)a->mode << 30 | (uint32_t)a->how << 28,
    };
}

void builder_hold(struct trace_builder *b, uint32_t thread, uint32_t acquisition)
{
    struct kiwi_slot *s = builder_slot_row(b, thread);

    if (s->held_count >= KIWI_SLOT_HELD)
        builder_die("too many held locks");
    s->held[s->held_count++] = builder_held(b, acquisition);
}

void builder_wait(struct trace_builder *b, uint32_t thread, uint32_t acquisition, uint64_t since)
{
    struct kiwi_slot *s = builder_slot_row(b, thread);

    s->want = KIWI_WANT_WAITING | 3u << 8; /* the recorder counts releases in the upper bits */
    s->want_row = acquisition;
    s->want_since = since;
    builder_object_row(b, builder_acquisition_row(b, acquisition)->object)->waiters++;
}

void builder_want(struct trace_builder *b, uint32_t thread, uint32_t acquisition, enum kiwi_want want)
{
    struct kiwi_slot *s = builder_slot_row(b, thread);

    if (s->held_count >= KIWI_SLOT_HELD)
        builder_die("too many held locks");
    s->want = want | 3u << 8;
    s->held[s->held_count] = builder_held(b, acquisition);
}

void builder_call_now(struct trace_builder *b, uint32_t thread, uint32_t call, uint64_t since)
{
    struct kiwi_slot *s = builder_slot_row(b, thread);

    s->call_kind = builder_call_row(b, call)->kind;
    s->call_row = call;
    s->call_since = since;
}

uint32_t builder_call(struct trace_builder *b, uint32_t thread, enum kiwi_call_kind kind, uint32_t held, uint32_t stack,
                      uint64_t ticks)
{
    uint32_t index;
    struct kiwi_call *c = builder_row(b, KIWI_TABLE_CALLS, &index);

    c->kind = kind;
    c->stack = stack;
    c->held = held;
    c->thread_class = builder_thread_row(b, thread)->thread_class;
    c->count = 1;
    c->waited = 1;
    c->ticks = c->max_ticks = ticks;
    c->first_ticks = BUILDER_START + 1000 + index;
    c->last_ticks = c->first_ticks + ticks;
    c->thread = thread;
    c->serial = builder_thread_row(b, thread)->serial;
    return index;
}

uint32_t builder_misuse(struct trace_builder *b, uint32_t thread, enum kiwi_misuse_kind kind, uint32_t object,
                        uint32_t stack)
{
    uint32_t index;
    struct kiwi_misuse *m = builder_row(b, KIWI_TABLE_MISUSES, &index);

    m->kind = kind;
    m->object = object;
    m->stack = stack;
    m->thread = thread;
    m->serial = builder_thread_row(b, thread)->serial;
    m->count = 1;
    m->first_ticks = m->last_ticks = BUILDER_START + 1000 + index;
    return index;
}
