/* contention.h: waits are charged to what the holder was doing, holds are timed while others wait, and overtakes are
 * counted. charge.h and processor.h are seen through it. */
#include "recorder.h"

#include "../../interpose/base/clock.h"
#include "../../interpose/record/call.h"
#include "../../interpose/record/contention.h"
#include "../../interpose/record/processor.h"

#include <time.h>

#define A ((uintptr_t)0x100000)
#define B ((uintptr_t)0x200040)

static uint32_t request(struct thread *t, uintptr_t lock, uint64_t place)
{
    uint32_t word = stack_made(place) | ACQUISITION_KIND(KIWI_MODE_WRITE, KIWI_HOW_LOCK);
    return acquisition_line(t, lock, word)->row;
}

/* A thread waits for a lock until it gets it, or not. */
static void wait_for(struct thread *t, uint32_t row, uint32_t holder, uint64_t (*meanwhile)(struct thread *),
                     struct thread *other)
{
    uint64_t since = acquisition_wait_begin(t, row, KIWI_WANT_WAITING, holder);
    if (meanwhile)
        meanwhile(other);
    acquisition_wait_end(t, row, since, holder);
    acquisition_want(t, KIWI_WANT_NONE);
    contention_settle(t);
}

static const struct kiwi_charge *only_charge(void)
{
    assert_int_equal(region.header->tables[KIWI_TABLE_CHARGES].used, 2);
    return region_charge(1);
}

static const struct kiwi_contention *contention_of(uint32_t row)
{
    uint32_t own = memory.contentions[region_acquisition(row)->object];
    assert_int_not_equal(own, 0);
    return region_contention(own);
}

static uint64_t lets_go(struct thread *t)
{
    lock_let_go(t, A);
    contention_settle(t);
    return 0;
}

static void contention__wait_is_charged_to_the_holders_place(void **state)
{
    struct thread *t = thread_made("waiter"), *h = thread_made("holder");
    uint32_t place = stack_made(2);

    (void)state;
    lock_taken_at(h, A, place);
    uint32_t row = request(t, A, 1);
    wait_for(t, row, h->row, lets_go, h);
    const struct kiwi_charge *c = only_charge();
    assert_int_equal(c->state, KIWI_ROW_LIVE);
    assert_int_equal(c->row, row);
    assert_int_equal(c->thread, t->row);
    assert_int_equal(c->holder_stack, place);
    assert_int_equal(c->holder_thread, h->row);
    assert_int_equal(c->cause, KIWI_CAUSE_RUNNING);
    assert_int_equal(c->count, 1);
    assert_true(c->ticks > 0 && c->max_ticks == c->ticks);
    assert_int_equal(contention_of(row)->pressed, 1); /* the waiter has marked the hold */
    assert_true(contention_of(row)->waited_ticks > 0);
}

static void contention__wait_is_charged_to_the_holders_call(void **state)
{
    struct thread *t = thread_made("waiter"), *h = thread_made("holder");
    struct call_record call;

    (void)state;
    lock_taken_at(h, A, stack_made(2));
    call_enter(&call, h, KIWI_CALL_FSYNC, stack_made(3), KIWI_CALLF_UNTIMED, 3);
    wait_for(t, request(t, A, 1), h->row, NULL, NULL);
    assert_int_equal(only_charge()->cause, KIWI_CAUSE_CALL);
    assert_int_equal(only_charge()->cause_row, call.row);
}

static uint64_t sits_in_a_call(struct thread *h)
{
    struct call_record call;
    call_enter(&call, h, KIWI_CALL_FSYNC, stack_made(3), KIWI_CALLF_UNTIMED, 3);
    call.since -= clock_state.ticks_per_second; /* so that it covers all of the wait */
    call_leave(&call, 0, 0);
    return 0;
}

