/* reader.h: sound traces come back whole; damaged ones give what can be read and say what is wrong. */
#include "../lib/trace_builder.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A builder, its bytes for spoiling, and the trace read from them. */
struct fixture {
    struct trace_builder *builder;
    char *bytes;
    size_t size;
    char error[256];
    struct trace *trace;
    char directory[32];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (!f)
        return -1;
    f->builder = builder_open();
    snprintf(f->directory, sizeof f->directory, "/tmp/kiwi-reader-XXXXXX");
    *state = f;
    return mkdtemp(f->directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char command[64];

    trace_close(f->trace);
    builder_close(f->builder);
    snprintf(command, sizeof command, "rm -rf %s", f->directory);
    int status = system(command);
    free(f->bytes);
    free(f);
    return status;
}

static struct kiwi_header *spoil(struct fixture *f)
{
    const void *bytes = builder_bytes(f->builder, &f->size);

    free(f->bytes);
    f->bytes = malloc(f->size);
    assert_non_null(f->bytes);
    memcpy(f->bytes, bytes, f->size);
    return (struct kiwi_header *)f->bytes;
}

static struct trace *reopen(struct fixture *f)
{
    trace_close(f->trace);
    f->error[0] = '\0';
    f->trace = trace_from_memory(f->bytes, f->size, "test", f->error, sizeof f->error);
    return f->trace;
}

static const char *in_directory(const struct fixture *f, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", f->directory, name);
    return path;
}

static void assert_problem(const struct trace *t, const char *line)
{
    for (unsigned i = 0; i < trace_problems(t); i++)
        if (strcmp(trace_problem(t, i), line) == 0)
            return;
    for (unsigned i = 0; i < trace_problems(t); i++)
        print_message("problem: %s\n", trace_problem(t, i));
    fail_msg("no problem says: %s", line);
}

static void reader__sound_trace_comes_back_whole(void **state)
{
    struct fixture *f = *state;
    struct trace_builder *b = f->builder;
    uint32_t depth, thread = builder_thread(b, "main");
    uint32_t stack = builder_stack(b, 2, UINT64_C(0x401000), UINT64_C(0x402000));
    uint32_t object = builder_mutex(b, 0x5000);
    uint32_t row = builder_acquire(b, thread, 0, object, stack);
    struct trace *t = f->trace = builder_trace(b);

    assert_int_equal(trace_problems(t), 0);
    assert_string_equal(trace_path(t), "built.trace");
    assert_string_equal(trace_string(t, trace_header(t)->executable), "/usr/bin/example");
    assert_string_equal(trace_thread(t, thread)->name, "main");
    assert_int_equal(trace_object(t, object)->address, 0x5000);
    assert_int_equal(trace_acquisition(t, row)->stack, stack);
    const uint64_t *frames = trace_frames(t, stack, &depth);
    assert_int_equal(depth, 2);
    assert_int_equal(frames[1], 0x402000);
    assert_null(trace_object(t, 0));
    assert_null(trace_object(t, object + 1));
    assert_null(trace_row(t, 99, 1));
    assert_false(trace_is_live(t));
}

static void reader__unpublished_row_is_no_row(void **state)
{
    struct fixture *f = *state;
    uint32_t object = builder_mutex(f->builder, 0x5000);

    builder_object_row(f->builder, object)->state = KIWI_ROW_EMPTY;
    f->trace = builder_trace(f->builder);
    assert_null(trace_object(f->trace, object));
    assert_non_null(trace_raw_row(f->trace, KIWI_TABLE_OBJECTS, object));
}

static void reader__foreign_files_are_refused_with_a_reason(void **state)
{
    struct fixture *f = *state;
    struct kiwi_header *h = spoil(f);
    size_t whole = f->size;

    f->size = 0;
    assert_null(reopen(f));
    assert_string_equal(f->error, "the file is empty");
    f->size = 10;
    assert_null(reopen(f));
    assert_string_equal(f->error, "cut off at byte 10 inside the header");
    f->size = 500;
    assert_null(reopen(f));
    assert_string_equal(f->error, "cut off at byte 500 inside the header");
    f->size = whole;
    h->major = 2;
    assert_null(reopen(f));
    assert_string_equal(f->error, "newer format 2.0, this kiwi reads 1.x");
    h->major = KIWI_TRACE_MAJOR;
    h->byte_order = __builtin_bswap32(KIWI_TRACE_BYTE_ORDER);
    assert_null(reopen(f));
    assert_string_equal(f->error, "written in the other byte order");
    h->byte_order = KIWI_TRACE_BYTE_ORDER;
    h->state = KIWI_ROW_EMPTY;
    assert_null(reopen(f));
    assert_string_equal(f->error, "the recorder had not finished the header");
    memcpy(h->magic, "\177ELF\"\\x\n", 8);
    assert_null(reopen(f));
    assert_string_equal(f->error, "not a Kiwi trace: starts with \"\\x7fELF\\x22\\x5cx\\x0a\"");
}

static void reader__newer_minor_version_is_read(void **state)
{
    struct fixture *f = *state;
    uint32_t object = builder_mutex(f->builder, 0x5000);
    struct kiwi_header *h = spoil(f);

    h->minor = KIWI_TRACE_MINOR + 7;
    h->header_size += 64;
    h->tables[30] = (struct kiwi_table){30, 64, 4096, 10, 5, 4096};
    assert_non_null(reopen(f));
    assert_int_equal(trace_problems(f->trace), 0);
    assert_non_null(trace_object(f->trace, object));
}

static void reader__cut_file_gives_the_rows_before_the_cut(void **state)
{
    struct fixture *f = *state;
    char line[256];
    uint32_t first = builder_mutex(f->builder, 0x5000), last = first;

    while (last < 100)
        last = builder_mutex(f->builder, 0x6000 + 64 * last);
    struct kiwi_header *h = spoil(f);
    /* In the middle of a row: what was cut is no row. */
    f->size = h->tables[KIWI_TABLE_OBJECTS].offset + 50 * sizeof(struct kiwi_object) + 60;
    assert_non_null(reopen(f));
    assert_non_null(trace_object(f->trace, first));
    assert_non_null(trace_object(f->trace, 49));
    assert_null(trace_object(f->trace, 50));
    snprintf(line, sizeof line, "cut off at byte %zu inside table OBJECTS (row 50 of 101)", f->size);
    assert_problem(f->trace, line);
}

static void reader__counts_beyond_the_file_are_clipped(void **state)
{
    struct fixture *f = *state;
    uint32_t object = builder_mutex(f->builder, 0x5000);
    struct kiwi_header *h = spoil(f);
    struct kiwi_table *d = &h->tables[KIWI_TABLE_OBJECTS];

    d->used = d->ready = UINT64_MAX;
    d->capacity = UINT64_MAX / d->row_size;
    assert_non_null(reopen(f));
    assert_non_null(trace_object(f->trace, object));
    assert_true(trace_rows(f->trace, KIWI_TABLE_OBJECTS) <= f->size / sizeof(struct kiwi_object));
    d->capacity = UINT64_MAX;
    assert_non_null(reopen(f));
    assert_int_equal(trace_rows(f->trace, KIWI_TABLE_OBJECTS), 0);
    assert_problem(f->trace, "table OBJECTS can not be read: its capacity is impossible");
}

static void reader__refused_rows_are_not_damage(void **state)
{
    struct fixture *f = *state;

    builder_mutex(f->builder, 0x5000);
    struct kiwi_header *h = spoil(f);
    struct kiwi_table *d = &h->tables[KIWI_TABLE_OBJECTS];

    d->used = d->capacity + 1000; /* rows that found the table full */
    assert_non_null(reopen(f));
    assert_int_equal(trace_problems(f->trace), 0);
    assert_int_equal(trace_rows(f->trace, KIWI_TABLE_OBJECTS), d->capacity);
}

static void reader__impossible_descriptors_lose_one_table_only(void **state)
{
    struct fixture *f = *state;
    uint32_t thread = builder_thread(f->builder, "main");

    builder_mutex(f->builder, 0x5000);
    struct kiwi_header *h = spoil(f);
    h->tables[KIWI_TABLE_OBJECTS].id = 3;
    h->tables[KIWI_TABLE_STACKS].row_size = 0;
    h->tables[KIWI_TABLE_FRAMES].row_size = 16;
    h->tables[KIWI_TABLE_CALLS].offset = 8;
    h->tables[KIWI_TABLE_MISUSES].row_size = 1;
    h->tables[KIWI_TABLE_SEGMENTS] = (struct kiwi_table){0};
    assert_non_null(reopen(f));
    assert_int_equal(trace_problems(f->trace), 6);
    assert_problem(f->trace, "table OBJECTS can not be read: its descriptor carries another id");
    assert_problem(f->trace, "table STACKS can not be read: its row size is impossible");
    assert_problem(f->trace, "table FRAMES can not be read: its row size is not that of this format");
    assert_problem(f->trace, "table CALLS can not be read: it is said to lie inside the header or past any file");
    assert_problem(f->trace, "table MISUSES can not be read: its row size is impossible");
    assert_problem(f->trace, "table SEGMENTS can not be read: it is missing");
    assert_non_null(trace_thread(f->trace, thread));
}

static void reader__overlapping_tables_cost_no_more_than_the_file(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 1000; i++)
        builder_mutex(f->builder, 0x5000 + i * 64);
    struct kiwi_header *h = spoil(f);
    for (unsigned id = KIWI_TABLE_CLASSES; id <= KIWI_TABLE_HELD; id++) {
        h->tables[id].offset = sizeof(struct kiwi_header);
        h->tables[id].used = h->tables[id].capacity = f->size / h->tables[id].row_size;
        h->tables[id].ready = f->size;
    }
    assert_non_null(reopen(f));
    uint64_t total = 0;
    for (unsigned id = 1; id < KIWI_TABLE_LIMIT; id++)
        total += (uint64_t)trace_rows(f->trace, id) * h->tables[id].row_size;
    assert_true(total <= f->size + KIWI_TABLE_LIMIT * sizeof(struct kiwi_slot));
    assert_true(trace_problems(f->trace) > 0);
}

