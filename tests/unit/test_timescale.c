/* timescale.h: ticks to nanoseconds, whatever the header says. */
#include "../../analysis/timescale.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)

/* 3 GHz by the estimate. */
static struct kiwi_header tsc(void)
{
    return (struct kiwi_header){
            .clock_kind = KIWI_CLOCK_TSC,
            .start_ticks = 1000,
            .ticks_per_second = UINT64_C(3000000000),
            .clock = {{1000, 50}},
    };
}

static void timescale__short_recording_uses_the_estimate(void **state)
{
    struct kiwi_header h = tsc();

    (void)state;
    h.clock[1] = (struct kiwi_clock_pair){1000 + 100 * MS, 50 + 40 * MS}; /* 2.5 GHz, but only over 40 ms */
    struct timescale s = timescale_of(&h);
    assert_int_equal(timescale_ns(&s, 3000), 1000);
}

static void timescale__latest_believable_pair_wins(void **state)
{
    struct kiwi_header h = tsc();

    (void)state;
    h.clock[1] = (struct kiwi_clock_pair){1000 + 250 * MS, 50 + 100 * MS};
    h.clock[2] = (struct kiwi_clock_pair){1000 + 5800 * MS, 50 + 2000 * MS}; /* 2.9 GHz over 2 s */
    h.clock[3] = (struct kiwi_clock_pair){UINT64_MAX, 50 + 3000 * MS};       /* damage */
    h.clock[4] = (struct kiwi_clock_pair){0, 50 + 9000 * MS};
    h.clock[5] = (struct kiwi_clock_pair){1000 + 5 * MS, 10};
    struct timescale s = timescale_of(&h);
    assert_int_equal(timescale_ns(&s, 2900 * MS), 1000 * MS);
    assert_int_equal(timescale_ns_at(&s, 1000 + 29), 10);
}

static void timescale__monotonic_ticks_are_nanoseconds(void **state)
{
    struct kiwi_header h = tsc();

    (void)state;
    h.clock_kind = KIWI_CLOCK_MONOTONIC_NS;
    struct timescale s = timescale_of(&h);
    assert_int_equal(timescale_ns(&s, 12345), 12345);
}

static void timescale__zero_and_overflow_are_guarded(void **state)
{
    struct kiwi_header h = {.clock_kind = KIWI_CLOCK_TSC};
    struct timescale s = timescale_of(&h);

    (void)state;
    assert_int_equal(timescale_ns(&s, 5), 5); /* no rate at all: nanoseconds */
    h.ticks_per_second = 1;
    s = timescale_of(&h);
    assert_true(timescale_ns(&s, UINT64_MAX) == UINT64_MAX);
    h = tsc();
    s = timescale_of(&h);
    assert_int_equal(timescale_ns_at(&s, 0), 0);
    assert_int_equal(timescale_ns_at(&s, 999), 0);
}

static void timescale__times_outside_any_recording_are_not_plausible(void **state)
{
    struct kiwi_header h = tsc();
    struct timescale s = timescale_of(&h);

    (void)state;
    assert_true(timescale_plausible(&s, 1000));
    assert_true(timescale_plausible(&s, 1000 + UINT64_C(86400) * 3000 * 1000 * MS / 1000));
    assert_false(timescale_plausible(&s, 999));
    assert_false(timescale_plausible(&s, UINT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(timescale__short_recording_uses_the_estimate),
            cmocka_unit_test(timescale__latest_believable_pair_wins),
            cmocka_unit_test(timescale__monotonic_ticks_are_nanoseconds),
            cmocka_unit_test(timescale__zero_and_overflow_are_guarded),
            cmocka_unit_test(timescale__times_outside_any_recording_are_not_plausible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
