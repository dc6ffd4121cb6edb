/*
 * lock-contention, lock-convoy, long-hold, lock-starvation: what is decided from how long locks were waited for and
 * held. The rows come from a played history; then the test says how long it all took.
 */
#include "../../analysis/lock_use.h"
#include "../../interpose/base/clock.h"
#include "../../interpose/record/charge.h"
#include "../../interpose/record/histogram.h"
#include "../../interpose/record/memory.h"
#include "history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RECORDED_MS 10000u

static uint64_t ms(double n)
{
    return (uint64_t)(n * (double)clock_state.ticks_per_second / 1000);
}

static struct kiwi_acquisition *request_row(uint32_t charge)
{
    return region_acquisition(region_charge(charge)->row);
}

/* All threads lived for the whole recording, of which they were idle for so long. */
static void all_lived(double idle_ms)
{
    for (uint32_t i = 1; i < region.header->tables[KIWI_TABLE_THREADS].used; i++) {
        region_thread(i)->start_ticks = region.header->start_ticks;
        region_thread(i)->end_ticks = region.header->start_ticks + ms(RECORDED_MS);
        region_thread(i)->idle_ticks = ms(idle_ms);
    }
    region.header->end_ticks = region.header->start_ticks + ms(RECORDED_MS);
}

/* W asked for A while H held it. */
static struct history *one_wait(void)
{
    struct history *h = history_open();

    history_play(h, "H lock A at hold; W wants A at ask; H unlock A; W gets A; W unlock A");
    all_lived(0);
    return h;
}

static struct kiwi_contention *contention_a(void)
{
    assert_true(region.header->tables[KIWI_TABLE_CONTENTIONS].used > 1);
    return region_contention(1);
}

struct load {
    double waited_ms, union_ms, held_ms;
    uint64_t waits;
    double lost_ms; /* the holders had no processor */
};

static void put_load(struct load l)
{
    struct kiwi_charge *c = region_charge(1);
    struct kiwi_contention *k = contention_a();
    struct kiwi_object *o = region_object(k->object);

    c->ticks = o->wait_ticks = ms(l.waited_ms);
    c->count = o->contended = l.waits;
    k->waited_ticks = ms(l.union_ms);
    k->holds = 100;
    k->hold_ticks = 0;
    k->pressed_ticks = ms(l.held_ms);
    k->lost_ticks = ms(l.lost_ms);
}

static void contention__a_thread_that_waits_much_for_a_busy_lock(void **state)
{
    struct history *h = one_wait();

    (void)state;
    put_load((struct load){.waited_ms = 2000, .union_ms = 2000, .held_ms = 4000, .waits = 100});
    struct review *r = history_review(h);
    const struct finding *f = history_find(r, FINDING_LOCK_CONTENTION);
    assert_int_equal(f->severity, SEVERITY_HIGH);
    assert_int_equal(f->count, 100);
    history_assert_objects(h, f, "A");
    history_assert_stack(h, f, "ask");
    assert_int_equal(history_count(r, FINDING_LOCK_CONVOY), 0);
    history_close(h);
}

static void assert_silent(struct load l, double idle_ms)
{
    struct history *h = one_wait();

    all_lived(idle_ms);
    put_load(l);
    struct review *r = history_review(h);
    assert_int_equal(history_count(r, FINDING_LOCK_CONTENTION), 0);
    assert_int_equal(history_count(r, FINDING_LOCK_CONVOY), 0);
    history_close(h);
}

static void contention__a_busy_lock_that_costs_little(void **state)
{
    (void)state;
    assert_silent((struct load){.waited_ms = 900, .union_ms = 900, .held_ms = 8000, .waits = 1000}, 0);
}

static void contention__much_lost_at_a_lock_that_is_mostly_free(void **state)
{
    (void)state;
    assert_silent((struct load){.waited_ms = 2000, .union_ms = 2000, .held_ms = 2500, .waits = 1000}, 0);
}

