/* let_in.h: handlers of signals that are let in just before a wait. Signal frames are made-up addresses. */
#include "recorder.h"

#include "../../interpose/record/let_in.h"

#define ONE 1ull
#define TWO 2ull
#define FRAME 0x9000u   /* of the call that lets in */
#define HANDLER 0x8000u /* a signal frame below it */

static void let_in(struct thread *t, uint64_t could, uint64_t did)
{
    struct let_in_call c;

    let_in_begin(t, &c, FRAME, could);
    let_in_end(t, &c, did);
}

static void waits(struct thread *t, uint64_t since)
{
    t->slot->call_kind = since ? KIWI_CALL_SELECT : 0;
    t->slot->call_since = since;
}

static void handler__of_a_signal_just_let_in_is_quiet(void **state)
{
    struct thread *t = thread_made("main");

    (void)state;
    assert_false(let_in_is_quiet(t, HANDLER, ONE));
    let_in(t, ONE | TWO, ONE);
    waits(t, 10);
    assert_true(let_in_is_quiet(t, HANDLER, ONE));
    assert_false(let_in_is_quiet(t, HANDLER, TWO)); /* that was open before */
    assert_false(let_in_is_quiet(t, HANDLER, ONE | TWO));
}

static void handler__that_comes_while_it_is_let_in_is_quiet(void **state)
{
    struct thread *t = thread_made("main");
    struct let_in_call c;

    (void)state;
    let_in_begin(t, &c, FRAME, ONE);
    t->heap_calls++; /* the handler's own */
    assert_true(let_in_is_quiet(t, HANDLER, ONE));
    assert_false(let_in_is_quiet(t, FRAME + 0x100, ONE)); /* a handler that makes this call itself */
    let_in_end(t, &c, ONE);
    waits(t, 10);
    assert_true(let_in_is_quiet(t, HANDLER, ONE));
}

static void handler__after_any_work_is_not(void **state)
{
    struct thread *t = thread_made("main");

    (void)state;
    let_in(t, ONE, ONE);
    t->heap_calls++;
    waits(t, 10);
    assert_false(let_in_is_quiet(t, HANDLER, ONE));
    let_in(t, ONE, ONE);
    t->blocked_ticks++; /* a wait ended: what came after it is not known */
    assert_false(let_in_is_quiet(t, HANDLER, ONE));
    let_in(t, ONE, ONE);
    t->slot->held_count = 1;
    assert_false(let_in_is_quiet(t, HANDLER, ONE));
}

static void handler__may_do_what_it_likes_in_a_quiet_wait(void **state)
{
    struct thread *t = thread_made("main");

    (void)state;
    let_in(t, ONE | TWO, ONE | TWO);
    waits(t, 10);
    assert_true(let_in_is_quiet(t, HANDLER, ONE));
    t->heap_calls += 3;
    t->slot->held_count = 1;
    assert_true(let_in_is_quiet(t, HANDLER, ONE));
    assert_true(let_in_is_quiet(t, HANDLER + 0x100, TWO));  /* which the first one interrupted before it did anything */
    assert_false(let_in_is_quiet(t, HANDLER - 0x100, TWO)); /* which interrupts the first one */
    t->slot->held_count = 0;
    waits(t, 20); /* the next wait, without letting in again */
    assert_false(let_in_is_quiet(t, HANDLER, ONE));
}

static void call__that_lets_nothing_in_changes_nothing(void **state)
{
    struct thread *t = thread_made("main");

    (void)state;
    let_in(t, ONE, ONE);
    let_in(t, TWO, 0);
    assert_true(let_in_is_quiet(t, HANDLER, ONE));
    let_in(t, TWO, TWO); /* one after the other, with nothing in between */
    assert_true(let_in_is_quiet(t, HANDLER, ONE | TWO));
}

static void call__left_by_a_jump_lets_nothing_in_for_ever(void **state)
{
    struct thread *t = thread_made("main");
    struct let_in_call c, next;

    (void)state;
    let_in_begin(t, &c, FRAME, ONE);
    let_in_begin(t, &next, FRAME + 0x100, TWO);
    let_in_end(t, &next, TWO);
    assert_false(let_in_is_quiet(t, HANDLER, ONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(handler__of_a_signal_just_let_in_is_quiet, recorder_open, recorder_close),
            cmocka_unit_test_setup_teardown(handler__that_comes_while_it_is_let_in_is_quiet, recorder_open,
                                            recorder_close),
            cmocka_unit_test_setup_teardown(handler__after_any_work_is_not, recorder_open, recorder_close),
            cmocka_unit_test_setup_teardown(handler__may_do_what_it_likes_in_a_quiet_wait, recorder_open,
                                            recorder_close),
            cmocka_unit_test_setup_teardown(call__that_lets_nothing_in_changes_nothing, recorder_open, recorder_close),
            cmocka_unit_test_setup_teardown(call__left_by_a_jump_lets_nothing_in_for_ever, recorder_open,
                                            recorder_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