static void contention__call_that_began_later_counts_if_it_filled_the_wait(void **state)
{
    struct thread *t = thread_made("waiter"), *h = thread_made("holder");

    (void)state;
    lock_taken_at(h, A, stack_made(2));
    uint32_t row = request(t, A, 1);
    uint64_t since = acquisition_wait_begin(t, row, KIWI_WANT_WAITING, h->row);
    while (clock_ticks() - since < clock_state.ticks_per_second / 100)
        ;
    sits_in_a_call(h);
    acquisition_wait_end(t, row, since, h->row);
    contention_settle(t);
    assert_int_equal(only_charge()->cause, KIWI_CAUSE_CALL);
}

static void contention__wait_is_charged_to_the_holders_own_wait(void **state)
{
    struct thread *t = thread_made("waiter"), *h = thread_made("holder");

    (void)state;
    lock_taken_at(h, A, stack_made(2));
    uint32_t inner = request(h, B, 3);
    acquisition_wait_begin(h, inner, KIWI_WANT_WAITING, 0);
    wait_for(t, request(t, A, 1), h->row, NULL, NULL);
    const struct kiwi_charge *c = only_charge();
    assert_int_equal(c->cause, KIWI_CAUSE_LOCK);
    assert_int_equal(c->cause_row, inner);
}

/* As the full way of the lock wrappers does for a sample. */
static uint64_t takes_it_again_and_again(struct thread *h)
{
    for (int i = 0; i < 20; i++) {
        lock_let_go(h, A);
        contention_settle(h);
        uint32_t row = lock_taken_at(h, A, stack_made(2))->row;
        assert_true(contention_watched(row, 1));
        h->held[0].flags |= KIWI_HELD_TIMED;
        h->held[0].since = clock_ticks();
    }
    return 0;
}

static void contention__overtakes_are_counted_while_somebody_waits(void **state)
{
    struct thread *t = thread_made("waiter"), *h = thread_made("holder");

    (void)state;
    lock_taken_at(h, A, stack_made(2));
    uint32_t row = request(t, A, 1);
    wait_for(t, row, h->row, takes_it_again_and_again, h);
    const struct kiwi_charge *c = only_charge();
    assert_in_range(c->overtakes, 19, 21);
    assert_int_equal(c->starved, 1);
    assert_true(c->starved_ticks > 0 && c->starved_ticks == c->ticks);
}

static uint64_t takes_a_sample(struct thread *h)
{
    lock_let_go(h, A);
    contention_settle(h);
    uint32_t row = lock_taken_at(h, A, stack_made(2))->row;
    assert_true(contention_watched(row, 8));
    contention_sampled(h, A, (struct contention_sample){1, 8}, 0);
    h->held[0].flags |= KIWI_HELD_TIMED;
    h->held[0].since = clock_ticks();
    lock_let_go(h, A);
    contention_settle(h);
    return 0;
}

/* The first hold was marked by the waiter and counts once, the second began while it waited. */
static void contention__samples_stand_for_many(void **state)
{
    struct thread *t = thread_made("waiter"), *h = thread_made("holder");

    (void)state;
    uint32_t row = lock_taken_at(h, A, stack_made(2))->row;
    wait_for(t, request(t, A, 1), h->row, takes_a_sample, h);
    assert_int_equal(contention_of(row)->pressed, 1 + 8);
    assert_int_equal(only_charge()->overtakes, 8);
}

static void contention__nobody_is_watched_without_waiters(void **state)
{
    struct thread *t = thread_made("waiter"), *h = thread_made("holder");

    (void)state;
    uint32_t row = lock_taken_at(h, A, stack_made(2))->row;
    wait_for(t, request(t, A, 1), h->row, lets_go, h);
    uint64_t grants = contention_of(row)->grants;
    assert_false(contention_watched(row, 8));
    assert_int_equal(contention_of(row)->grants, grants);
}