static void contention__holders_that_only_lost_their_processor(void **state)
{
    (void)state;
    assert_silent((struct load){.waited_ms = 6000, .union_ms = 6000, .held_ms = 5500, .waits = 1000, .lost_ms = 5000},
                  0);
}

/* Holders that work for long under the lock lose their processor there, too. */
static void contention__long_work_under_a_lock_on_a_full_machine(void **state)
{
    struct history *h = one_wait();

    (void)state;
    put_load((struct load){.waited_ms = 6000, .union_ms = 6000, .held_ms = 5500, .waits = 1000, .lost_ms = 5000});
    contention_a()->running = 200;
    histogram_add_times(1, KIWI_HISTOGRAM_PRESSED, ms(5), 1000);
    assert_int_equal(history_count(history_review(h), FINDING_LOCK_CONTENTION), 1);
    history_close(h);
}

/* Half of all time is the machine's doing; what is left of the waits is still a third of what is left of the time. */
static void contention__a_busy_lock_on_a_full_machine(void **state)
{
    struct history *h = one_wait();

    (void)state;
    put_load((struct load){.waited_ms = 8000, .union_ms = 8000, .held_ms = 7500, .waits = 1000, .lost_ms = 5000});
    assert_int_equal(history_count(history_review(h), FINDING_LOCK_CONTENTION), 1);
    history_close(h);
}

static bool says(const struct finding *f, const char *text)
{
    bool found = false;

    for (uint32_t i = 0; i < f->evidence_count; i++)
        found = found || strstr(f->evidence[i], text);
    return found;
}

static void contention__no_lock_is_held_for_longer_than_it_is_watched(void **state)
{
    struct history *h = one_wait();

    (void)state;
    put_load((struct load){.waited_ms = 8000, .union_ms = 8000, .held_ms = 25000, .waits = 1000});
    const struct finding *f = history_find(history_review(h), FINDING_LOCK_CONTENTION);
    assert_true(says(f, "held for about 100 % of the recording ("));
    assert_false(says(f, "(25")); /* seconds */
    history_close(h);
}

static void contention__an_idle_thread_that_waits_now_and_then(void **state)
{
    (void)state; /* all of the time that it was not idle; yet hardly anybody ever waits */
    assert_silent((struct load){.waited_ms = 500, .union_ms = 500, .held_ms = 9000, .waits = 20}, 9500);
}

static void contention__idle_time_is_no_working_time(void **state)
{
    struct history *h = one_wait();

    (void)state;
    all_lived(8000);
    put_load((struct load){.waited_ms = 1200, .union_ms = 1200, .held_ms = 4000, .waits = 100});
    assert_int_equal(history_count(history_review(h), FINDING_LOCK_CONTENTION), 1);
    history_close(h);
}

static void contention__waits_for_a_holder_in_a_call_are_left_to_others(void **state)
{
    struct history *h = one_wait();

    (void)state;
    put_load((struct load){.waited_ms = 2000, .union_ms = 2000, .held_ms = 4000, .waits = 100});
    region_charge(1)->cause = KIWI_CAUSE_CALL;
    assert_int_equal(history_count(history_review(h), FINDING_LOCK_CONTENTION), 0);
    history_close(h);
}

/* Three fifths of the time that is waited falls into calls of the holder. */
static unsigned contentions_of_waits_partly_for_calls(uint64_t waits)
{
    struct history *h = one_wait();
    unsigned count;

    history_play(h, "H lock A at hold; W wants A at look; H unlock A; W gets A; W unlock A");
    all_lived(0);
    put_load((struct load){.waited_ms = 2000, .union_ms = 2000, .held_ms = 4000, .waits = waits});
    assert_int_equal(region.header->tables[KIWI_TABLE_CHARGES].used, 3);
    region_charge(1)->ticks = ms(1200);
    region_charge(1)->count = waits - 1;
    region_charge(1)->cause = KIWI_CAUSE_CALL;
    region_charge(2)->ticks = ms(800);
    count = history_count(history_review(h), FINDING_LOCK_CONTENTION);
    history_close(h);
    return count;
}