static void reader__narrow_rows_are_extended_with_zeros(void **state)
{
    struct fixture *f = *state;
    struct kiwi_header *h;
    const uint32_t narrow = offsetof(struct kiwi_object, block_caller) + 8;

    builder_object_row(f->builder, builder_mutex(f->builder, 0x5000))->contended = 77;
    builder_object_row(f->builder, builder_mutex(f->builder, 0x6000))->block_size = 96;
    h = spoil(f);
    struct kiwi_table *d = &h->tables[KIWI_TABLE_OBJECTS];
    for (unsigned i = 1; i < 3; i++)
        memmove(f->bytes + d->offset + i * narrow, f->bytes + d->offset + i * sizeof(struct kiwi_object), narrow);
    d->row_size = narrow;
    assert_non_null(reopen(f));
    assert_int_equal(trace_object(f->trace, 1)->address, 0x5000);
    assert_int_equal(trace_object(f->trace, 1)->contended, 0);
    assert_int_equal(trace_object(f->trace, 2)->address, 0x6000);
    assert_int_equal(trace_object(f->trace, 2)->block_size, 96);
}

static void reader__wide_rows_keep_their_stride(void **state)
{
    struct fixture *f = *state;
    const uint32_t wide = sizeof(struct kiwi_segment) + 8;
    uint32_t thread = builder_thread(f->builder, "main");

    builder_segment(f->builder, thread, 0, 0);
    builder_segment(f->builder, thread, 1, 0);
    struct kiwi_header *h = spoil(f);
    struct kiwi_table *d = &h->tables[KIWI_TABLE_SEGMENTS];
    char *rows = f->bytes + d->offset;
    for (unsigned i = 2; i > 0; i--)
        memmove(rows + i * wide, rows + i * sizeof(struct kiwi_segment), sizeof(struct kiwi_segment));
    d->row_size = wide;
    d->capacity = 4096 / wide;
    assert_non_null(reopen(f));
    assert_int_equal(trace_problems(f->trace), 0);
    assert_int_equal(trace_segment(f->trace, 2)->previous, 1);
}