static void contention__runs_of_failed_tries_end_with_success(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t row = request(t, A, 1);

    (void)state;
    for (int i = 0; i < 30; i++)
        contention_try_failed(t, row, 0);
    for (int i = 0; i < 10; i++)
        contention_try_failed(t, row, 1); /* it got the lock once in between */
    const struct kiwi_charge *c = only_charge();
    assert_int_equal(c->cause, KIWI_CAUSE_TRY);
    assert_int_equal(c->count, 40);
    assert_int_equal(c->run, 30);
    assert_true(c->run_end >= c->run_begin);
}

static void contention__threads_beyond_half_of_the_table_share_rows(void **state)
{
    struct thread *t = thread_made("waiter"), *h = thread_made("holder");
    struct kiwi_table *charges = &region.header->tables[KIWI_TABLE_CHARGES];

    (void)state;
    lock_taken_at(h, A, stack_made(2));
    uint32_t row = request(t, A, 1), half = (uint32_t)charges->capacity / 2 + 1;
    assert_int_equal(region_claim(KIWI_TABLE_CHARGES, half), 1);
    wait_for(t, row, h->row, NULL, NULL);
    wait_for(t, row, h->row, NULL, NULL);
    const struct kiwi_charge *c = region_charge(half + 1);
    assert_int_equal(charges->used, half + 2);
    assert_int_equal(c->thread, 0);
    assert_int_equal(c->row, row);
    assert_int_equal(c->count, 2);
}

static void contention__users_are_the_heaviest_ones(void **state)
{
    struct thread *threads[6];
    uint32_t row = 0;

    (void)state;
    for (int i = 0; i < 6; i++)
        threads[i] = thread_made("user");
    for (int n = 0; n < 60; n++) {
        struct thread *t = threads[n < 6 ? n : n % 2 ? 4 : 5];
        row = lock_taken_at(t, A, stack_made(2))->row;
        t->held[0].flags |= KIWI_HELD_TIMED;
        t->held[0].since = clock_ticks();
        contention_sampled(t, A, (struct contention_sample){3, 1}, 0);
        lock_let_go(t, A);
        contention_settle(t);
    }
    const struct kiwi_contention *c = contention_of(row);
    uint64_t heavy = 0, all = 0;
    for (int i = 0; i < KIWI_CONTENTION_USERS; i++) {
        bool is = c->users[i].thread == threads[4]->row || c->users[i].thread == threads[5]->row;
        heavy += is ? c->users[i].samples : 0;
        all += c->users[i].samples;
    }
    assert_int_equal(c->holds, 60);
    assert_int_equal(all, 180);
    assert_true(heavy >= 160);
}

static uint64_t pass_time(void)
{
    uint64_t begin = clock_ticks(), now = begin, gap = clock_state.ticks_per_second / 500;
    while (now - begin < gap)
        now = clock_ticks();
    return now;
}

static uint64_t takes_it_in_between(struct thread *h)
{
    struct thread *other = thread_made("comer");
    lock_let_go(h, A);
    contention_settle(h);
    pass_time();
    lock_taken_at(h, A, stack_made(2));
    wait_for(other, request(other, A, 3), h->row, lets_go, h);
    return 0;
}

/* One has waited since long when a hold begins, for which another one comes to wait. */
static void contention__hold_is_no_longer_than_it_was_seen(void **state)
{
    struct thread *t = thread_made("waiter"), *h = thread_made("holder");

    (void)state;
    uint32_t row = lock_taken_at(h, A, stack_made(2))->row;
    wait_for(t, request(t, A, 1), h->row, takes_it_in_between, h);
    const struct kiwi_contention *c = contention_of(row);
    assert_int_equal(c->pressed, 2);
    assert_true(c->pressed_ticks < c->waited_ticks / 2 || c->waited_ticks < clock_state.ticks_per_second / 500);
}

static void preempted(struct thread *t)
{
    t->reading.switches = ~0ull; /* since the latest reading */
}