static void contention__one_wait_of_a_few_that_ended_between_two_calls(void **state)
{
    (void)state;
    assert_int_equal(contentions_of_waits_partly_for_calls(8), 0);
    assert_int_equal(contentions_of_waits_partly_for_calls(100), 1);
}

static void contention__a_free_lock_with_waiters_is_a_convoy(void **state)
{
    struct history *h = one_wait();

    (void)state;
    put_load((struct load){.waited_ms = 6000, .union_ms = 8000, .held_ms = 1000, .waits = 100000});
    struct review *r = history_review(h);
    const struct finding *f = history_find(r, FINDING_LOCK_CONVOY);
    assert_int_equal(f->severity, SEVERITY_HIGH);
    history_assert_at(h, f, "ask");
    assert_int_equal(history_count(r, FINDING_LOCK_CONTENTION), 0);
    history_close(h);
}

static void contention__held_for_a_third_of_the_waits_needs_inheritance_to_be_a_convoy(void **state)
{
    (void)state;
    for (int inherits = 0; inherits < 2; inherits++) {
        struct history *h = one_wait();

        put_load((struct load){.waited_ms = 6000, .union_ms = 9000, .held_ms = 3500, .waits = 100000});
        region_object(contention_a()->object)->flags |= inherits ? KIWI_OBJECT_PRIO_INHERIT : 0;
        struct review *r = history_review(h);
        assert_int_equal(history_count(r, FINDING_LOCK_CONVOY), inherits);
        assert_int_equal(history_count(r, FINDING_LOCK_CONTENTION), !inherits);
        history_close(h);
    }
}

/* Long holds. */

static void put_holds(double usual_ms, unsigned usual, double long_ms, unsigned count)
{
    struct kiwi_contention *k = contention_a();

    for (unsigned i = 0; i < usual; i++)
        histogram_add(1, KIWI_HISTOGRAM_HOLD, ms(usual_ms));
    for (unsigned i = 0; i < count; i++)
        histogram_add(1, KIWI_HISTOGRAM_RUNNING, ms(long_ms));
    k->pressed_max_ticks = ms(long_ms);
    k->pressed_max_stack = region_acquisition(region_charge(1)->row)->stack;
    request_row(1)->count = usual + count;
}

static unsigned long_holds(double usual_ms, unsigned usual, double long_ms, unsigned count)
{
    struct history *h = one_wait();

    put_holds(usual_ms, usual, long_ms, count);
    unsigned found = history_count(history_review(h), FINDING_LONG_HOLD);
    history_close(h);
    return found;
}

static void long_hold__rare_ones_far_above_the_median(void **state)
{
    struct history *h = one_wait();

    (void)state;
    put_holds(0.01, 200, 30, 5);
    const struct finding *f = history_find(history_review(h), FINDING_LONG_HOLD);
    assert_int_equal(f->severity, SEVERITY_MEDIUM);
    assert_int_equal(f->count, 5);
    history_assert_at(h, f, "ask");
    history_close(h);
}

static void long_hold__needs_several_a_usual_length_and_a_difference(void **state)
{
    (void)state;
    assert_int_equal(long_holds(0.01, 200, 30, 3), 1);
    assert_int_equal(long_holds(0.01, 200, 30, 2), 0); /* an accident or two */
    assert_int_equal(long_holds(4, 200, 8, 9), 0);     /* all are long */
    assert_int_equal(long_holds(0.01, 10, 30, 5), 0);  /* too few to know what is usual */
    assert_int_equal(long_holds(0.01, 30, 30, 10), 0); /* a quarter of all: that is how it is used */
    assert_int_equal(long_holds(0.01, 200, 1.5, 9), 0);
}

