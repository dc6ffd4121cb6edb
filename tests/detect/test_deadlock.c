/* deadlock: circles of waiting threads, and what only looks like one. */
#include "../../interpose/record/thread.h"
#include "../../interpose/record/waker.h"
#include "../lib/history.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct finding *assert_deadlock(struct history *h, const char *objects)
{
    const struct review *r = history_review(h);
    const struct finding *f = history_find(r, FINDING_DEADLOCK);

    assert_int_equal(r->findings.count, 1);
    assert_int_equal(f->severity, SEVERITY_CRITICAL);
    assert_int_equal(f->confidence, CONFIDENCE_HIGH);
    assert_string_equal(f->grade, "G1");
    history_assert_objects(h, f, objects);
    return f;
}

static void deadlock__two_threads(void **state)
{
    history_play(*state, "T1 lock A; T2 lock B; T1 wants B at f; T2 wants A at g");
    const struct finding *f = assert_deadlock(*state, "A B");

    history_assert_stack(*state, f, "f");
    history_assert_stack(*state, f, "g");
    history_assert_stack(*state, f, "T1 lock A");
    history_assert_stack(*state, f, "T2 lock B");
}

static void deadlock__three_threads_and_two_behind(void **state)
{
    history_play(
            *state,
            "T1 lock A; T2 lock B; T3 lock C; T1 wants B; T2 wants C; T3 wants A; T4 lock D; T4 wants A; T5 wants D");
    const struct finding *f = assert_deadlock(*state, "A B C");
    bool told = false;

    for (unsigned i = 0; i < f->evidence_count; i++)
        told = told || f->evidence[i][0] == '2';
    assert_true(told);
}

static void deadlock__holder_of_an_inner_lock(void **state)
{
    history_play(*state, "T1 lock A; T1 lock X; T2 lock B; T1 wants B; T2 wants A");
    assert_deadlock(*state, "A B");
}

static void deadlock__join_with_the_lock_held(void **state)
{
    history_play(*state, "M create T1; M lock A; T1 wants A at f; M enter join at T1");
    history_assert_stack(*state, assert_deadlock(*state, "A"), "f");
}

static void deadlock__join_without_the_lock_is_only_a_wait(void **state)
{
    history_play(*state, "M create T1; M create T2; T2 lock A; T1 wants A; M enter join at T1");
    history_assert_silent(*state);
}

static void deadlock__queue_behind_a_working_holder_is_silent(void **state)
{
    history_play(*state, "T1 lock A; T2 wants A; T3 wants A; T4 lock B; T4 wants A; T5 wants B");
    history_assert_silent(*state);
}

static void deadlock__timed_wait_opens_by_itself(void **state)
{
    history_play(*state, "T1 lock A; T2 lock B; T1 wants-timed B; T2 wants A");
    const struct review *r = history_review(*state);

    assert_int_equal(history_count(r, FINDING_DEADLOCK), 0);
}

static void deadlock__resolved_circle_is_an_order_cycle(void **state)
{
    history_play(*state, "T1 lock A; T1 lock B; T1 unlock B; T1 unlock A; T2 lock B; T2 wants A; T2 gets A");
    const struct review *r = history_review(*state);

    assert_int_equal(r->findings.count, 1);
    history_find(r, FINDING_LOCK_ORDER_CYCLE);
}

static void deadlock__covers_its_own_order_cycle(void **state)
{
    history_play(*state,
                 "T1 lock A; T1 lock B; T1 unlock B; T1 unlock A; T2 lock B; T2 lock A; T2 unlock A; T2 unlock B;"
                 "T1 lock A; T2 lock B; T1 wants B; T2 wants A");
    assert_deadlock(*state, "A B");
}