static void reader__wild_references_are_reported_with_their_place(void **state)
{
    struct fixture *f = *state;
    struct trace_builder *b = f->builder;
    uint32_t thread = builder_thread(b, "main"), object = builder_mutex(b, 0x5000);
    uint32_t row = builder_acquire(b, thread, 0, object, 4242);

    builder_acquire(b, thread, row, object, 4243);
    builder_stack(b, 1, UINT64_C(0x401000));
    ((struct kiwi_stack *)builder_at(b, KIWI_TABLE_STACKS, 1))->depth = 0x40000000;
    builder_object_row(b, builder_mutex(b, 0x6000))->state = 9;
    f->trace = builder_trace(b);
    assert_problem(f->trace, "ACQUISITIONS row 1: stack is 4242, but STACKS ends at row 2 (and in 1 more row)");
    assert_problem(f->trace, "STACKS row 1: 1073741824 frames from row 1, but FRAMES ends at row 2");
    assert_problem(f->trace, "OBJECTS row 2: unknown state 9");
    uint32_t depth;
    assert_non_null(trace_frames(f->trace, 1, &depth));
    assert_int_equal(depth, 1);
    assert_null(trace_frames(f->trace, 4242, &depth));
    assert_int_equal(depth, 0);
}

static void reader__text_is_safe_to_print(void **state)
{
    struct fixture *f = *state;
    uint32_t bad = builder_string(f->builder, "red \033[31m \xc3\xa9 \xff\xfe \x7f");
    uint32_t thread = builder_thread(f->builder, "x");

    memcpy(builder_thread_row(f->builder, thread)->name, "no end\001of this..", 16);
    /* The last string of the table has no NUL. */
    uint32_t open_end = builder_string(f->builder, "open");
    struct kiwi_header *h = spoil(f);
    h->tables[KIWI_TABLE_STRINGS].used--;
    h->tables[KIWI_TABLE_STRINGS].ready = h->tables[KIWI_TABLE_STRINGS].used;
    assert_non_null(reopen(f));
    assert_string_equal(trace_string(f->trace, bad), "red ?[31m \xc3\xa9 ?? ?");
    assert_string_equal(trace_raw_string(f->trace, bad), "red \033[31m \xc3\xa9 \xff\xfe \x7f");
    assert_string_equal(trace_thread(f->trace, thread)->name, "no end?of this.");
    assert_string_equal(trace_string(f->trace, open_end), "open");
    assert_string_equal(trace_string(f->trace, 0), "");
    assert_string_equal(trace_string(f->trace, UINT32_MAX), "");
}