static void processor__tells_running_from_preemption(void **state)
{
    struct thread *t = thread_made("a");
    uint64_t gap = clock_state.ticks_per_second / 500, later = pass_time(), before;

    (void)state;
    processor_read_sometimes(t, clock_ticks());
    assert_int_not_equal(t->reading.ticks, 0);
    preempted(t);
    later = clock_ticks();
    assert_true(processor_time_in(t, later - 1000 * gap, later).ran < 900 * gap); /* all of this it can not have run */
    before = t->reading.ticks;
    later = pass_time();
    preempted(t);
    t->blocked_ticks += 1000 * gap;
    assert_int_equal(processor_time_in(t, before, later).ran, later - before); /* it sat in a call */
    preempted(t);
    later = clock_ticks();
    assert_true(processor_time_in(t, later, later + 100 * gap).ran < 50 * gap);
    uint64_t ran = 0;
    for (int i = 0; i < 100 && ran < gap - gap / 10; i++) { /* this machine may be busy, too */
        later = clock_ticks();
        while (clock_ticks() < later + gap)
            continue;
        ran = processor_time_in(t, later, later + gap).ran;
    }
    assert_true(ran >= gap - gap / 10); /* not preempted: all of it */
    later = clock_ticks();
    assert_true(processor_time_in(t, later, later + 100 * gap).ran < 50 * gap); /* a host may have taken it */
}

static uint64_t sleep_a_while(void)
{
    nanosleep(&(struct timespec){0, 5000000}, NULL);
    return clock_ticks();
}

static void processor__what_came_after_does_not_count(void **state)
{
    struct thread *t = thread_made("a");
    uint64_t begin, end;

    (void)state;
    pass_time();
    processor_read_sometimes(t, clock_ticks());
    begin = t->reading.ticks;
    end = sleep_a_while();
    t->blocked_ticks += sleep_a_while() - end; /* in a call, which began when the hold was over */
    preempted(t);
    assert_true(processor_time_in(t, begin, end).ran < end - begin);
}

static void processor__nothing_is_known_of_what_came_before_the_reading(void **state)
{
    struct thread *t = thread_made("a");
    uint64_t begin = pass_time(), end, from;

    (void)state;
    pass_time();
    processor_read_sometimes(t, clock_ticks());
    from = t->reading.ticks;
    end = pass_time();
    assert_true(processor_time_in(t, begin, end).ran <= end - from);
}

/* getrusage would tell of the time that was used since the scheduler's last tick only later. */
static void processor__nothing_used_before_comes_to_light_later(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    for (int i = 0; i < 20; i++) {
        pass_time();
        uint64_t used = sys_clock_ns(CLOCK_THREAD_CPUTIME_ID);
        processor_read_sometimes(t, clock_ticks());
        uint64_t begin = t->reading.ticks;
        uint64_t end = sleep_a_while();
        preempted(t);
        uint64_t ran = processor_time_in(t, begin, end).ran;
        used = sys_clock_ns(CLOCK_THREAD_CPUTIME_ID) - used;
        assert_true(ran <= clock_ns_to_ticks(used + 1000));
    }
}

/* A long hold that follows a wait: what it is compared with must not be read after it. */
static void processor__hold_after_a_wait_is_judged(void **state)
{
    struct thread *t = thread_made("waiter"), *h = thread_made("holder");

    (void)state;
    lock_taken_at(h, A, stack_made(2));
    uint32_t row = request(t, A, 1);
    uint64_t since = acquisition_wait_begin(t, row, KIWI_WANT_WAITING, h->row);
    struct kiwi_held held = {
            .address = A, .row = row, .flags = KIWI_HELD_TIMED, .since = acquisition_wait_end(t, row, since, h->row)};
    acquisition_want(t, KIWI_WANT_NONE);
    region_object(region_acquisition(row)->object)->waiters = 1;
    pass_time();
    contention_hold_end(t, &held, clock_ticks());
    contention_settle(t);
    const struct kiwi_contention *c = contention_of(row);
    assert_int_equal(c->pressed, 1);
    assert_true(c->running || c->lost_ticks); /* the latter where this machine is busy */
}

