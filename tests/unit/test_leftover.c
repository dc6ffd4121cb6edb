/* leftover.h: what a thread holds when it ends, what is held on its stack, and what is held in a freed block. */
#include "../../interpose/record/leftover.h"

#include "recorder.h"

#define LOCK ((uintptr_t)0x100000)
#define STACK_LOW ((uintptr_t)0x7f0000000000)

static const struct kiwi_misuse *only_misuse(void)
{
    assert_int_equal(region.header->tables[KIWI_TABLE_MISUSES].used, 2);
    return region_misuse(1);
}

static void assert_no_misuse(void)
{
    assert_int_equal(region.header->tables[KIWI_TABLE_MISUSES].used, 1);
}

static bool never_owned(const struct kiwi_held *held, int32_t tid)
{
    (void)tid;
    (void)held;
    return false;
}

static bool never_held(const struct kiwi_object *o)
{
    (void)o;
    return false;
}

static int teardown(void **state)
{
    object_owned_by = NULL;
    object_looks_held = NULL;
    return recorder_close(state);
}

static void leftover__held_at_the_end(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(2);

    (void)state;
    lock_taken_at(t, LOCK, stack_made(1));
    lock_taken_at(t, LOCK + 64, stack);
    lock_let_go(t, LOCK);
    leftover_thread_ends(t);
    const struct kiwi_misuse *m = only_misuse();
    assert_int_equal(m->kind, KIWI_MISUSE_EXIT_HELD);
    assert_int_equal(m->stack, stack);
    assert_int_equal(m->thread, t->row);
    assert_int_equal(region_object(m->object)->address, LOCK + 64);
}

static void leftover__semaphore_is_marked(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    lock_taken_at(t, LOCK, stack_made(1));
    struct kiwi_object *o = region_object(object_find(LOCK));
    o->kind = KIWI_OBJECT_SEMAPHORE;
    object_owned_by = never_owned;
    leftover_thread_ends(t);
    assert_no_misuse();
    assert_true(o->flags & KIWI_OBJECT_KEPT);
}

static void leftover__nothing_held_is_nothing(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    lock_taken_at(t, LOCK, stack_made(1));
    lock_let_go(t, LOCK);
    leftover_thread_ends(t);
    assert_no_misuse();
}

static void leftover__what_the_lock_denies_is_not_held(void **state)
{
    struct thread *t = thread_made("a");
    struct misuse_facts f;

    (void)state;
    object_owned_by = never_owned;
    lock_taken_at(t, LOCK, stack_made(1));
    assert_false(leftover_in_block(object_find(LOCK), &f));
    leftover_thread_ends(t);
    object_owned_by = NULL;
    object_looks_held = never_held;
    assert_false(leftover_in_block(object_find(LOCK), &f));
    assert_no_misuse();
}

static void leftover__robust_locks_are_handed_on(void **state)
{
    struct thread *t = thread_made("a");
    struct object_facts facts = {.address = LOCK, .kind = KIWI_OBJECT_MUTEX, .flags = KIWI_OBJECT_ROBUST};

    (void)state;
    object_init(t, &facts, stack_made(9));
    lock_taken_at(t, LOCK, stack_made(1));
    leftover_thread_ends(t);
    assert_no_misuse();
}

static void leftover__end_of_the_process_is_no_end_of_a_thread(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    lock_taken_at(t, LOCK, stack_made(1));
    region.header->end_kind = KIWI_END_EXIT;
    leftover_thread_ends(t);
    assert_no_misuse();
}

static struct thread *with_lock_on_stack(uint32_t flags)
{
    struct thread_birth birth = {.start_function = 1,
                                 .tid = 77,
                                 .flags = flags,
                                 .pthread_id = 0x5000,
                                 .name = "owner",
                                 .stack_low = STACK_LOW,
                                 .stack_high = STACK_LOW + 0x10000};
    struct object_facts facts = {.address = STACK_LOW + 0x8000, .kind = KIWI_OBJECT_MUTEX};
    struct thread *t = thread_attach(&birth);