static unsigned long_holds_budget(uint64_t budget_ms)
{
    struct history *h = one_wait();

    region.header->hold_budget_ns = budget_ms * 1000000;
    put_holds(0.01, 200, 30, 5);
    unsigned found = history_count(history_review(h), FINDING_LONG_HOLD);
    history_close(h);
    return found;
}

static void long_hold__is_judged_by_the_budget(void **state)
{
    (void)state;
    assert_int_equal(long_holds_budget(0), 1); /* not known: 2 ms */
    assert_int_equal(long_holds_budget(25), 1);
    assert_int_equal(long_holds_budget(40), 0);
}

static void long_hold__not_if_most_of_its_kind_met_nobody(void **state)
{
    struct history *h = one_wait();

    (void)state;
    put_holds(0.01, 200, 30, 5);
    for (unsigned i = 0; i < 40; i++)
        histogram_add(1, KIWI_HISTOGRAM_HOLD, ms(30)); /* a sixth of all */
    request_row(1)->count = 240;
    assert_int_equal(history_count(history_review(h), FINDING_LONG_HOLD), 0);
    history_close(h);
}

static void long_hold__in_calls_is_left_to_others(void **state)
{
    struct history *h = one_wait();

    (void)state;
    put_holds(0.01, 200, 30, 5);
    region_charge(1)->ticks = ms(150);
    region_charge(1)->cause = KIWI_CAUSE_CALL;
    assert_int_equal(history_count(history_review(h), FINDING_LONG_HOLD), 0);
    history_close(h);
}

/* Starvation. */

struct starved {
    uint64_t waits, overtakes, victim_takes, other_takes;
    double starved_ms, held_ms, idle_ms;
};

static struct review *starve(struct history *h, struct starved s)
{
    struct kiwi_charge *c = region_charge(1);
    struct kiwi_contention *k = contention_a();
    uint32_t victim = c->thread, other = victim == 1 ? 2 : 1;

    put_load(
            (struct load){.waited_ms = s.starved_ms, .union_ms = s.starved_ms, .held_ms = s.held_ms, .waits = s.waits});
    region_thread(victim)->idle_ticks = ms(s.idle_ms);
    c->starved = (uint32_t)s.waits;
    c->starved_ticks = ms(s.starved_ms);
    c->overtakes = s.overtakes;
    c->overtakes_max = (uint32_t)(s.overtakes / s.waits);
    memset(k->users, 0, sizeof k->users);
    k->users[0] = (struct kiwi_contention_user){other, region_thread(other)->serial, s.other_takes};
    k->users[1] = (struct kiwi_contention_user){victim, region_thread(victim)->serial, s.victim_takes};
    return history_review(h);
}

static unsigned starvations(struct starved s)
{
    struct history *h = one_wait();
    unsigned found = history_count(starve(h, s), FINDING_LOCK_STARVATION);

    history_close(h);
    return found;
}

static void starvation__one_waiter_overtaken_again_and_again(void **state)
{
    struct history *h = one_wait();
    struct review *r = starve(h, (struct starved){.waits = 3,
                                                  .overtakes = 90,
                                                  .victim_takes = 3,
                                                  .other_takes = 500,
                                                  .starved_ms = 3000,
                                                  .held_ms = 3000});
    const struct finding *f = history_find(r, FINDING_LOCK_STARVATION);

    (void)state;
    assert_int_equal(f->severity, SEVERITY_HIGH);
    assert_int_equal(f->count, 3);
    history_assert_objects(h, f, "A");
    history_assert_stack(h, f, "ask");
    history_close(h);
}