static void deadlock__covers_other_locks_of_the_same_code(void **state)
{
    history_play(*state, "M init A at new; M init B at new; M init C at new; M init D at new;"
                         "T1 lock A at from; T1 lock B at to; T1 unlock B; T1 unlock A;"
                         "T2 lock B at from; T2 lock A at to; T2 unlock A; T2 unlock B;"
                         "T1 lock C at from; T2 lock D at from; T1 wants D at to; T2 wants C at to");
    assert_deadlock(*state, "C D");
}

static void deadlock__other_order_cycles_stay(void **state)
{
    history_play(*state,
                 "T1 lock X; T1 lock Y; T1 unlock Y; T1 unlock X; T2 lock Y; T2 lock X; T2 unlock X; T2 unlock Y;"
                 "T1 lock A; T2 lock B; T1 wants B; T2 wants A");
    const struct review *r = history_review(*state);

    assert_int_equal(r->findings.count, 2);
    history_find(r, FINDING_DEADLOCK);
    history_find(r, FINDING_LOCK_ORDER_CYCLE);
}

static void deadlock__two_circles_are_two_findings(void **state)
{
    history_play(*state, "T1 lock A; T2 lock B; T1 wants B; T2 wants A; T3 lock C; T4 lock D; T3 wants D; T4 wants C");
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 2);
}

static void deadlock__writer_behind_a_reader(void **state)
{
    history_play(*state, "T1 rwlock R; T1 rdlock R; T3 rdlock R; T2 lock J; T2 wants-wr R; T1 wants J");
    assert_deadlock(*state, "R J");
}

static const struct finding *assert_standstill(struct history *h, const char *objects)
{
    const struct finding *f = history_find(history_review(h), FINDING_DEADLOCK);

    assert_int_equal(f->severity, SEVERITY_CRITICAL);
    assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
    history_assert_objects(h, f, objects);
    return f;
}

static void deadlock__nobody_is_left_to_signal(void **state)
{
    history_play(*state, "T1 lock A; T1 lock B; T1 blocks-on C at f; T2 wants A at g");
    const struct finding *f = assert_standstill(*state, "A");

    history_assert_at(*state, f, "f");
    history_assert_stack(*state, f, "g");
    history_assert_stack(*state, f, "T1 lock A");
}

