/* readable.h and kernel_values.h: all of this process's memory, and what it has told the kernel. */
#include "../../interpose/record/kernel_values.h"
#include "../../interpose/record/readable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* The address sanitizer maps terabytes, which take a minute to look through. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#define MARK UINT64_C(0x6b697769a5a5c3c3)
#define PLACES 6u

static char buffer[READABLE_BUFFER] __attribute__((aligned(4096)));
#ifndef SANITIZED
static uint64_t in_data[512] __attribute__((aligned(4096)));
#endif

struct search {
    uintptr_t wanted[PLACES];
    unsigned found[PLACES], found_as_code[PLACES];
    uintptr_t last;
    bool in_order;
};

static void take(void *arg, uintptr_t at, const char *bytes, size_t size, bool code)
{
    struct search *s = arg;

    s->in_order = s->in_order && at >= s->last && at % 4096 == 0 && size % 4096 == 0;
    s->last = at + size;
    for (unsigned i = 0; i < PLACES; i++)
        if (s->wanted[i] >= at && s->wanted[i] < at + size &&
            memcmp(bytes + (s->wanted[i] - at), &(uint64_t){MARK}, sizeof(uint64_t)) == 0) {
            s->found[i]++;
            s->found_as_code[i] += code;
        }
}

#ifndef SANITIZED
static uint64_t *mapped(int flags)
{
    uint64_t *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(p, MAP_FAILED);
    p[(1 << 20) / 16] = MARK;
    return &p[(1 << 20) / 16];
}

static void readable__has_all_places(void **state)
{
    uint64_t on_stack = MARK, *heap = malloc(sizeof *heap), *read_only = mapped(MAP_PRIVATE);
    uint64_t *none = mapped(MAP_PRIVATE);
    struct search s = {.in_order = true};
    struct readable r = {.buffer = buffer, .until_ns = UINT64_MAX, .take = take, .arg = &s};

    (void)state;
    *heap = in_data[3] = MARK;
    assert_int_equal(mprotect((void *)((uintptr_t)read_only & ~(uintptr_t)4095), 4096, PROT_READ), 0);
    assert_int_equal(mprotect((void *)((uintptr_t)none & ~(uintptr_t)4095), 4096, PROT_NONE), 0);
    s.wanted[0] = (uintptr_t)heap;
    s.wanted[1] = (uintptr_t)&in_data[3];
    s.wanted[2] = (uintptr_t)mapped(MAP_PRIVATE);
    s.wanted[3] = (uintptr_t)mapped(MAP_SHARED);
    s.wanted[4] = (uintptr_t)read_only;
    s.wanted[5] = (uintptr_t)&on_stack;
    assert_int_equal(readable_each(&r), READABLE_ALL);
    assert_true(s.in_order);
    for (unsigned i = 0; i < PLACES; i++)
        assert_int_equal(s.found[i], 1);
    s.wanted[0] = (uintptr_t)none;
    s.found[0] = 0;
    assert_int_equal(readable_each(&r), READABLE_ALL);
    assert_int_equal(s.found[0], 0);
    free(heap);
}

static void readable__tells_code_from_data(void **state)
{
    uint64_t *code = mapped(MAP_PRIVATE), *data = mapped(MAP_PRIVATE);
    struct search s = {.wanted = {(uintptr_t)code, (uintptr_t)data}, .in_order = true};
    struct readable r = {.buffer = buffer, .until_ns = UINT64_MAX, .take = take, .arg = &s};

    (void)state;
    assert_int_equal(mprotect((void *)((uintptr_t)code & ~(uintptr_t)4095), 4096, PROT_READ | PROT_EXEC), 0);
    assert_int_equal(readable_each(&r), READABLE_ALL);
    assert_int_equal(s.found[0], 1);
    assert_int_equal(s.found_as_code[0], 1);
    assert_int_equal(s.found[1], 1);
    assert_int_equal(s.found_as_code[1], 0);
}

static void readable__leaves_out_what_it_is_told(void **state)
{
    uint64_t *all = mapped(MAP_PRIVATE);
    struct search s = {.wanted = {(uintptr_t)all, (uintptr_t)&in_data[3], (uintptr_t)&in_data[4]}, .in_order = true};
    struct readable r = {.buffer = buffer, .until_ns = UINT64_MAX, .take = take, .arg = &s};

    (void)state;
    in_data[3] = in_data[4] = MARK;
    r.left_out[0] =
            (struct address_range){(uintptr_t)all & ~(uintptr_t)4095, ((uintptr_t)all & ~(uintptr_t)4095) + 4096};
    r.left_out[1] = (struct address_range){(uintptr_t)&in_data[4], (uintptr_t)&in_data[5]};
    assert_int_equal(readable_each(&r), READABLE_ALL);
    assert_int_equal(s.found[0], 0);
    assert_int_equal(s.found[1], 1);
    assert_int_equal(s.found[2], 0);
}

#endif

static void readable__stops_in_time(void **state)
{
    struct search s = {.in_order = true};
    struct readable r = {.buffer = buffer, .until_ns = 1, .take = take, .arg = &s};

    (void)state;
    assert_int_equal(readable_each(&r), READABLE_LATE);
}

static void count_mark(void *arg, uint64_t value)
{
    *(unsigned *)arg += value == MARK;
}

static void kernel_values__of_epoll_are_seen(void **state)
{
    int epoll = epoll_create1(0);
    unsigned count = 0;

    (void)state;
    for (int i = 0; i < 300; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.u64 = i % 3 ? (uint64_t)i : MARK};
        assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, eventfd(0, 0), &e), 0);
    }
    assert_true(kernel_values_each(count_mark, &count));
    assert_int_equal(count, 100);
    close(epoll);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifndef SANITIZED
            cmocka_unit_test(readable__has_all_places),
            cmocka_unit_test(readable__tells_code_from_data),
            cmocka_unit_test(readable__leaves_out_what_it_is_told),
#endif
            cmocka_unit_test(readable__stops_in_time),
            cmocka_unit_test(kernel_values__of_epoll_are_seen),
    };

    return cmocka_run_group_tests_name("readable", tests, NULL, NULL);
}
