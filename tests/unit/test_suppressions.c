/* suppressions.h: the file's grammar and its errors; which findings an entry fits. render.h: entries from findings. */
#include "../../analysis/render/render.h"
#include "../../analysis/suppressions.h"
#include "../lib/trace_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct suppressions entries;
    char path[64], error[512];
    struct trace_builder *builder;
    struct trace *trace;
    struct model *model;
    struct finding_list list;
};

/* A finding about the lock "cache_lock" in a service whose functions have no names. */
static struct finding *make_finding(struct fixture *x)
{
    struct trace_builder *b = x->builder = builder_open();
    uint32_t main = builder_thread(b, "main"), lock = builder_mutex(b, 0x5000), stack;
    struct finding *f;

    builder_module(b, "/usr/bin/service", 0x400000, 0x100000);
    builder_module(b, "/usr/lib/libnet.so.2", 0x700000, 0x100000);
    stack = builder_stack(b, 2, 0x401005ul, 0x701005ul);
    builder_object_row(b, lock)->name = builder_string(b, "cache_lock");
    x->trace = builder_trace(b);
    x->model = model_open(x->trace, NULL);
    assert_non_null(x->model);
    f = finding_add(&x->list, FINDING_DESTROY_BUSY);
    assert_non_null(f);
    finding_object(f, x->model, lock);
    finding_stack(f, x->model, stack, main, "the offending call");
    assert_false(f->incomplete);
    return f;
}

static int set_up(void **state)
{
    struct fixture *x = *state = calloc(1, sizeof *x);
    int fd;

    if (!x)
        return -1;
    snprintf(x->path, sizeof x->path, "/tmp/test_suppressions.XXXXXX");
    fd = mkstemp(x->path);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    struct fixture *x = *state;

    unlink(x->path);
    suppressions_release(&x->entries);
    finding_list_release(&x->list);
    model_close(x->model);
    trace_close(x->trace);
    builder_close(x->builder);
    free(x);
    return 0;
}

static int read_bytes(struct fixture *x, const char *text, size_t size)
{
    FILE *out = fopen(x->path, "w");

    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
    return suppressions_read(&x->entries, x->path, x->error, sizeof x->error);
}

static int read_text(struct fixture *x, const char *text)
{
    return read_bytes(x, text, strlen(text));
}

/* The message begins with the file's name, which differs from run to run. */
static void assert_refused(struct fixture *x, const char *text, const char *reason)
{
    assert_int_equal(read_text(x, text), -1);
    assert_memory_equal(x->error, x->path, strlen(x->path));
    assert_string_equal(x->error + strlen(x->path), reason);
}

static void suppressions__entries_are_read_in_order(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(read_text(x, "# first\n\n[lock-*]\r\n  reason =  why not = so  \nfunction = a b<c, d>\n"
                                  "lock=#1\n\n[deadlock]\n[*]\nmodule = x"),
                     0);
    assert_int_equal(x->entries.count, 3);
    assert_string_equal(x->entries.entries[0].id, "lock-*");
    assert_string_equal(x->entries.entries[0].reason, "why not = so");
    assert_int_equal(x->entries.entries[0].line, 3);
    assert_int_equal(x->entries.entries[0].condition_count, 2);
    assert_string_equal(x->entries.entries[0].conditions[0].pattern, "a b<c, d>");
    assert_string_equal(x->entries.entries[0].conditions[1].pattern, "#1");
    assert_int_equal(x->entries.entries[1].condition_count, 0);
    assert_null(x->entries.entries[1].reason);
    assert_int_equal(x->entries.entries[2].line, 9);
}

static void suppressions__an_empty_file_hides_nothing(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(read_text(x, ""), 0);
    assert_int_equal(x->entries.count, 0);
    assert_int_equal(suppressions_find(&x->entries, make_finding(x)), -1);
}

