/* histogram.h: buckets by powers of two, within 3 % of every value. */
#include "recorder.h"

#include "../../interpose/record/histogram.h"

/* The middle of the bucket that a value falls into. */
static double middle(uint64_t value)
{
    uint32_t e = histogram_exponent(value), b = histogram_bucket(value, e);
    if (!e)
        return (double)b;
    return (double)((uint64_t)(KIWI_HISTOGRAM_BUCKETS + b) << (e - 1)) + (double)(1ull << (e - 1)) / 2;
}

static void histogram__every_value_is_within_three_percent(void **state)
{
    (void)state;
    for (uint64_t v = 1; v < 1ull << 50; v += 1 + v / 37) {
        double error = middle(v) / (double)v - 1;
        assert_true(error < 0.03 && error > -0.03);
    }
    assert_true(histogram_exponent(UINT64_MAX) < 64);
}

static void histogram__values_of_one_power_share_a_row(void **state)
{
    (void)state;
    for (uint64_t v = 64; v < 128; v++)
        histogram_add(7, KIWI_HISTOGRAM_HOLD, v);
    histogram_add(7, KIWI_HISTOGRAM_WAIT, 64);
    histogram_add(0, KIWI_HISTOGRAM_WAIT, 64);
    assert_int_equal(region.header->tables[KIWI_TABLE_HISTOGRAMS].used, 3);
    const struct kiwi_histogram *h = region_histogram(1);
    assert_int_equal(h->state, KIWI_ROW_LIVE);
    assert_int_equal(h->contention, 7);
    assert_int_equal(h->kind, KIWI_HISTOGRAM_HOLD);
    for (unsigned i = 0; i < KIWI_HISTOGRAM_BUCKETS; i++)
        assert_int_equal(h->counts[i], 2);
}

static void histogram__a_full_count_stays(void **state)
{
    (void)state;
    histogram_add(7, KIWI_HISTOGRAM_HOLD, 5);
    region_histogram(1)->counts[5] = UINT32_MAX;
    histogram_add(7, KIWI_HISTOGRAM_HOLD, 5);
    assert_int_equal(region_histogram(1)->counts[5], UINT32_MAX);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(histogram__every_value_is_within_three_percent),
            FRESH(histogram__values_of_one_power_share_a_row),
            FRESH(histogram__a_full_count_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