static void starvation__not_where_turns_are_alike_or_waits_short(void **state)
{
    const struct starved s = {
            .waits = 10, .overtakes = 90, .victim_takes = 10, .other_takes = 500, .starved_ms = 3000, .held_ms = 3000};
    struct starved x = s;

    (void)state;
    assert_int_equal(starvations(s), 1);
    x.victim_takes = 200; /* it gets the lock nearly as often: contention, not starvation */
    assert_int_equal(starvations(x), 0);
    x = s;
    x.overtakes = 15;
    assert_int_equal(starvations(x), 0);
    x = s;
    x.starved_ms = 40; /* a scheduler's hiccups */
    assert_int_equal(starvations(x), 0);
    x = s;
    x.idle_ms = RECORDED_MS - 500;
    x.starved_ms = x.held_ms = 200;
    x.waits = 3;
    assert_int_equal(starvations(x), 1);
    x.waits = 2; /* an accident, unless it was a long one */
    assert_int_equal(starvations(x), 0);
    x.starved_ms = x.held_ms = 300;
    assert_int_equal(starvations(x), 1);
    x = s;
    x.held_ms = 500; /* the lock was free: the waiter had no processor */
    assert_int_equal(starvations(x), 0);
}

/* The only one of its kind took the lock 13 times: the rest of its count is that of others whose place it took. */
static void starvation__count_taken_over_from_others_is_not_its_own(void **state)
{
    struct history *h = one_wait();

    (void)state;
    for (int i = 0; i < 12; i++)
        history_play(h, "W lock A; W unlock A");
    region_thread(region_charge(1)->thread)->thread_class = 0;
    for (uint32_t i = 1; i < region.header->tables[KIWI_TABLE_ACQUISITIONS].used; i++)
        if (region_acquisition(i)->stack != region_acquisition(1)->stack)
            region_acquisition(i)->thread_class = 0;
    const struct starved s = {
            .waits = 10, .overtakes = 90, .victim_takes = 200, .other_takes = 250, .starved_ms = 3000, .held_ms = 3000};
    assert_int_equal(history_count(starve(h, s), FINDING_LOCK_STARVATION), 1);
    history_close(h);
}

static void starvation__by_a_lock_held_in_calls_is_a_remark(void **state)
{
    struct history *h = history_open();

    (void)state;
    history_play(h, "H lock A at hold; H enter poll; W wants A at ask; H leave 2900; H unlock A; W gets A; W unlock A");
    all_lived(0);
    struct review *r = starve(h, (struct starved){.waits = 3,
                                                  .overtakes = 90,
                                                  .victim_takes = 3,
                                                  .other_takes = 500,
                                                  .starved_ms = 3000,
                                                  .held_ms = 3000});

    assert_int_equal(history_find(r, FINDING_LOCK_STARVATION)->severity, SEVERITY_LOW);
    assert_int_equal(history_find(r, FINDING_LOCK_ACROSS_POLL)->severity, SEVERITY_HIGH);
    assert_int_equal(history_count(r, FINDING_LOCK_CONTENTION), 0);
    history_close(h);
}

struct heap_use {
    uint32_t looked, holds;
    uint64_t calls, bytes;
    double held_ms; /* in holds that allocate */
};

/* Holds of 2 us, that end while others wait. */
static struct review *review_heap(struct history *h, struct load l, struct heap_use use)
{
    struct kiwi_contention *k;

    put_load(l);
    k = contention_a();
    k->hold_ticks = k->holds * ms(0.002);
    k->heap_looked = use.looked;
    k->heap_holds = k->heap_weight = use.holds;
    k->heap_looked_ticks = use.looked * ms(0.002);
    k->heap_ticks = ms(use.held_ms);
    k->heap_calls = use.calls;
    k->heap_bytes = use.bytes;
    k->heap_stack = region_acquisition(region_charge(1)->row)->stack;
    return history_review(h);
}

