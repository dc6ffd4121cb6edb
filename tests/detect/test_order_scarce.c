/* lock-order-cycle when the trace has little or no room left for the order of threads. */
#include "../../interpose/record/region.h"
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct kiwi_table *segments(void)
{
    return &region.header->tables[KIWI_TABLE_SEGMENTS];
}

/* Uses up all but so many. */
static void leave_segments(uint64_t rows)
{
    assert_int_not_equal(region_claim(KIWI_TABLE_SEGMENTS, (uint32_t)(segments()->capacity - segments()->used - rows)),
                         0);
}

/* One thread after the other, each joined before the next. */
static void serve(struct history *h, const char *outer, const char *inner)
{
    history_playf(h, "M create T; T lock %s; T lock %s; T unlock %s; T unlock %s; T end; M join T", outer, inner, inner,
                  outer);
}

static void order__unrecorded_is_not_claimed(void **state)
{
    history_play(*state, "M lock S; M lock R; M unlock R; M unlock S");
    leave_segments(0);
    serve(*state, "A", "B");
    serve(*state, "B", "A");
    assert_int_equal(history_count(history_review(*state), FINDING_LOCK_ORDER_CYCLE), 0);
}

static void order__thread_per_request_needs_few_segments(void **state)
{
    leave_segments(40);
    for (int i = 0; i < 300; i++)
        serve(*state, "A", "B");
    assert_in_range(segments()->used, 1, segments()->capacity - 20);
    history_play(*state, "U lock B; U lock A; U unlock A; U unlock B");
    assert_int_equal(history_count(history_review(*state), FINDING_LOCK_ORDER_CYCLE), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(order__unrecorded_is_not_claimed, history_set_up, history_tear_down),
            cmocka_unit_test_setup_teardown(order__thread_per_request_needs_few_segments, history_set_up,
                                            history_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
