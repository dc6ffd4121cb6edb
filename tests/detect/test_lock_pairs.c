/*
 * spin-livelock, lock-false-sharing: what two threads do to each other over two locks. The rows come from a played
 * history; then the test says how often it all happened, and when.
 */
#include "../../interpose/base/clock.h"
#include "../../interpose/record/charge.h"
#include "../../interpose/record/histogram.h"
#include "../../interpose/record/memory.h"
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint64_t ms(double n)
{
    return (uint64_t)(n * (double)clock_state.ticks_per_second / 1000);
}

/* A thread that holds one lock tries in vain for another, `run` times within [from, to) ms. */
static void try_in_vain(uint32_t charge, uint64_t run, double from_ms, double to_ms)
{
    struct kiwi_charge *c = region_charge(charge);

    c->run = c->count = run;
    c->run_begin = region.header->start_ticks + ms(from_ms);
    c->run_end = region.header->start_ticks + ms(to_ms);
}

/* T1 holds A and tries for B, T2 holds B and tries for A: each try succeeds once in the history, so that there is a
 * row. */
static struct history *two_sides(void)
{
    struct history *h = history_open();

    history_play(h, "M create T1; M create T2;"
                    "T1 lock A at a; T1 trylock B at try; T1 unlock B; T1 unlock A;"
                    "T2 lock B at a; T2 trylock A at try; T2 unlock A; T2 unlock B");
    for (uint32_t row = 1; row < region.header->tables[KIWI_TABLE_ACQUISITIONS].used; row++) {
        const struct kiwi_acquisition *a = region_acquisition(row);
        if (a->how == KIWI_HOW_TRY && a->parent)
            assert_int_not_equal(charge_of_tries(memory.threads[region_thread(a->witness[0].thread)->slot], row), 0);
    }
    assert_int_equal(region.header->tables[KIWI_TABLE_CHARGES].used, 3);
    return h;
}

static void livelock__two_threads_fail_at_each_other(void **state)
{
    struct history *h = two_sides();

    (void)state;
    try_in_vain(1, 500, 100, 900);
    try_in_vain(2, 500, 120, 950);
    struct review *r = history_review(h);
    const struct finding *f = history_find(r, FINDING_SPIN_LIVELOCK);
    assert_int_equal(f->severity, SEVERITY_HIGH);
    assert_int_equal(history_count(r, FINDING_SPIN_LIVELOCK), 1);
    history_assert_at(h, f, "try");
    history_assert_objects(h, f, "A B");
    history_close(h);
}

static void livelock__at_full_speed_need_not_last(void **state)
{
    static const struct {
        uint64_t run;
        double to;
        unsigned found;
    } seconds[] = {{20000, 112, 1}, {500, 112, 0}, {20000, 103, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        struct history *h = two_sides();

        try_in_vain(1, 20000, 100, 112);
        try_in_vain(2, seconds[i].run, 100, seconds[i].to);
        assert_int_equal(history_count(history_review(h), FINDING_SPIN_LIVELOCK), seconds[i].found);
        history_close(h);
    }
}

static void livelock__needs_both_at_the_same_time_for_long(void **state)
{
    static const struct {
        uint64_t run;
        double from, to;
    } seconds[] = {{500, 910, 1700}, {20, 120, 950}, {500, 880, 930}, {500, 120, 130}};

    (void)state;
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        struct history *h = two_sides();

        try_in_vain(1, 500, 100, 900);
        try_in_vain(2, seconds[i].run, seconds[i].from, seconds[i].to);
        assert_int_equal(history_count(history_review(h), FINDING_SPIN_LIVELOCK), 0);
        history_close(h);
    }
}

/* Locks of the same history lie far apart; here the second one moves next to the first. */
static struct review *share_line(struct history *h, uint64_t distance, uint64_t count_b, bool same_thread,
                                 double from_b, unsigned take_ns)
{
    uint32_t threads[2] = {1, same_thread ? 1 : 2};

    assert_int_equal(region.header->tables[KIWI_TABLE_OBJECTS].used, 3);
    region_object(2)->address = region_object(1)->address + distance;
    assert_int_equal(region_claim(KIWI_TABLE_CONTENTIONS, 2), 1);
    for (uint32_t i = 1; i <= 2; i++) {
        struct kiwi_contention *k = region_contention(i);

        k->object = i;
        k->first_ticks = region.header->start_ticks + ms(i == 2 ? from_b : 0) + 1;
        k->last_ticks = k->first_ticks + ms(1000);
        k->holds = k->takes = 300;
        k->users[0] = (struct kiwi_contention_user){threads[i - 1], region_thread(threads[i - 1])->serial, 1000};
        for (int n = 0; n < 300; n++)
            histogram_add(i, KIWI_HISTOGRAM_TAKE, clock_ns_to_ticks(take_ns));
        region_publish(&k->state, KIWI_ROW_LIVE);
        for (uint32_t row = 1; row < region.header->tables[KIWI_TABLE_ACQUISITIONS].used; row++)
            if (region_acquisition(row)->object == i)
                region_acquisition(row)->count = i == 1 ? 2000000 : count_b;
    }
    return history_review(h);
}

static struct history *two_locks(void)
{
    struct history *h = history_open();

    history_play(h, "T1 lock A; T1 unlock A; T2 lock B; T2 unlock B");
    return h;
}

static void false_sharing__two_busy_locks_in_one_line(void **state)
{
    (void)state;
    for (int slow = 0; slow < 2; slow++) {
        struct history *h = two_locks();
        struct review *r = share_line(h, 48, 2000000, false, 0, slow ? 60 : 8);
        const struct finding *f = history_find(r, FINDING_LOCK_FALSE_SHARING);

        assert_int_equal(f->severity, slow ? SEVERITY_MEDIUM : SEVERITY_LOW);
        assert_int_equal(f->object_count, 2);
        history_close(h);
    }
}

static unsigned sharings(uint64_t distance, uint64_t count_b, bool same_thread, double from_b)
{
    struct history *h = two_locks();
    unsigned found =
            history_count(share_line(h, distance, count_b, same_thread, from_b, 60), FINDING_LOCK_FALSE_SHARING);

    history_close(h);
    return found;
}

static void false_sharing__not_apart_seldom_alone_or_in_turn(void **state)
{
    (void)state;
    assert_int_equal(sharings(48, 2000000, false, 0), 1);
    assert_int_equal(sharings(64, 2000000, false, 0), 0);
    assert_int_equal(sharings(48, 20000, false, 0), 0);
    assert_int_equal(sharings(48, 2000000, true, 0), 0);
    assert_int_equal(sharings(48, 2000000, false, 1500), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(livelock__two_threads_fail_at_each_other),
            cmocka_unit_test(livelock__at_full_speed_need_not_last),
            cmocka_unit_test(livelock__needs_both_at_the_same_time_for_long),
            cmocka_unit_test(false_sharing__two_busy_locks_in_one_line),
            cmocka_unit_test(false_sharing__not_apart_seldom_alone_or_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