static void heap__use_under_a_lock_that_others_wait_for(void **state)
{
    static const struct load much = {.waited_ms = 2000, .union_ms = 1500, .held_ms = 1000, .waits = 1000};
    static const struct load little = {.waited_ms = 15, .union_ms = 10, .held_ms = 1000, .waits = 1000};
    static const struct load stalled = {
            .waited_ms = 2000, .union_ms = 1500, .held_ms = 1500, .waits = 1000, .lost_ms = 1450};
    static const struct load free_meanwhile = {.waited_ms = 2000, .union_ms = 1500, .held_ms = 100, .waits = 1000};
    static const struct load some = {.waited_ms = 500, .union_ms = 400, .held_ms = 1000, .waits = 1000};
    static const struct heap_use each = {100, 90, 400, 4000, 0.18}, rare = {100, 20, 80, 8000, 0.04},
                                 few = {100, 100, 100, 3000, 0.2}, large = {100, 40, 40, 40 << 20, 0.08},
                                 once = {100, 2, 4000, 4000, 0.19}, one_builds = {100, 5, 400, 4000, 0.19};
    static const struct {
        struct load l;
        struct heap_use use;
        int severity; /* -1: none */
    } all[] = {{much, each, SEVERITY_HIGH},
               {some, each, SEVERITY_MEDIUM},
               {little, each, -1},
               {stalled, each, -1},
               {free_meanwhile, each, -1},
               {much, rare, -1},
               {much, few, -1},
               {much, once, -1},
               {much, one_builds, SEVERITY_HIGH},
               {much, large, SEVERITY_HIGH}};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct history *h = one_wait();
        struct review *r = review_heap(h, all[i].l, all[i].use);
        assert_int_equal(history_count(r, FINDING_ALLOC_UNDER_LOCK), all[i].severity >= 0);
        if (all[i].severity >= 0) {
            assert_int_equal(history_find(r, FINDING_ALLOC_UNDER_LOCK)->severity, all[i].severity);
            assert_int_equal(history_find(r, FINDING_ALLOC_UNDER_LOCK)->object_count, 1);
        }
        history_close(h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(contention__a_thread_that_waits_much_for_a_busy_lock),
            cmocka_unit_test(contention__a_busy_lock_that_costs_little),
            cmocka_unit_test(contention__much_lost_at_a_lock_that_is_mostly_free),
            cmocka_unit_test(contention__holders_that_only_lost_their_processor),
            cmocka_unit_test(contention__a_busy_lock_on_a_full_machine),
            cmocka_unit_test(contention__long_work_under_a_lock_on_a_full_machine),
            cmocka_unit_test(contention__no_lock_is_held_for_longer_than_it_is_watched),
            cmocka_unit_test(contention__an_idle_thread_that_waits_now_and_then),
            cmocka_unit_test(contention__idle_time_is_no_working_time),
            cmocka_unit_test(contention__waits_for_a_holder_in_a_call_are_left_to_others),
            cmocka_unit_test(contention__one_wait_of_a_few_that_ended_between_two_calls),
            cmocka_unit_test(contention__a_free_lock_with_waiters_is_a_convoy),
            cmocka_unit_test(contention__held_for_a_third_of_the_waits_needs_inheritance_to_be_a_convoy),
            cmocka_unit_test(long_hold__rare_ones_far_above_the_median),
            cmocka_unit_test(long_hold__needs_several_a_usual_length_and_a_difference),
            cmocka_unit_test(long_hold__is_judged_by_the_budget),
            cmocka_unit_test(long_hold__not_if_most_of_its_kind_met_nobody),
            cmocka_unit_test(long_hold__in_calls_is_left_to_others),
            cmocka_unit_test(starvation__one_waiter_overtaken_again_and_again),
            cmocka_unit_test(starvation__count_taken_over_from_others_is_not_its_own),
            cmocka_unit_test(starvation__by_a_lock_held_in_calls_is_a_remark),
            cmocka_unit_test(starvation__not_where_turns_are_alike_or_waits_short),
            cmocka_unit_test(heap__use_under_a_lock_that_others_wait_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