/* Values in a histogram of a contention row, all powers of two. */
static uint64_t histogram_total(const struct kiwi_contention *c, enum kiwi_histogram_kind kind)
{
    uint64_t total = 0;
    for (uint32_t i = 1; i < region_ready_rows(KIWI_TABLE_HISTOGRAMS); i++) {
        const struct kiwi_histogram *h = region_histogram(i);
        if (h->state != KIWI_ROW_LIVE || h->kind != kind || region_contention(h->contention) != c)
            continue;
        for (uint32_t bucket = 0; bucket < KIWI_HISTOGRAM_BUCKETS; bucket++)
            total += h->counts[bucket];
    }
    return total;
}

/* A wait of 10 ticks that ended at `until`, entered by itself. */
static void waited_until(struct thread *t, uint32_t row, uint64_t until)
{
    contention_wait_begin(t, row, until - 10, 0);
    contention_wait_end(t, row, until - 10, until, 0);
    contention_settle(t);
}

/* So many that a thread has to enter before it keeps any back. */
static uint64_t waits_often(struct thread *t, uint32_t row)
{
    uint64_t now = clock_ticks();
    for (int i = 0; i < 64; i++)
        waited_until(t, row, ++now);
    return now;
}

static void contention__brief_ones_close_together_are_entered_together(void **state)
{
    struct thread *t = thread_made("waiter");

    (void)state;
    uint32_t row = request(t, A, 1);
    uint64_t now = waits_often(t, row);
    assert_int_equal(only_charge()->count, 64);
    for (int i = 0; i < 15; i++)
        waited_until(t, row, ++now);
    assert_int_equal(only_charge()->count, 64);
    waited_until(t, row, ++now);
    assert_int_equal(only_charge()->count, 80);
    assert_int_equal(only_charge()->ticks, 800);
    assert_int_equal(contention_of(row)->grants, 80);
}

static void contention__some_are_entered_before_the_next_wait(void **state)
{
    struct thread *t = thread_made("waiter");

    (void)state;
    uint32_t row = request(t, A, 1);
    uint64_t now = waits_often(t, row);
    for (int i = 0; i < 7; i++)
        waited_until(t, row, ++now);
    acquisition_wait_end(t, row, acquisition_wait_begin(t, row, KIWI_WANT_WAITING, 0), 0);
    assert_int_equal(only_charge()->count, 64);
    contention_settle(t);
    acquisition_wait_begin(t, row, KIWI_WANT_WAITING, 0);
    assert_int_equal(only_charge()->count, 72);
}

static void contention__long_wait_is_entered_with_all_before_it(void **state)
{
    struct thread *t = thread_made("waiter");

    (void)state;
    uint32_t row = request(t, A, 1);
    uint64_t now = waits_often(t, row);
    waited_until(t, row, ++now);
    contention_wait_begin(t, row, now + 1, 0);
    now += 1 + clock_state.waited_ticks;
    contention_wait_end(t, row, now - clock_state.waited_ticks, now, 0);
    contention_settle(t);
    assert_int_equal(only_charge()->count, 66);
    assert_int_equal(only_charge()->max_ticks, clock_state.waited_ticks);
}

static void contention__single_ones_are_entered_at_once(void **state)
{
    struct thread *t = thread_made("waiter");

    (void)state;
    uint32_t row = request(t, A, 1);
    uint64_t now = waits_often(t, row);
    for (int i = 0; i < 5; i++)
        waited_until(t, row, now += clock_state.waited_ticks);
    assert_int_equal(only_charge()->count, 69);
}

/* Whoever waits when they are entered need not have waited when they were granted. */
static void contention__grants_of_long_ago_overtake_nobody(void **state)
{
    struct thread *t = thread_made("waiter");

    (void)state;
    uint32_t row = request(t, A, 1);
    uint64_t now = waits_often(t, row);
    for (int i = 0; i < 5; i++)
        waited_until(t, row, ++now);
    waited_until(t, row, now + clock_state.ticks_per_second);
    assert_int_equal(only_charge()->count, 70);
    assert_int_equal(contention_of(row)->grants, 65);
}

