/* Figures of a damaged trace: a count that came back to 0, a product that no integer holds. */
#include "../../analysis/figures.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void mean_of_nothing_is_0(void **state)
{
    (void)state;
    assert_int_equal(figure_mean(12, 4), 3);
    assert_int_equal(figure_mean(12, 0), 0);
    assert_int_equal(figure_mean(UINT64_MAX, 1), UINT64_MAX);
}

static void rounding_stays_in_range(void **state)
{
    (void)state;
    assert_int_equal(figure_round(2.5), 3);
    assert_int_equal(figure_round(2.4), 2);
    assert_int_equal(figure_round(-7.0), 0);
    assert_int_equal(figure_round((double)NAN), 0);
    assert_int_equal(figure_round(2.7e19), UINT64_MAX);
    assert_int_equal(figure_round((double)INFINITY), UINT64_MAX);
    assert_int_equal(figure_round(0x1p63), 1ull << 63);
    assert_int_equal(figure_round(0x1p64 - 2048), UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(mean_of_nothing_is_0),
            cmocka_unit_test(rounding_stays_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
