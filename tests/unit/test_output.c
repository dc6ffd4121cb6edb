/* output.h: where a trace goes. The module belongs to the preloaded part, so it is compiled into this test. */
#include "../../interpose/process/output.c"
#include "recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];

static int setup(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/test-output-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **state)
{
    char command[256];

    (void)state;
    snprintf(command, sizeof command, "rm -rf $(readlink -m %s/*) %s", directory, directory);
    return system(command);
}

static struct output_request request(const char *name)
{
    static char pattern[256];
    snprintf(pattern, sizeof pattern, "%s/%s", directory, name);
    return (struct output_request){.pattern = pattern, .names = {42, "/usr/bin/service", "host", 0}, .size = 4u << 20};
}

static void close_output(struct output *o)
{
    sys_munmap(o->base, o->size);
    region = (struct region){0};
}

static bool opens(struct output *o, const struct output_request *r, char *error, size_t size)
{
    error[0] = '\0';
    bool opened = output_open(o, r, error, size);
    assert_int_equal(opened, !error[0]);
    return opened;
}

static const char *base_of(const char *path)
{
    return strrchr(path, '/') + 1;
}

static void output__makes_a_whole_empty_trace(void **state)
{
    struct output o;
    struct output_request r = request("%e-%p.trace");
    char error[512];
    struct stat s;

    (void)state;
    assert_true(opens(&o, &r, error, sizeof error));
    assert_string_equal(base_of(o.name), "service-42.trace");
    assert_int_equal(stat(o.name, &s), 0); /* through the link, if there is one */
    assert_int_equal(s.st_size, o.size);
    assert_int_equal(s.st_mode & 07777, 0600);
    assert_ptr_equal(region.header, o.base);
    assert_memory_equal(region.header->magic, KIWI_TRACE_MAGIC, 8);
    assert_int_equal(region.header->file_size, o.size);
    close_output(&o);
}

static void output__taken_names_get_numbers(void **state)
{
    struct output o;
    struct output_request r = request("same");
    char error[512];
    static const char *const expected[] = {"same", "same.1", "same.2"};

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_true(opens(&o, &r, error, sizeof error));
        assert_string_equal(base_of(o.name), expected[i]);
        close_output(&o);
    }
}

static void output__children_are_told_apart(void **state)
{
    struct output o;
    struct output_request r = request("plain");
    char error[512];

    (void)state;
    r.child = true;
    assert_true(opens(&o, &r, error, sizeof error));
    assert_string_equal(base_of(o.name), "plain.42");
    close_output(&o);
    r = request("with-%p");
    r.child = true;
    assert_true(opens(&o, &r, error, sizeof error));
    assert_string_equal(base_of(o.name), "with-42");
    close_output(&o);
}

static void output__nobody_elses_file_is_touched(void **state)
{
    struct output o;
    struct output_request r = request("precious");
    char error[512], victim[128];
    struct stat s;

    (void)state;
    snprintf(victim, sizeof victim, "%s/victim", directory);
    FILE *f = fopen(victim, "w");
    assert_non_null(f);
    fputs("precious", f);
    fclose(f);
    assert_int_equal(symlink(victim, r.pattern), 0);
    assert_true(opens(&o, &r, error, sizeof error));
    assert_string_equal(base_of(o.name), "precious.1");
    assert_int_equal(stat(victim, &s), 0);
    assert_int_equal(s.st_size, 8);
    close_output(&o);
}

static void output__says_what_is_wrong(void **state)
{
    struct output o;
    struct output_request r = request("no/such/place");
    char error[512], expected[512];

    (void)state;
    assert_false(opens(&o, &r, error, sizeof error));
    snprintf(expected, sizeof expected,
             "kiwi: cannot create trace '%s': No such file or directory; this process is not recorded (set out= to a "
             "place "
             "that can be written)",
             r.pattern);
    assert_string_equal(error, expected);
    r.pattern = "/proc/%p.trace";
    assert_false(opens(&o, &r, error, sizeof error));
    char *long_name = malloc(6000);
    memset(long_name, 'x', 5999);
    long_name[0] = '/';
    long_name[5999] = '\0';
    r.pattern = long_name;
    assert_false(opens(&o, &r, error, sizeof error));
    free(long_name);
}

static void output__too_small_leaves_nothing_behind(void **state)
{
    struct output o;
    struct output_request r = request("small");
    char error[512];

    (void)state;
    r.size = REGION_MIN / 2;
    assert_false(opens(&o, &r, error, sizeof error));
    assert_int_not_equal(access(r.pattern, F_OK), 0);
    assert_null(region.header);
}

static void output__no_descriptor_stays_open(void **state)
{
    struct output o;
    struct output_request r = request("closed");
    char error[512];
    int before = dup(0);

    (void)state;
    close(before);
    assert_true(opens(&o, &r, error, sizeof error));
    assert_int_equal(dup(0), before);
    close(before);
    close_output(&o);
    r.size = 4096;
    assert_false(opens(&o, &r, error, sizeof error));
    assert_int_equal(dup(0), before);
    close(before);
}

static bool is_link(const char *path)
{
    struct stat s;
    assert_int_equal(lstat(path, &s), 0);
    return S_ISLNK(s.st_mode);
}

static void output__settles_in_place_of_its_link(void **state)
{
    struct output o;
    struct output_request r = request("settled");
    char error[512];

    (void)state;
    assert_true(opens(&o, &r, error, sizeof error));
    output_settle(&o);
    assert_false(is_link(o.name));
    assert_int_equal(access(o.place, F_OK), strcmp(o.name, o.place) == 0 ? 0 : -1);
    close_output(&o);
}

/* Nobody but its owner can remove a file of /dev/shm: a copy would leave the first one there with no name to find
 * it. */
static void output__another_user_leaves_the_link(void **state)
{
    struct output o;
    struct output_request r = request("handed-down");
    char error[512];

    (void)state;
    assert_int_equal(chmod(directory, 0777), 0);
    assert_true(opens(&o, &r, error, sizeof error));
    if (!is_link(o.name) || seteuid(65534) != 0) {
        close_output(&o);
        skip(); /* no room in /dev/shm, or not root */
    }
    output_settle(&o);
    assert_int_equal(seteuid(0), 0);
    assert_true(is_link(o.name));
    assert_int_equal(access(o.name, F_OK), 0);
    close_output(&o);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(output__makes_a_whole_empty_trace),    FRESH(output__taken_names_get_numbers),
            FRESH(output__children_are_told_apart),      FRESH(output__nobody_elses_file_is_touched),
            FRESH(output__says_what_is_wrong),           FRESH(output__too_small_leaves_nothing_behind),
            FRESH(output__no_descriptor_stays_open),     FRESH(output__settles_in_place_of_its_link),
            FRESH(output__another_user_leaves_the_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