static void reader__last_ticks_is_the_latest_plausible_time(void **state)
{
    struct fixture *f = *state;
    uint32_t thread = builder_thread(f->builder, "main");

    builder_thread_row(f->builder, thread)->end_ticks = UINT64_MAX; /* damage */
    builder_slot_row(f->builder, thread)->events[3].ticks = BUILDER_START + 5000;
    builder_header(f->builder)->end_ticks = BUILDER_START + 4000;
    f->trace = builder_trace(f->builder);
    assert_int_equal(trace_last_ticks(f->trace), BUILDER_START + 5000);
    assert_int_equal(trace_ns_at(f->trace, BUILDER_START + 5000), 5000);
    assert_int_equal(trace_ns_at(f->trace, 0), 0);
    assert_int_equal(trace_realtime_ns(f->trace, BUILDER_START + 5000), BUILDER_REALTIME + 5000);
    assert_int_equal(trace_realtime_ns(f->trace, 0), 0);
    assert_int_equal(trace_realtime_ns(f->trace, UINT64_MAX), UINT64_MAX);
}

static void reader__files_are_opened_through_links(void **state)
{
    struct fixture *f = *state;
    char path[64], link[64];

    builder_write(f->builder, in_directory(f, "a.trace", path, sizeof path));
    assert_int_equal(symlink(path, in_directory(f, "link", link, sizeof link)), 0);
    f->trace = trace_open(link, f->error, sizeof f->error);
    assert_non_null(f->trace);
    assert_string_equal(trace_path(f->trace), link);
    assert_int_equal(trace_problems(f->trace), 0);
}

static void reader__what_is_no_regular_file_is_refused(void **state)
{
    struct fixture *f = *state;
    char path[64];

    assert_null(trace_open(f->directory, f->error, sizeof f->error));
    assert_string_equal(f->error, "is a directory");
    assert_int_equal(mkfifo(in_directory(f, "fifo", path, sizeof path), 0600), 0);
    assert_null(trace_open(path, f->error, sizeof f->error));
    assert_string_equal(f->error, "is not a regular file");
    assert_null(trace_open(in_directory(f, "none", path, sizeof path), f->error, sizeof f->error));
    assert_string_equal(f->error, strerror(ENOENT));
}

