/* misuse.h: each misuse once per kind, object and stack, with who did it first; and who holds a lock. */
#include "recorder.h"

#include <pthread.h>

#define LOCK ((uintptr_t)0x100000)

static struct misuse_facts foreign_unlock(uint32_t object, uint32_t stack)
{
    return (struct misuse_facts){.kind = KIWI_MISUSE_UNLOCK_FOREIGN, .object = object, .stack = stack};
}

static void misuse__same_place_is_counted(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    struct misuse_facts f = foreign_unlock(7, stack_made(1));

    (void)state;
    f.other_thread = b->row;
    uint32_t row = misuse_note(a, &f);
    assert_int_equal(misuse_note(b, &f), row);
    const struct kiwi_misuse *m = region_misuse(row);
    assert_int_equal(m->state, KIWI_ROW_LIVE);
    assert_int_equal(m->kind, KIWI_MISUSE_UNLOCK_FOREIGN);
    assert_int_equal(m->count, 2);
    assert_int_equal(m->thread, a->row);
    assert_int_equal(m->serial, a->serial);
    assert_int_equal(m->other_thread, b->row);
    assert_int_equal(m->other_serial, b->serial);
    assert_int_equal(m->result, 0xffffffff);
    misuse_result(row, 1);
    assert_int_equal(m->result, 1);
    assert_true(m->last_ticks >= m->first_ticks && m->first_ticks > 0);
    assert_int_equal(a->slot->events[0].kind, KIWI_EVENT_MISUSE);
}

static void misuse__other_kind_object_or_stack_is_another(void **state)
{
    struct thread *t = thread_made("a");
    struct misuse_facts f = foreign_unlock(7, stack_made(1));
    uint32_t first = misuse_note(t, &f);

    (void)state;
    f.kind = KIWI_MISUSE_RELOCK;
    assert_int_not_equal(misuse_note(t, &f), first);
    f = foreign_unlock(8, f.stack);
    assert_int_not_equal(misuse_note(t, &f), first);
    f = foreign_unlock(7, stack_made(2));
    assert_int_not_equal(misuse_note(t, &f), first);
}

static void misuse__full_table_is_counted(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t object = 1;

    (void)state;
    for (;; object++) {
        struct misuse_facts f = foreign_unlock(object, 1);
        if (!misuse_note(t, &f))
            break;
    }
    assert_int_equal(object, region_capacity(KIWI_TABLE_MISUSES));
    assert_true(region.header->dropped[KIWI_DROP_MISUSES] > 0);
    misuse_result(0, 5);
}

static void assert_holder(const struct thread *t, uint32_t row)
{
    struct misuse_holder h;

    assert_true(misuse_find_holder(LOCK, &h));
    assert_ptr_equal(h.t, t);
    assert_int_equal(h.held.address, LOCK);
    assert_int_equal(h.held.row, row);
}

static void misuse__holder_is_found_by_address(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    struct misuse_holder h;

    (void)state;
    assert_false(misuse_find_holder(LOCK, &h));
    assert_null(h.t);
    lock_taken_at(b, LOCK + 64, stack_made(1));
    uint32_t held = lock_taken_at(b, LOCK, stack_made(2))->row;
    assert_holder(b, held);
    for (uintptr_t i = 2; i < 100; i++)
        lock_taken_at(b, LOCK + i * 64, stack_made(1));
    lock_taken_at(a, LOCK + 8, stack_made(3));
    assert_holder(b, held);
    lock_let_go(b, LOCK);
    assert_false(misuse_find_holder(LOCK, &h));
}

static void misuse__all_holders_in_a_range(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");
    struct misuse_holder h;
    uint32_t slot = 0;

    (void)state;
    lock_taken_at(a, LOCK - 8, stack_made(1));
    lock_taken_at(a, LOCK + 56, stack_made(1));
    lock_taken_at(b, LOCK + 64, stack_made(1));
    lock_taken_at(b, LOCK, stack_made(1));
    assert_true(misuse_find_holder_in(LOCK, 64, &slot, &h));
    assert_ptr_equal(h.t, a);
    assert_true(misuse_find_holder_in(LOCK, 64, &slot, &h));
    assert_ptr_equal(h.t, b);
    assert_int_equal(h.held.address, LOCK);
    assert_false(misuse_find_holder_in(LOCK, 64, &slot, &h));
}

static void misuse__blame_names_the_holder(void **state)
{
    struct thread *a = thread_made("a");
    struct misuse_facts f = foreign_unlock(7, stack_made(1));

    (void)state;
    misuse_blame(&f, LOCK);
    assert_int_equal(f.other_thread, 0);
    uint32_t stack = stack_made(2);
    uint32_t held = lock_taken_at(a, LOCK, stack)->row;
    misuse_blame(&f, LOCK);
    assert_int_equal(f.other_thread, a->row);
    assert_int_equal(f.other_row, held);
    assert_int_equal(f.other_stack, stack);
}

static void *come_and_go(void *ended)
{
    struct thread_birth birth = {.start_function = 0x6000, .tid = 0x6000, .pthread_id = 0x6000000, .name = "brief"};

    for (int i = 0; i < 50000; i++)
        thread_detach(thread_attach(&birth));
    __atomic_store_n((bool *)ended, true, __ATOMIC_RELEASE);
    return NULL;
}

/* A slot may change its owner while it is looked at. */
static void misuse__holders_are_found_while_threads_come_and_go(void **state)
{
    struct misuse_holder h;
    pthread_t other;
    bool ended = false;

    (void)state;
    assert_int_equal(pthread_create(&other, NULL, come_and_go, &ended), 0);
    while (!__atomic_load_n(&ended, __ATOMIC_ACQUIRE))
        assert_false(misuse_find_holder(0x8000, &h));
    pthread_join(other, NULL);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(misuse__same_place_is_counted),
            FRESH(misuse__other_kind_object_or_stack_is_another),
            FRESH(misuse__full_table_is_counted),
            FRESH(misuse__holder_is_found_by_address),
            FRESH(misuse__all_holders_in_a_range),
            FRESH(misuse__blame_names_the_holder),
            FRESH(misuse__holders_are_found_while_threads_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
