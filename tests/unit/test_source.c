/* source.h and liveness.h: files with holes, and processes that are or are not the recorded one. */
#include "../../analysis/liveness.h"
#include "../../analysis/source.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define HOLE (1 << 20)

/* 4 bytes, a hole of a megabyte, 4 bytes, and a hole at the end. */
static int sparse_file(void **state)
{
    static char path[32];
    int fd;

    strcpy(path, "/tmp/kiwi-source-XXXXXX");
    fd = mkstemp(path);
    if (fd < 0 || pwrite(fd, "abcd", 4, 0) != 4 || pwrite(fd, "wxyz", 4, HOLE) != 4 || ftruncate(fd, 4 * HOLE) != 0)
        return -1;
    *state = path;
    return close(fd);
}

static int remove_file(void **state)
{
    return unlink(*state);
}

static void source__reads_stop_at_the_end(void **state)
{
    struct source s;
    char bytes[16], error[64];

    assert_true(source_open(&s, *state, error, sizeof error));
    assert_int_equal(s.size, 4 * HOLE);
    assert_int_equal(source_read(&s, 0, bytes, 4), 4);
    assert_memory_equal(bytes, "abcd", 4);
    assert_int_equal(source_read(&s, 4 * HOLE - 3, bytes, sizeof bytes), 3);
    assert_int_equal(source_read(&s, 4 * HOLE, bytes, sizeof bytes), 0);
    assert_int_equal(source_read(&s, UINT64_MAX, bytes, sizeof bytes), 0);
    source_close(&s);
}

static void source__holes_are_skipped(void **state)
{
    struct source s;
    char error[64], *bytes = calloc(1, 2 * HOLE);

    assert_true(source_open(&s, *state, error, sizeof error));
    uint64_t end = source_data_end(&s, 0, UINT64_MAX);
    assert_true(end >= HOLE + 4 && end <= 4 * HOLE); /* how far a block reaches is the file system's business */
    assert_true(source_data_end(&s, HOLE, 2) == HOLE + 2);
    assert_true(source_data_end(&s, 5 * HOLE, 100) == 5 * HOLE);
    assert_true(source_read_sparse(&s, 0, bytes, 2 * HOLE));
    assert_memory_equal(bytes, "abcd\0", 5);
    assert_memory_equal(bytes + HOLE - 1, "\0wxyz\0", 6);
    free(bytes);
    source_close(&s);
}

static void source__memory_reads_alike(void **state)
{
    struct source s;
    char bytes[8] = {0};

    (void)state;
    source_memory(&s, "abcdef", 6);
    assert_int_equal(source_read(&s, 4, bytes, sizeof bytes), 2);
    assert_string_equal(bytes, "ef");
    assert_true(source_data_end(&s, 2, 100) == 6);
    assert_true(source_read_sparse(&s, 0, bytes, 6));
    assert_memory_equal(bytes, "abcdef", 6);
    source_close(&s);
}

static void source__link_to_a_trace_that_is_gone_says_so(void **state)
{
    struct source s;
    char error[128], link[64];

    snprintf(link, sizeof link, "%s.link", (const char *)*state);
    assert_int_equal(symlink("/tmp/kiwi-gone", link), 0);
    assert_false(source_open(&s, link, error, sizeof error));
    assert_string_equal(error, "it points to '/tmp/kiwi-gone', which is gone");
    assert_int_equal(unlink(link), 0);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void liveness__own_process_maps_its_executable(void **state)
{
    struct stat status;

    (void)state;
    assert_int_equal(stat("/proc/self/exe", &status), 0);
    assert_true(liveness_check((uint32_t)getpid(), (uint64_t)status.st_ino, "", now_ns()));
    assert_false(liveness_check((uint32_t)getpid(), UINT64_MAX - 1, "", now_ns()));
}

static void liveness__without_a_file_executable_and_time_decide(void **state)
{
    char exe[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", exe, sizeof exe - 1);

    (void)state;
    assert_true(length > 0);
    exe[length] = '\0';
    assert_true(liveness_check((uint32_t)getpid(), 0, exe, now_ns()));
    assert_true(liveness_check((uint32_t)getpid(), 0, "", now_ns()));
    assert_false(liveness_check((uint32_t)getpid(), 0, "/bin/other", now_ns()));
    assert_false(liveness_check((uint32_t)getpid(), 0, exe, now_ns() - UINT64_C(86400000000000) * 3650));
}

static void liveness__a_stopped_process_is_known(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0)
        for (;;)
            pause();
    assert_true(child > 0);
    assert_false(liveness_stopped((uint32_t)child));
    assert_int_equal(kill(child, SIGSTOP), 0);
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_true(liveness_stopped((uint32_t)child));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(liveness_stopped((uint32_t)child));
}

static void liveness__no_process_is_not_live(void **state)
{
    (void)state;
    assert_false(liveness_check(0, 0, "", now_ns()));
    assert_false(liveness_check(999999999, 0, "", now_ns()));
    assert_false(liveness_check(UINT32_MAX, 0, "", now_ns()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(source__reads_stop_at_the_end, sparse_file, remove_file),
            cmocka_unit_test_setup_teardown(source__holes_are_skipped, sparse_file, remove_file),
            cmocka_unit_test(source__memory_reads_alike),
            cmocka_unit_test_setup_teardown(source__link_to_a_trace_that_is_gone_says_so, sparse_file, remove_file),
            cmocka_unit_test(liveness__own_process_maps_its_executable),
            cmocka_unit_test(liveness__without_a_file_executable_and_time_decide),
            cmocka_unit_test(liveness__a_stopped_process_is_known),
            cmocka_unit_test(liveness__no_process_is_not_live),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