static void deadlock__somebody_may_still_wake_it(void **state)
{
    history_play(*state, "T1 lock A; T1 lock B; T1 blocks-on C; T2 wants A; T3 enter poll");
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

static void deadlock__somebody_still_runs(void **state)
{
    history_play(*state, "T1 lock A; T1 enter sem_wait; T2 wants A; T3 lock D");
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

static void deadlock__it_has_been_signalled(void **state)
{
    history_play(*state, "T3 lock D; T1 lock A; T1 lock B; T1 blocks-on C; T3 signals C; T2 wants A; T3 wants A");
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

static void deadlock__time_limit_ends_the_standstill(void **state)
{
    history_play(*state, "T1 lock A; T1 enter sem_wait; T2 wants A; T3 lock B; T4 wants-timed B; T3 wants A");
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

static void deadlock__a_thread_unknown_to_kiwi_may_wake_it(void **state)
{
    waker_note(KIWI_WAKER_THREAD);
    history_play(*state, "T1 lock A; T1 lock B; T1 blocks-on C; T2 wants A");
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

static void deadlock__a_signal_handler_cannot_signal(void **state)
{
    waker_note(KIWI_WAKER_HANDLER);
    history_play(*state, "T1 lock A; T1 lock B; T1 blocks-on C; T2 wants A");
    assert_standstill(*state, "A");
}

static void deadlock__a_signal_handler_may_wake_a_futex(void **state)
{
    waker_note(KIWI_WAKER_HANDLER);
    history_play(*state, "T1 lock A; T1 enter futex; T2 wants A");
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

static void deadlock__nobody_is_left_to_wake_the_futex(void **state)
{
    history_play(*state, "T1 lock A; T1 enter futex at f; T2 wants A");
    assert_standstill(*state, "A");
}

static bool says_it_stood_still(const struct review *r)
{
    for (unsigned i = 0; i < r->health.notes.count; i++)
        if (strstr(r->health.notes.items[i], "stood still"))
            return true;
    return false;
}

static void deadlock__first_wait_of_all_may_be_one_for_work(void **state)
{
    history_play(
            *state,
            "M create T1; M create T2; M lock Q; M signals E at give; M unlock Q; T1 lock Q at get; T1 unlock Q;"
            "T1 lock Q at get; T1 blocks-on E at get; T2 lock Q at get; T2 blocks-on E at get; M enter join at T1");
    const struct review *r = history_review(*state);

    assert_int_equal(r->findings.count, 0);
    assert_true(says_it_stood_still(r));
}

static void deadlock__pool_that_puts_into_its_own_full_queue(void **state)
{
    history_play(*state, "M create T1; M create T2; T1 lock Q at take; T1 signals F at take; T1 unlock Q;"
                         "T1 lock Q at put; T1 blocks-on F at put; T2 lock Q at put; T2 blocks-on F at put;"
                         "M enter join at T1");
    const struct review *r = history_review(*state);
    const struct finding *f = history_find(r, FINDING_DEADLOCK);

    history_assert_objects(*state, f, "F");
    history_assert_at(*state, f, "put");
    assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
    assert_false(says_it_stood_still(r));
}

static void deadlock__lost_wakeup_says_it(void **state)
{
    history_play(*state, "W lock X; W unlock X; P lock M at put; P signals C at put; P unlock M; W lock M at site;"
                         "W blocks-on C at wait; P exit 500");
    const struct review *r = history_review(*state);

    history_find(r, FINDING_LOST_WAKEUP);
    assert_int_equal(history_count(r, FINDING_DEADLOCK), 0);
}

static void deadlock__one_is_still_to_begin(void **state)
{
    struct thread_birth birth = {0};

    history_play(*state, "T1 lock A; T1 lock B; T1 blocks-on C at f; T2 wants A at g");
    thread_expect(&birth);
    history_assert_silent(*state);
}

static void deadlock__pool_without_work_is_a_note(void **state)
{
    history_play(*state,
                 "M create T1; M create T2; T1 lock Q; T1 blocks-on E at get; M signals E; T1 returns; T1 unlock Q;"
                 "T1 lock Q; T1 blocks-on E at get; T2 lock Q; T2 blocks-on E at get; M enter join at T1");
    const struct review *r = history_review(*state);

    assert_int_equal(r->findings.count, 0);
    assert_int_equal(r->confidence, CONFIDENCE_LOW);
    assert_true(says_it_stood_still(r));
}

static void deadlock__needs_no_such_note(void **state)
{
    history_play(*state, "T1 lock A; T2 lock B; T1 wants B; T2 wants A");
    const struct review *r = history_review(*state);

    history_find(r, FINDING_DEADLOCK);
    assert_false(says_it_stood_still(r));
}

static void deadlock__no_such_note_while_one_can_go_on(void **state)
{
    history_play(*state, "T1 enter futex; T2 enter futex; T3 enter poll");
    assert_false(says_it_stood_still(history_review(*state)));
}

/* A word that was always waited for at a value of 2, or at others, too. */
static uint32_t word_made(uintptr_t address, bool lock)
{
    uint32_t row = region_claim(KIWI_TABLE_OBJECTS, 1);
    struct kiwi_object *o = region_object(row);

    o->address = address;
    o->kind = KIWI_OBJECT_FUTEX;
    o->flags = lock ? KIWI_OBJECT_LOCK_LIKE : 0;
    o->cond_waiting = 1;
    region_publish(&o->state, KIWI_ROW_LIVE);
    return row;
}

/* The first threads of the history wait for these words. */
static void wait_for_words(const uint32_t *rows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        region_slot(i + 1)->call_object = rows[i];
}

static void deadlock__over_locks_made_of_futexes(void **state)
{
    waker_note(KIWI_WAKER_HANDLER); /* which gives no lock back */
    history_play(*state, "T1 enter futex at f; T2 enter futex at g; T3 enter join at T1");
    wait_for_words((const uint32_t[]){word_made(0x1000, true), word_made(0x1004, true)}, 2);
    const struct finding *f = history_find(history_review(*state), FINDING_DEADLOCK);

    assert_int_equal(f->severity, SEVERITY_CRITICAL);
    assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
    assert_int_equal(f->object_count, 2);
    history_assert_stack(*state, f, "f");
    history_assert_stack(*state, f, "g");
}

static void deadlock__joined_with_a_lock_made_of_a_futex(void **state)
{
    history_play(*state, "T1 enter futex at f; T2 enter join at T1");
    wait_for_words((const uint32_t[]){word_made(0x1000, true)}, 1);
    history_assert_stack(*state, history_find(history_review(*state), FINDING_DEADLOCK), "f");
}

static void deadlock__futexes_that_are_no_locks_are_only_idle(void **state)
{
    history_play(*state, "T1 enter futex at get; T1 leave 5; T1 enter futex at get; T2 enter futex at get;"
                         "T3 enter join at T1");
    wait_for_words((const uint32_t[]){word_made(0x1000, false), word_made(0x1004, false)}, 2);
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

/* Two pools, in each of which one waits for work with the lock of the queue in hand, and one for that lock. */
static void deadlock__somebody_asleep_may_have_the_futex(void **state)
{
    history_play(*state, "T1 enter futex at get; T1 leave 5; T1 enter futex at get; T2 enter futex at get;"
                         "T4 enter futex at get; T3 enter join at T1");
    wait_for_words((const uint32_t[]){word_made(0x1000, true), word_made(0x1004, true), word_made(0x1008, false)}, 3);
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

/* T1 waits, with a lock that T2 wants, at a word that is not private. */
static struct kiwi_object *waits_at_a_common_word(struct history *h)
{
    uint32_t row = word_made(0x1000, false);

    history_play(h, "T1 lock A; T1 enter futex; T2 wants A");
    wait_for_words(&row, 1);
    region_slot(1)->call_flags |= KIWI_CALLF_NOT_PRIVATE;
    return region_object(row);
}

static void deadlock__another_process_may_have_the_word(void **state)
{
    waits_at_a_common_word(*state);
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

static void deadlock__a_variable_is_of_one_process(void **state)
{
    waits_at_a_common_word(*state)->flags = KIWI_OBJECT_STATIC;
    assert_standstill(*state, "A");
}

static void deadlock__the_stack_of_another_thread_is_of_this_process(void **state)
{
    uint64_t word = waits_at_a_common_word(*state)->address;
    region_thread(2)->stack_low = word - 16;
    region_thread(2)->stack_high = word + 16;
    assert_standstill(*state, "A");
}

/* The first thread of the history, which waits for a futex, is at such an object instead: posted, or complete, so long
 * after its wait began (ticks; 0 = not yet). */
static struct kiwi_object *waits_at(enum kiwi_object_kind kind, uint64_t since)
{
    uint32_t row = region_claim(KIWI_TABLE_OBJECTS, 1);
    struct kiwi_object *o = region_object(row);
    struct kiwi_slot *s = region_slot(1);

    o->address = 0x2000;
    o->kind = (uint8_t)kind;
    o->wait_since = since ? s->call_since + since : 0;
    region_publish(&o->state, KIWI_ROW_LIVE);
    s->call_kind = kind == KIWI_OBJECT_BARRIER ? KIWI_CALL_BARRIER_WAIT : KIWI_CALL_SEM_WAIT;
    s->call_object = kind == KIWI_OBJECT_BARRIER ? row : o->address;
    return o;
}

static void deadlock__semaphore_that_nobody_posts(void **state)
{
    history_play(*state, "T1 lock A; T1 enter futex; T2 wants A");
    waits_at(KIWI_OBJECT_SEMAPHORE, 0);
    assert_standstill(*state, "A");
}

static void deadlock__semaphore_posted_before_all_slept(void **state)
{
    history_play(*state, "T1 lock A; T1 enter futex; T2 wants A");
    waits_at(KIWI_OBJECT_SEMAPHORE, 0)->wait_since = KIWI_POSTED_LONG_AGO;
    assert_standstill(*state, "A");
}

/* T1, T2, ... wait for semaphores, one each, of which the next one posted the latest if `posted`. */
static void wait_in_a_ring(struct history *h, uint32_t count, bool posted)
{
    for (uint32_t i = 1; i <= count; i++)
        history_playf(h, "T%" PRIu32 " enter futex at f%" PRIu32, i, i);
    for (uint32_t i = 1; i <= count; i++) {
        struct kiwi_slot *s = region_slot(i);
        struct kiwi_object *o = region_object(region_claim(KIWI_TABLE_OBJECTS, 1));

        o->address = 0x1000 * i;
        o->kind = KIWI_OBJECT_SEMAPHORE;
        o->wait_since = posted ? KIWI_POSTED_LONG_AGO : 0;
        o->other_thread = posted ? region_slot(i % count + 1)->thread : 0;
        s->call_kind = KIWI_CALL_SEM_WAIT;
        s->call_object = o->address;
        region_call(s->call_row)->kind = KIWI_CALL_SEM_WAIT;
        region_publish(&o->state, KIWI_ROW_LIVE);
    }
}

static void hang__each_waits_for_the_next_to_post(void **state)
{
    wait_in_a_ring(*state, 3, true);
    const struct review *r = history_review(*state);

    assert_int_equal(history_count(r, FINDING_DEADLOCK), 1);
    history_assert_stack(*state, history_find(r, FINDING_DEADLOCK), "f3");
}

/* As workers do that tell each other of their work. */
static void hang__who_posted_it_last_waits_for_it(void **state)
{
    wait_in_a_ring(*state, 1, true);
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

static void hang__the_last_poster_is_not_among_them(void **state)
{
    wait_in_a_ring(*state, 2, true);
    history_play(*state, "T3 enter join at T1");
    region_object(1)->other_thread = region_slot(3)->thread;
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

static void hang__nobody_has_signalled_anything(void **state)
{
    wait_in_a_ring(*state, 2, false);
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 1);
}

static void hang__one_place_that_was_never_signalled_may_be_an_idle_pool(void **state)
{
    wait_in_a_ring(*state, 1, false);
    history_play(*state, "T2 enter join at T1");
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

static void hang__others_were_woken_there_before(void **state)
{
    history_play(*state, "T1 enter futex at f1; T1 leave 5");
    wait_in_a_ring(*state, 2, false);
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

/* P and Q wait for room, G for something to get, on one condition variable. G is woken in the place of one of them. */
static void wake_the_other_kind(struct history *h, const char *verb, const char *elsewhere)
{
    history_playf(h,
                  "M create P; M create Q; M create G; P lock A; P blocks-on C at put; Q lock A; Q blocks-on C at put;"
                  "G lock A; G blocks-on C at get; M lock A; M %s C; M unlock A; G returns; G blocks-on C at %s;"
                  "M enter join at P",
                  verb, elsewhere);
}

static void hang__a_signal_for_another_kind_of_waiter(void **state)
{
    wake_the_other_kind(*state, "signals", "get");
    const struct finding *f = history_find(history_review(*state), FINDING_DEADLOCK);
    history_assert_at(*state, f, "put");
    history_assert_objects(*state, f, "C");
}

static void hang__one_kind_of_waiters_is_an_idle_pool(void **state)
{
    wake_the_other_kind(*state, "signals", "put");
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

static void hang__all_kinds_were_woken(void **state)
{
    history_play(*state, "M create P; M create G; P lock A; P blocks-on C at put; G lock A; G blocks-on C at get;"
                         "M lock A; M broadcasts C; M unlock A; P returns; P blocks-on C at put; G returns;"
                         "G blocks-on C at get; M enter join at P");
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

/* T1 and T2 were let in before, and wait again. */
static struct kiwi_object *permits_run_out(struct history *h)
{
    history_play(h, "T1 enter futex at get; T2 enter futex at get; T3 enter join at T1");
    struct kiwi_object *o = waits_at(KIWI_OBJECT_SEMAPHORE, 0);

    region_slot(2)->call_kind = KIWI_CALL_SEM_WAIT;
    region_slot(2)->call_object = o->address;
    o->flags = KIWI_OBJECT_PERMITS;
    o->type = 2;
    return o;
}

static void hang__permits_that_were_not_given_back(void **state)
{
    permits_run_out(*state)->wait_since = KIWI_POSTED_LONG_AGO;
    const struct finding *f = history_find(history_review(*state), FINDING_DEADLOCK);

    assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
    assert_non_null(strstr(f->title, "all 2 permits"));
    history_assert_at(*state, f, "get");
}

/* It may count what was there at first, and nobody has made more yet. */
static void hang__permits_that_nobody_ever_gave_back(void **state)
{
    permits_run_out(*state);
    const struct review *r = history_review(*state);

    assert_int_equal(history_count(r, FINDING_DEADLOCK), 0);
    assert_true(says_it_stood_still(r));
}

static void hang__permit_that_was_just_given_back(void **state)
{
    struct kiwi_object *o = permits_run_out(*state);

    o->wait_since = region_slot(2)->call_since + 1;
    const struct review *r = history_review(*state);

    assert_int_equal(history_count(r, FINDING_DEADLOCK), 0);
    assert_false(says_it_stood_still(r));
}

static void deadlock__semaphore_posted_since(void **state)
{
    history_play(*state, "T1 lock A; T1 enter futex; T2 wants A");
    waits_at(KIWI_OBJECT_SEMAPHORE, 1);
    const struct review *r = history_review(*state);

    assert_int_equal(history_count(r, FINDING_DEADLOCK), 0);
    assert_false(says_it_stood_still(r));
}

/* The trace is of a process that no longer runs: it may have been about to take it. */
static void deadlock__semaphore_that_is_a_lock_and_free(void **state)
{
    history_play(*state, "T1 lock A; T1 enter futex; T2 wants A");
    waits_at(KIWI_OBJECT_SEMAPHORE, 0)->flags = KIWI_OBJECT_LOCK_LIKE;
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

static void deadlock__nobody_is_left_to_come_to_the_barrier(void **state)
{
    history_play(*state, "T1 lock A; T1 enter futex at f; T2 wants A");
    waits_at(KIWI_OBJECT_BARRIER, 0);
    history_assert_at(*state, assert_standstill(*state, "A"), "f");
}

static void deadlock__barrier_that_all_have_reached(void **state)
{
    history_play(*state, "T1 lock A; T1 enter futex; T2 wants A");
    waits_at(KIWI_OBJECT_BARRIER, 1);
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

static void deadlock__a_lock_made_of_a_futex_has_been_released(void **state)
{
    const uint32_t words[] = {word_made(0x1000, true), word_made(0x1004, true)};

    history_play(*state, "T1 enter futex; T2 enter futex; T3 enter join at T1");
    wait_for_words(words, 2);
    region_object(words[1])->cond_signalled = 1; /* T2 is about to go on */
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

static void deadlock__somebody_runs_who_may_have_the_futex(void **state)
{
    history_play(*state, "T1 enter futex; T2 enter futex; T3 lock A");
    wait_for_words((const uint32_t[]){word_made(0x1000, true), word_made(0x1004, true)}, 2);
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

static void deadlock__reader_behind_readers_is_silent(void **state)
{
    history_play(*state, "T1 rwlock R; T1 rdlock R; T2 lock J; T2 wants-rd R; T1 wants J");
    assert_int_equal(history_count(history_review(*state), FINDING_DEADLOCK), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, history_set_up, history_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(deadlock__two_threads),
            TEST(deadlock__three_threads_and_two_behind),
            TEST(deadlock__holder_of_an_inner_lock),
            TEST(deadlock__join_with_the_lock_held),
            TEST(deadlock__join_without_the_lock_is_only_a_wait),
            TEST(deadlock__queue_behind_a_working_holder_is_silent),
            TEST(deadlock__timed_wait_opens_by_itself),
            TEST(deadlock__resolved_circle_is_an_order_cycle),
            TEST(deadlock__covers_its_own_order_cycle),
            TEST(deadlock__covers_other_locks_of_the_same_code),
            TEST(deadlock__other_order_cycles_stay),
            TEST(deadlock__two_circles_are_two_findings),
            TEST(deadlock__writer_behind_a_reader),
            TEST(deadlock__reader_behind_readers_is_silent),
            TEST(deadlock__nobody_is_left_to_signal),
            TEST(deadlock__somebody_may_still_wake_it),
            TEST(deadlock__somebody_still_runs),
            TEST(deadlock__it_has_been_signalled),
            TEST(deadlock__time_limit_ends_the_standstill),
            TEST(deadlock__first_wait_of_all_may_be_one_for_work),
            TEST(deadlock__pool_that_puts_into_its_own_full_queue),
            TEST(deadlock__lost_wakeup_says_it),
            TEST(deadlock__one_is_still_to_begin),
            TEST(deadlock__pool_without_work_is_a_note),
            TEST(deadlock__needs_no_such_note),
            TEST(deadlock__no_such_note_while_one_can_go_on),
            TEST(deadlock__a_thread_unknown_to_kiwi_may_wake_it),
            TEST(deadlock__a_signal_handler_cannot_signal),
            TEST(deadlock__a_signal_handler_may_wake_a_futex),
            TEST(deadlock__nobody_is_left_to_wake_the_futex),
            TEST(deadlock__over_locks_made_of_futexes),
            TEST(deadlock__joined_with_a_lock_made_of_a_futex),
            TEST(deadlock__futexes_that_are_no_locks_are_only_idle),
            TEST(deadlock__somebody_asleep_may_have_the_futex),
            TEST(deadlock__semaphore_that_nobody_posts),
            TEST(deadlock__another_process_may_have_the_word),
            TEST(deadlock__a_variable_is_of_one_process),
            TEST(deadlock__the_stack_of_another_thread_is_of_this_process),
            TEST(deadlock__semaphore_posted_before_all_slept),
            TEST(hang__each_waits_for_the_next_to_post),
            TEST(hang__who_posted_it_last_waits_for_it),
            TEST(hang__the_last_poster_is_not_among_them),
            TEST(hang__nobody_has_signalled_anything),
            TEST(hang__one_place_that_was_never_signalled_may_be_an_idle_pool),
            TEST(hang__others_were_woken_there_before),
            TEST(hang__a_signal_for_another_kind_of_waiter),
            TEST(hang__one_kind_of_waiters_is_an_idle_pool),
            TEST(hang__all_kinds_were_woken),
            TEST(hang__permits_that_were_not_given_back),
            TEST(hang__permits_that_nobody_ever_gave_back),
            TEST(hang__permit_that_was_just_given_back),
            TEST(deadlock__semaphore_posted_since),
            TEST(deadlock__semaphore_that_is_a_lock_and_free),
            TEST(deadlock__nobody_is_left_to_come_to_the_barrier),
            TEST(deadlock__barrier_that_all_have_reached),
            TEST(deadlock__a_lock_made_of_a_futex_has_been_released),
            TEST(deadlock__somebody_runs_who_may_have_the_futex),
    };

    return cmocka_run_group_tests_name("deadlock", tests, NULL, NULL);
}