/* Holds of two locks in turns, each one tick longer than the last, while somebody waits for them. */
static void contention__holds_entered_together_are_all_there(void **state)
{
    struct thread *t = thread_made("holder");
    uint32_t rows[] = {request(t, A, 1), request(t, B, 1)};
    uint64_t now = waits_often(t, rows[0]), ticks[2] = {0}, count[2] = {0};

    (void)state;
    waited_until(t, rows[1], ++now);
    for (int i = 0; i < 2; i++)
        region_object(region_acquisition(rows[i])->object)->waiters = 1;
    for (uint64_t length = 20; length < 33; length++) {
        int which = length % 3 == 0;
        struct kiwi_held held = {.address = which ? B : A, .row = rows[which], .flags = KIWI_HELD_TIMED, .since = now};
        now += length;
        contention_hold_end(t, &held, now);
        contention_settle(t);
        ticks[which] += length;
        count[which]++;
    }
    assert_int_equal(contention_of(rows[0])->holds, 0);
    contention_end(t);
    for (int i = 0; i < 2; i++) {
        const struct kiwi_contention *c = contention_of(rows[i]);
        const struct kiwi_acquisition *a = region_acquisition(rows[i]);
        assert_int_equal(c->holds, count[i]);
        assert_int_equal(c->hold_ticks, ticks[i]);
        assert_int_equal(c->hold_max_ticks, i ? 30 : 32);
        assert_int_equal(c->pressed, count[i]);
        assert_int_equal(c->pressed_ticks, ticks[i]);
        assert_int_equal(a->hold_samples, count[i]);
        assert_int_equal(a->hold_ticks, ticks[i]);
        assert_int_equal(histogram_total(c, KIWI_HISTOGRAM_HOLD), count[i]);
        assert_int_equal(histogram_total(c, KIWI_HISTOGRAM_PRESSED), count[i]);
    }
}

static void contention__nothing_is_kept_back_at_the_end(void **state)
{
    struct thread *t = thread_made("waiter");

    (void)state;
    uint32_t row = request(t, A, 1);
    waited_until(t, row, waits_often(t, row) + 1);
    assert_int_equal(only_charge()->count, 64);
    contention_end(t);
    assert_int_equal(only_charge()->count, 65);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(contention__wait_is_charged_to_the_holders_place),
            FRESH(contention__wait_is_charged_to_the_holders_call),
            FRESH(contention__call_that_began_later_counts_if_it_filled_the_wait),
            FRESH(contention__wait_is_charged_to_the_holders_own_wait),
            FRESH(contention__overtakes_are_counted_while_somebody_waits),
            FRESH(contention__samples_stand_for_many),
            FRESH(contention__hold_is_no_longer_than_it_was_seen),
            FRESH(contention__nobody_is_watched_without_waiters),
            FRESH(contention__runs_of_failed_tries_end_with_success),
            FRESH(contention__threads_beyond_half_of_the_table_share_rows),
            FRESH(contention__users_are_the_heaviest_ones),
            FRESH(contention__brief_ones_close_together_are_entered_together),
            FRESH(contention__some_are_entered_before_the_next_wait),
            FRESH(contention__long_wait_is_entered_with_all_before_it),
            FRESH(contention__single_ones_are_entered_at_once),
            FRESH(contention__grants_of_long_ago_overtake_nobody),
            FRESH(contention__holds_entered_together_are_all_there),
            FRESH(contention__nothing_is_kept_back_at_the_end),
            FRESH(processor__tells_running_from_preemption),
            FRESH(processor__what_came_after_does_not_count),
            FRESH(processor__nothing_is_known_of_what_came_before_the_reading),
            FRESH(processor__nothing_used_before_comes_to_light_later),
            FRESH(processor__hold_after_a_wait_is_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
