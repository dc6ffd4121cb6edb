/* heap-leak: a place that goes on losing blocks, and what is no such place. */
#include "../../interpose/base/clock.h"
#include "../../interpose/record/heap_site.h"
#include "../../interpose/record/stack.h"
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RECORDED_MS 10000u

static int set_up(void **state)
{
    *state = history_open();
    history_lasts(*state, RECORDED_MS);
    return 0;
}

static int tear_down(void **state)
{
    history_close(*state);
    return 0;
}

static struct thread *thread_made(void)
{
    static uintptr_t next = 0x7100;
    struct thread_birth birth = {.start_function = 0x5000, .tid = (int32_t)next++, .name = "t"};

    return thread_attach(&birth);
}

static uint32_t site_made(const struct thread *t, uint64_t place)
{
    uint64_t frames[2] = {place, place + 0x1000};

    return heap_site_get(t, stack_intern(frames, 2, 0));
}

/* Blocks that come over so many milliseconds, beginning a second before the end of the recording. */
struct losing {
    unsigned count, over_ms;
    size_t size;
    uint32_t units;
};

static void lose(const struct thread *t, uint32_t site, struct losing what)
{
    uint64_t first = clock_ticks() - clock_ns_to_ticks(1000000000);

    for (unsigned i = 0; i < what.count; i++) {
        uint64_t birth = first + clock_ns_to_ticks(UINT64_C(1000000) * what.over_ms) * i / what.count;

        heap_site_made(t, site, what.units, what.size, birth);
        heap_site_lost(site, what.units, what.size, birth, false);
    }
}

static void assert_silent(struct history *h)
{
    assert_int_equal(history_review(h)->findings.count, 0);
}

static void leak__goes_on(void **state)
{
    struct thread *t = thread_made();
    uint32_t site = site_made(t, 0x401000);

    lose(t, site, (struct losing){.count = 20, .over_ms = 800, .size = 100, .units = KIWI_HEAP_UNIT});
    heap_site_lost(site, KIWI_HEAP_UNIT, 1000, clock_ticks(), true);
    thread_detach(t);
    const struct review *r = history_review(*state);
    const struct finding *f = history_find(r, FINDING_HEAP_LEAK);
    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, SEVERITY_LOW);
    assert_int_equal(f->confidence, CONFIDENCE_HIGH);
    assert_int_equal(f->count, 20);
    assert_true(f->last_seen_ns - f->first_seen_ns > 500000000);
    assert_non_null(strstr(f->evidence[0], "20 of the 20 blocks"));
    assert_non_null(strstr(f->evidence[1], "Another 1 block"));
    assert_non_null(strstr(f->evidence[2], "2.9 KiB"));
}

static void leak__is_estimated_from_samples(void **state)
{
    struct thread *t = thread_made();

    lose(t, site_made(t, 0x401000), (struct losing){.count = 3, .over_ms = 800, .size = 100, .units = 4000});
    thread_detach(t);
    const struct finding *f = history_find(history_review(*state), FINDING_HEAP_LEAK);
    assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
    assert_int_equal(f->count, 47);
}

static void leak__many_at_once(void **state)
{
    struct thread *t = thread_made();

    lose(t, site_made(t, 0x401000), (struct losing){.count = 100, .over_ms = 1, .size = 8, .units = KIWI_HEAP_UNIT});
    thread_detach(t);
    assert_int_equal(history_count(history_review(*state), FINDING_HEAP_LEAK), 1);
}

static void leak__few_large_ones(void **state)
{
    struct thread *t = thread_made();

    lose(t, site_made(t, 0x401000),
         (struct losing){.count = 3, .over_ms = 900, .size = 30000, .units = KIWI_HEAP_UNIT});
    thread_detach(t);
    assert_int_equal(history_count(history_review(*state), FINDING_HEAP_LEAK), 1);
}

static void silent__a_few_small_ones(void **state)
{
    struct thread *t = thread_made();

    lose(t, site_made(t, 0x401000), (struct losing){.count = 9, .over_ms = 900, .size = 1000, .units = KIWI_HEAP_UNIT});
    lose(t, site_made(t, 0x402000),
         (struct losing){.count = 2, .over_ms = 900, .size = 90000, .units = KIWI_HEAP_UNIT});
    thread_detach(t);
    assert_silent(*state);
}

static void silent__once(void **state)
{
    struct thread *t = thread_made();

    lose(t, site_made(t, 0x401000), (struct losing){.count = 60, .over_ms = 5, .size = 100, .units = KIWI_HEAP_UNIT});
    thread_detach(t);
    assert_silent(*state);
}

static void silent__perhaps_in_registers_of_threads(void **state)
{
    struct thread *t = thread_made();

    for (int i = 0; i < 16; i++)
        thread_made();
    lose(t, site_made(t, 0x401000), (struct losing){.count = 17, .over_ms = 900, .size = 100, .units = KIWI_HEAP_UNIT});
    assert_silent(*state);
}

static void silent__what_lives(void **state)
{
    struct thread *t = thread_made();
    uint32_t site = site_made(t, 0x401000);

    for (int i = 0; i < 5000; i++)
        heap_site_made(t, site, KIWI_HEAP_UNIT, 1000, clock_ticks());
    thread_detach(t);
    assert_silent(*state);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(leak__goes_on),
            FRESH(leak__is_estimated_from_samples),
            FRESH(leak__many_at_once),
            FRESH(leak__few_large_ones),
            FRESH(silent__a_few_small_ones),
            FRESH(silent__once),
            FRESH(silent__perhaps_in_registers_of_threads),
            FRESH(silent__what_lives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