static void suppressions__mistakes_are_told_with_their_line(void **state)
{
    struct fixture *x = *state;

    assert_refused(x, "\nlock = x\n", ":2: an entry begins with its [finding-id]");
    assert_refused(x, "[dead-lock]\n", ":1: no finding has the id 'dead-lock'");
    assert_refused(x, "[deadlock\n", ":1: a ']' is missing after the finding's id");
    assert_refused(x, "[]\n", ":1: no finding has the id ''");
    assert_refused(x, "[deadlock]\nline = 3\n",
                   ":2: want reason, location, function, file, module, lock or object, not 'line'");
    assert_refused(x, "[deadlock]\nfunction\n", ":2: want 'key = pattern', not 'function'");
    assert_refused(x, "[deadlock]\nfunction =\n", ":2: no value after 'function'");
    assert_refused(x, "[deadlock]\nreason = a\nreason = b\n", ":3: this entry has a reason already");
    assert_refused(x, "\n[*]\nreason = all of it\n[deadlock]\n",
                   ":2: this entry hides every finding: name an id or give a condition");
    assert_refused(x, "[**]", ":1: this entry hides every finding: name an id or give a condition");
    assert_int_equal(read_bytes(x, "[deadlock]\n\0\n", 13), -1);
    assert_non_null(strstr(x->error, ":2: not a text file"));
}

static void suppressions__unreadable_files_are_told(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(suppressions_read(&x->entries, "/nowhere/x", x->error, sizeof x->error), -1);
    assert_string_equal(x->error, "/nowhere/x: No such file or directory");
    assert_int_equal(suppressions_read(&x->entries, "/", x->error, sizeof x->error), -1);
    assert_string_equal(x->error, "/: Is a directory");
}

static void suppressions__all_conditions_must_hold(void **state)
{
    struct fixture *x = *state;
    const struct finding *f = make_finding(x);

    assert_int_equal(read_text(x, "[deadlock]\nlock = cache_lock\n"                        /* another finding */
                                  "[destroy-busy]\nlock = cache\n"                         /* another lock */
                                  "[destroy-busy]\nlock = cache_lock\nmodule = libz.so*\n" /* one of two */
                                  "[destroy-*]\nlock = cache*\nmodule = libnet.so*\nmodule = bin/service\n"
                                  "[*]\nobject = cache_lock\n"),
                     0);
    assert_int_equal(suppressions_find(&x->entries, f), 3);
    assert_false(x->entries.entries[0].matched);
    assert_false(x->entries.entries[1].matched);
    assert_false(x->entries.entries[2].matched);
    assert_true(x->entries.entries[3].matched);
    assert_true(x->entries.entries[4].matched); /* would have hidden it too */
}

static void suppressions__unknown_functions_match_nothing(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(read_text(x, "[destroy-busy]\nfunction = *\n[destroy-busy]\nlocation = *\n[*]\nfile = *\n"), 0);
    assert_int_equal(suppressions_find(&x->entries, make_finding(x)), -1);
}

static void suppressions__generated_entries_hide_their_finding(void **state)
{
    struct fixture *x = *state;
    struct finding *f = make_finding(x);
    struct review r = {0};
    char *text = NULL;
    size_t size;
    FILE *out;

    finding_set(f, &f->title, "cache_lock is destroyed while it is held");
    r.findings = x->list;
    out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(review_render_suppressions(&r, out, NULL), 0);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "# CRITICAL: cache_lock is destroyed while it is held\n[destroy-busy]\n"));
    assert_non_null(strstr(text, "module = service\nlock = cache_lock\n"));
    assert_int_equal(read_bytes(x, text, size), 0);
    assert_int_equal(suppressions_find(&x->entries, f), 0);
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(suppressions__entries_are_read_in_order),
            TEST(suppressions__an_empty_file_hides_nothing),
            TEST(suppressions__mistakes_are_told_with_their_line),
            TEST(suppressions__unreadable_files_are_told),
            TEST(suppressions__all_conditions_must_hold),
            TEST(suppressions__unknown_functions_match_nothing),
            TEST(suppressions__generated_entries_hide_their_finding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
