/*
 * lock_graph.c - writes a trace of a service with very many locks, to see how the analyzer grows.
 *
 *     lock_graph LOCKS ROWS FILE
 *
 * Threads of a few kinds take pairs and triples of locks, most of them in one order for all, so that the graph is one
 * large web; some hundred pairs are taken in both orders. No recorder is needed for it.
 */
#include "../../interpose/trace_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 64u
#define STACKS 2000u
#define SEGMENTS 4000u
#define INVERSIONS 100u
#define PAGE 4096u
#define START 1000000000ull

struct table {
    char *rows;
    uint32_t used, row_size, capacity;
};

static struct table tables[KIWI_TABLE_LIMIT];

static void *table_make(enum kiwi_table_id id, uint32_t row_size, uint32_t rows)
{
    tables[id] = (struct table){calloc(rows, row_size), 1, row_size, rows};
    if (!tables[id].rows) {
        fprintf(stderr, "lock_graph: out of memory\n");
        exit(1);
    }
    return tables[id].rows;
}

static uint32_t next_random(void)
{
    static uint64_t state = 88172645463325252ull;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

static void fill_places(void)
{
    uint64_t *frames = (uint64_t *)(void *)tables[KIWI_TABLE_FRAMES].rows;
    struct kiwi_stack *stacks = (struct kiwi_stack *)(void *)tables[KIWI_TABLE_STACKS].rows;

    for (uint32_t i = 1; i < STACKS; i++) {
        for (uint32_t k = 0; k < 4; k++)
            frames[i * 4 + k] = 0x400000ull + i * 0x100 + k * 0x10;
        stacks[i] = (struct kiwi_stack){.state = KIWI_ROW_LIVE, .depth = 4, .first = i * 4, .hash = i};
    }
}

static void fill_threads(void)
{
    struct kiwi_thread *threads = (struct kiwi_thread *)(void *)tables[KIWI_TABLE_THREADS].rows;
    struct kiwi_thread_class *classes = (struct kiwi_thread_class *)(void *)tables[KIWI_TABLE_CLASSES].rows;
    struct kiwi_segment *segments = (struct kiwi_segment *)(void *)tables[KIWI_TABLE_SEGMENTS].rows;

    classes[1] = (struct kiwi_thread_class){.state = KIWI_ROW_LIVE, .started = THREADS};
    for (uint32_t i = 1; i <= THREADS; i++)
        threads[i] = (struct kiwi_thread){.state = KIWI_ROW_LIVE,
                                          .serial = i,
                                          .tid = (int32_t)(1000 + i),
                                          .thread_class = 1,
                                          .start_ticks = START + i,
                                          .last_segment = i};
    for (uint32_t i = 1; i < SEGMENTS; i++)
        segments[i] = (struct kiwi_segment){
                .state = KIWI_ROW_LIVE, .thread = (i - 1) % THREADS + 1, .previous = i > THREADS ? i - THREADS : 0};
}

static void fill_objects(uint32_t locks)
{
    struct kiwi_object *objects = (struct kiwi_object *)(void *)tables[KIWI_TABLE_OBJECTS].rows;

    for (uint32_t i = 1; i <= locks; i++)
        objects[i] = (struct kiwi_object){.state = KIWI_ROW_LIVE,
                                          .kind = KIWI_OBJECT_MUTEX,
                                          .address = 0x10000000ull + i * 64ull,
                                          .generation = 1,
                                          .first_stack = 1 + i % (STACKS - 1),
                                          .first_thread = 1,
                                          .other_thread = 2,
                                          .created_ticks = START};
}

static uint32_t acquire(uint32_t parent, uint32_t object)
{
    struct table *t = &tables[KIWI_TABLE_ACQUISITIONS];
    struct kiwi_acquisition *rows = (struct kiwi_acquisition *)(void *)t->rows;
    uint32_t row = t->used++, thread = next_random() % THREADS + 1;

    rows[row] = (struct kiwi_acquisition){.state = KIWI_ROW_LIVE,
                                          .parent = parent,
                                          .object = object,
                                          .stack = 1 + next_random() % (STACKS - 1),
                                          .thread_class = 1,
                                          .count = 1 + next_random() % 100,
                                          .first_ticks = START + row,
                                          .last_ticks = START + row + 1,
                                          .threads = 1,
                                          .depth = parent ? (uint16_t)(rows[parent].depth + 1) : 1};
    rows[row].witness[0] = (struct kiwi_witness){thread, thread, thread, thread};
    return row;
}

/* One way through for all, but for a few pairs of neighbours. */
static void fill_acquisitions(uint32_t locks, uint32_t rows)
{
    uint32_t *alone = calloc(locks + 1ul, sizeof *alone), *used = &tables[KIWI_TABLE_ACQUISITIONS].used;

    if (!alone)
        exit(1);
    for (uint32_t i = 1; i <= locks && *used < rows; i++)
        alone[i] = acquire(0, i);
    for (uint32_t i = 1; i <= INVERSIONS && i * 100 + 1 <= locks && *used + 2 < rows; i++) {
        acquire(alone[i * 100], i * 100 + 1);
        acquire(alone[i * 100 + 1], i * 100);
    }
    while (*used < rows) {
        uint32_t from = 1 + next_random() % (locks - 1), to = from + 1 + next_random() % (locks - from);
        uint32_t row = acquire(alone[from], to);

        if (*used < rows && to < locks && next_random() % 4 == 0)
            acquire(row, to + 1 + next_random() % (locks - to));
    }
    free(alone);
}

static int write_all(const char *path)
{
    static struct kiwi_header h;
    FILE *file = fopen(path, "wb");
    uint64_t offset = (sizeof h + PAGE - 1) / PAGE * PAGE;

    if (!file)
        return -1;
    memcpy(h.magic, KIWI_TRACE_MAGIC, sizeof h.magic);
    h.major = KIWI_TRACE_MAJOR;
    h.byte_order = KIWI_TRACE_BYTE_ORDER;
    h.header_size = sizeof h;
    h.state = KIWI_ROW_LIVE;
    h.pid = 999999999;
    h.clock_kind = KIWI_CLOCK_MONOTONIC_NS;
    h.start_ticks = START;
    h.start_realtime_ns = 1700000000000000000ull;
    h.ticks_per_second = 1000000000;
    h.clock[0] = (struct kiwi_clock_pair){START, START};
    h.end_kind = KIWI_END_EXIT;
    h.end_ticks = 2 * START;
    h.page_size = PAGE;
    for (uint32_t id = 1; id < KIWI_TABLE_LIMIT; id++) {
        struct table *t = &tables[id];
        uint64_t bytes = (uint64_t)t->capacity * t->row_size;

        if (!t->rows)
            continue;
        h.tables[id] = (struct kiwi_table){id, t->row_size, offset, t->capacity, t->used, bytes};
        h.table_count++;
        if (fseek(file, (long)offset, SEEK_SET) || fwrite(t->rows, t->row_size, t->capacity, file) != t->capacity)
            return -1;
        offset = (offset + bytes + PAGE - 1) / PAGE * PAGE;
    }
    h.file_size = offset;
    if (fseek(file, (long)offset - 1, SEEK_SET) || fputc(0, file) == EOF)
        return -1;
    rewind(file);
    return fwrite(&h, sizeof h, 1, file) == 1 && fclose(file) == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    uint32_t locks = argc == 4 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    uint32_t rows = argc == 4 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;

    if (locks < 10 || rows < locks || locks > 10000000 || rows > 20000000) {
        fprintf(stderr, "usage: lock_graph LOCKS ROWS FILE, with at least as many rows as locks\n");
        return 2;
    }
#define X(id, name, type) table_make(id, sizeof(type), 64);
    KIWI_TABLES(X)
#undef X
    table_make(KIWI_TABLE_FRAMES, 8, STACKS * 4 + 4);
    table_make(KIWI_TABLE_STACKS, sizeof(struct kiwi_stack), STACKS);
    table_make(KIWI_TABLE_THREADS, sizeof(struct kiwi_thread), THREADS + 1);
    table_make(KIWI_TABLE_SEGMENTS, sizeof(struct kiwi_segment), SEGMENTS);
    table_make(KIWI_TABLE_OBJECTS, sizeof(struct kiwi_object), locks + 1);
    table_make(KIWI_TABLE_ACQUISITIONS, sizeof(struct kiwi_acquisition), rows + 1);
    fill_places();
    fill_threads();
    fill_objects(locks);
    fill_acquisitions(locks, rows + 1);
    tables[KIWI_TABLE_FRAMES].used = STACKS * 4 + 4;
    tables[KIWI_TABLE_STACKS].used = STACKS;
    tables[KIWI_TABLE_CLASSES].used = 2;
    tables[KIWI_TABLE_THREADS].used = THREADS + 1;
    tables[KIWI_TABLE_SEGMENTS].used = SEGMENTS;
    tables[KIWI_TABLE_OBJECTS].used = locks + 1;
    if (write_all(argv[3])) {
        perror(argv[3]);
        return 1;
    }
    return 0;
}