    assert_non_null(t);
    object_init(t, &facts, stack_made(9));
    return t;
}

static void leftover__lock_on_the_stack_of_the_ended(void **state)
{
    struct thread *owner = with_lock_on_stack(0), *user = thread_made("user");
    uint32_t stack = stack_made(2);

    (void)state;
    lock_taken_at(user, STACK_LOW + 0x8000, stack);
    lock_taken_at(user, STACK_LOW + 0x10000, stack);
    leftover_thread_ends(owner);
    const struct kiwi_misuse *m = only_misuse();
    assert_int_equal(m->kind, KIWI_MISUSE_STACK_HELD);
    assert_int_equal(m->stack, stack);
    assert_int_equal(m->thread, owner->row);
    assert_int_equal(m->other_thread, user->row);
}

static void leftover__own_lock_on_own_stack_is_one_misuse(void **state)
{
    struct thread *owner = with_lock_on_stack(0);

    (void)state;
    lock_taken_at(owner, STACK_LOW + 0x8000, stack_made(2));
    leftover_thread_ends(owner);
    assert_int_equal(only_misuse()->kind, KIWI_MISUSE_STACK_HELD);
}

static void leftover__stack_of_the_main_thread_stays(void **state)
{
    struct thread *owner = with_lock_on_stack(KIWI_THREAD_MAIN), *user = thread_made("user");

    (void)state;
    lock_taken_at(user, STACK_LOW + 0x8000, stack_made(2));
    leftover_thread_ends(owner);
    assert_no_misuse();
}

static void leftover__freed_by_its_holder(void **state)
{
    struct thread *t = thread_made("a");
    struct misuse_facts f;
    uint32_t stack = stack_made(2);

    (void)state;
    uint32_t row = lock_taken_at(t, LOCK, stack)->row;
    assert_true(leftover_in_block(object_find(LOCK), &f));
    f.stack = stack_made(3);
    leftover_freed(t, &f);
    const struct kiwi_misuse *m = only_misuse();
    assert_int_equal(m->kind, KIWI_MISUSE_FREE_HELD);
    assert_int_equal(m->stack, f.stack);
    assert_int_equal(m->other_thread, t->row);
    assert_int_equal(m->other_row, row);
    assert_int_equal(m->other_stack, stack);
    assert_int_equal(t->slot->held_count, 0);
    assert_true(leftover_was_freed(t, LOCK));  /* its unlock is no second misuse */
    assert_false(leftover_was_freed(t, LOCK)); /* but the next one is */
    leftover_thread_ends(t);
    only_misuse();
}

static void leftover__freed_by_another(void **state)
{
    struct thread *t = thread_made("a"), *other = thread_made("b");
    struct misuse_facts f;

    (void)state;
    lock_taken_at(other, LOCK, stack_made(2));
    assert_true(leftover_in_block(object_find(LOCK), &f));
    leftover_freed(t, &f);
    assert_int_equal(only_misuse()->other_thread, other->row);
    assert_int_equal(other->slot->held_count, 1);
    assert_false(leftover_was_freed(t, LOCK));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(leftover__held_at_the_end),
            FRESH(leftover__semaphore_is_marked),
            FRESH(leftover__nothing_held_is_nothing),
            FRESH(leftover__what_the_lock_denies_is_not_held),
            FRESH(leftover__robust_locks_are_handed_on),
            FRESH(leftover__end_of_the_process_is_no_end_of_a_thread),
            FRESH(leftover__lock_on_the_stack_of_the_ended),
            FRESH(leftover__own_lock_on_own_stack_is_one_misuse),
            FRESH(leftover__stack_of_the_main_thread_stays),
            FRESH(leftover__freed_by_its_holder),
            FRESH(leftover__freed_by_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