static void reader__holes_cost_nothing(void **state)
{
    struct fixture *f = *state;
    char path[64];
    const uint64_t far = UINT64_C(1) << 36;
    uint32_t object = builder_mutex(f->builder, 0x5000);
    struct kiwi_header *h = spoil(f);
    struct kiwi_table *d = &h->tables[KIWI_TABLE_OBJECTS];

    d->capacity = d->used = far / d->row_size;
    d->ready = far;
    d->offset = h->file_size;
    h->file_size += far;
    int fd = open(in_directory(f, "sparse", path, sizeof path), O_CREAT | O_RDWR, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, f->bytes, f->size, 0), f->size);
    struct kiwi_object row = {.state = KIWI_ROW_LIVE, .address = 0x7000};
    assert_int_equal(pwrite(fd, &row, sizeof row, (off_t)(d->offset + sizeof row)), sizeof row);
    assert_int_equal(ftruncate(fd, (off_t)h->file_size), 0);
    close(fd);
    f->trace = trace_open(path, f->error, sizeof f->error);
    assert_non_null(f->trace);
    assert_int_equal(trace_object(f->trace, object)->address, 0x7000);
    assert_true(trace_rows(f->trace, KIWI_TABLE_OBJECTS) < 10000);
}

/* A process that maps the trace, as a recorded one does; it ends with its standard input. */
static pid_t map_in_child(const char *path, int *stdin_fd)
{
    int ends[2], ready[2];
    char byte;

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[1]);
        int fd = open(path, O_RDWR);
        struct kiwi_header *h = mmap(NULL, sizeof *h, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (h != MAP_FAILED) {
            h->pid = (uint32_t)getpid();
            _exit(write(ready[1], "!", 1) == 1 && read(ends[0], &byte, 1) < 0);
        }
        _exit(1);
    }
    close(ends[0]);
    *stdin_fd = ends[1];
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void reader__a_process_that_maps_the_trace_is_live(void **state)
{
    struct fixture *f = *state;
    char path[64];
    int stdin_fd, status;
    uint32_t thread = builder_thread(f->builder, "main");

    builder_write(f->builder, in_directory(f, "live", path, sizeof path));
    pid_t pid = map_in_child(path, &stdin_fd);
    f->trace = trace_open(path, f->error, sizeof f->error);
    assert_non_null(f->trace);
    assert_true(trace_is_live(f->trace));
    assert_true(trace_slot_settled(f->trace, trace_thread(f->trace, thread)->slot));
    assert_false(trace_slot_settled(f->trace, 4000));
    trace_close(f->trace);
    close(stdin_fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    f->trace = trace_open(path, f->error, sizeof f->error);
    assert_false(trace_is_live(f->trace));
    assert_true(trace_slot_settled(f->trace, trace_thread(f->trace, thread)->slot));
}

static void reader__a_reused_process_id_is_not_live(void **state)
{
    struct fixture *f = *state;
    char path[64];

    builder_header(f->builder)->pid = (uint32_t)getpid();
    builder_write(f->builder, in_directory(f, "old", path, sizeof path));
    f->trace = trace_open(path, f->error, sizeof f->error);
    assert_non_null(f->trace);
    assert_false(trace_is_live(f->trace));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
            TEST(reader__sound_trace_comes_back_whole),
            TEST(reader__unpublished_row_is_no_row),
            TEST(reader__foreign_files_are_refused_with_a_reason),
            TEST(reader__newer_minor_version_is_read),
            TEST(reader__cut_file_gives_the_rows_before_the_cut),
            TEST(reader__counts_beyond_the_file_are_clipped),
            TEST(reader__refused_rows_are_not_damage),
            TEST(reader__impossible_descriptors_lose_one_table_only),
            TEST(reader__overlapping_tables_cost_no_more_than_the_file),
            TEST(reader__narrow_rows_are_extended_with_zeros),
            TEST(reader__wide_rows_keep_their_stride),
            TEST(reader__wild_references_are_reported_with_their_place),
            TEST(reader__text_is_safe_to_print),
            TEST(reader__last_ticks_is_the_latest_plausible_time),
            TEST(reader__files_are_opened_through_links),
            TEST(reader__what_is_no_regular_file_is_refused),
            TEST(reader__holes_cost_nothing),
            TEST(reader__a_process_that_maps_the_trace_is_live),
            TEST(reader__a_reused_process_id_is_not_live),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
