/* durations.h: counts, quantiles and sums from the histograms of a trace. */
#include "../../analysis/durations.h"
#include "../../interpose/record/histogram.h"
#include "recorder.h"

static struct trace *trace_now(void)
{
    char error[128];

    region_publish(&region.header->state, KIWI_ROW_LIVE);
    region.header->clock_kind = KIWI_CLOCK_MONOTONIC_NS;
    struct trace *t = trace_from_memory(region.header, region.size, "durations.trace", error, sizeof error);
    if (!t)
        fail_msg("%s", error);
    return t;
}

static void durations__quantiles_are_within_three_percent(void **state)
{
    (void)state;
    for (uint64_t v = 1; v <= 100000; v++)
        histogram_add(3, KIWI_HISTOGRAM_WAIT, v);
    histogram_add(3, KIWI_HISTOGRAM_HOLD, 7);
    histogram_add(2, KIWI_HISTOGRAM_WAIT, 7);
    struct trace *t = trace_now();
    struct durations *d = durations_open(t);
    assert_non_null(d);
    assert_int_equal(durations_count(d, 3, KIWI_HISTOGRAM_WAIT), 100000);
    assert_in_range(durations_quantile(d, 3, KIWI_HISTOGRAM_WAIT, 50, 100), 48500, 51500);
    assert_in_range(durations_quantile(d, 3, KIWI_HISTOGRAM_WAIT, 99, 100), 96030, 101970);
    assert_int_equal(durations_quantile(d, 3, KIWI_HISTOGRAM_HOLD, 50, 100), 7);
    assert_int_equal(durations_quantile(d, 9, KIWI_HISTOGRAM_WAIT, 50, 100), 0);
    assert_int_equal(durations_count(d, 2, KIWI_HISTOGRAM_HOLD), 0);
    durations_close(d);
    trace_close(t);
}

static void durations__from_counts_and_sums_what_is_longer(void **state)
{
    uint64_t total;

    (void)state;
    for (int i = 0; i < 90; i++)
        histogram_add(1, KIWI_HISTOGRAM_RUNNING, 10);
    for (int i = 0; i < 3; i++)
        histogram_add(1, KIWI_HISTOGRAM_RUNNING, 1000000);
    struct trace *t = trace_now();
    struct durations *d = durations_open(t);
    assert_int_equal(durations_from(d, 1, KIWI_HISTOGRAM_RUNNING, 500000, &total), 3);
    assert_in_range(total, 2900000, 3100000);
    assert_int_equal(durations_from(d, 1, KIWI_HISTOGRAM_RUNNING, 0, &total), 93);
    durations_close(d);
    trace_close(t);
}

static void durations__percentile_needs_samples_above_it(void **state)
{
    (void)state;
    assert_false(durations_tell(9999, 99, 100));
    assert_true(durations_tell(10000, 99, 100));
    assert_false(durations_tell(199, 50, 100));
    assert_true(durations_tell(200, 50, 100));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(durations__quantiles_are_within_three_percent),
            FRESH(durations__from_counts_and_sums_what_is_longer),
            FRESH(durations__percentile_needs_samples_above_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
