/* recent_block.h: for how long the latest blocks are kept, and what follows where they are not. What they are good for
 * is tested with object.h. */
#include "../../interpose/record/recent_block.h"
#include "recorder.h"

#define LOCK ((uintptr_t)0x5500000040)

static uint32_t used(struct thread *t, uintptr_t address)
{
    struct object_facts facts = {.address = address, .kind = KIWI_OBJECT_MUTEX};
    return object_get(t, &facts, stack_made(1));
}

static void goes_on(struct thread *t, uint64_t allocations)
{
    t->heap_calls += allocations;
    recent_blocks_settle(t);
}

static void blocks__are_kept_as_long_as_somebody_asks(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        goes_on(t, RECENT_BLOCKS_KEPT - 2);
        assert_true(t->blocks_kept);
        block_made(t, (void *)LOCK, 64, (void *)0x4444);
        assert_ptr_equal(recent_block_around(t, LOCK + 8)->address, LOCK);
    }
    goes_on(t, RECENT_BLOCKS_KEPT - 2);
    assert_null(recent_block_around(t, LOCK + 0x1000)); /* another's lock */
    goes_on(t, 2);
    assert_false(t->blocks_kept);
    assert_int_equal(recent_block_size(t, LOCK), 0);
}

static void blocks__are_not_kept_where_nobody_asks(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    block_made(t, (void *)LOCK, 64, (void *)0x4444);
    goes_on(t, RECENT_BLOCKS_KEPT);
    block_made(t, (void *)(LOCK + 0x1000), 64, (void *)0x4444);
    assert_int_equal(recent_block_size(t, LOCK), 0);
    assert_int_equal(recent_block_size(t, LOCK + 0x1000), 0);
    t->heap_calls -= t->heap_calls % THREAD_BLOCKS; /* as if the old ones were the latest again */
    assert_null(recent_block_around(t, LOCK));
}

static void blocks__are_kept_twice_as_long_each_time(void **state)
{
    struct thread *t = thread_made("a");
    uint64_t kept = RECENT_BLOCKS_KEPT;

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        goes_on(t, kept - 1);
        assert_true(t->blocks_kept);
        goes_on(t, 1);
        assert_false(t->blocks_kept);
        assert_null(recent_block_around(t, LOCK));
        assert_true(t->blocks_kept);
        kept *= i < 10 ? 2 : 1;
    }
}

/* Of a lock that may lie in one of its own blocks it is not said that somebody else made it. */
static void blocks__unknown_ones_may_be_the_threads_own(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    assert_true(recent_blocks_are_all(t));
    assert_int_equal(region_object(used(t, LOCK))->creator, 0);
    goes_on(t, RECENT_BLOCKS_KEPT);
    assert_false(recent_blocks_are_all(t));
    assert_int_equal(region_object(used(t, LOCK + 64))->creator, t->row);
    for (unsigned i = 0; i < THREAD_BLOCKS; i++) {
        assert_false(recent_blocks_are_all(t));
        block_made(t, (void *)(LOCK + 0x1000), 64, (void *)0x4444);
    }
    assert_true(recent_blocks_are_all(t));
    assert_int_equal(region_object(used(t, LOCK + 128))->creator, 0);
    const struct kiwi_object *o = region_object(used(t, LOCK + 0x1000));
    assert_int_equal(o->block, LOCK + 0x1000);
    assert_int_equal(o->creator, t->row);
}

static void blocks__of_a_maker_that_keeps_none_are_not_known(void **state)
{
    struct thread *main = thread_made("main"), *user = thread_made("user");
    struct recent_block copy;

    (void)state;
    block_made(main, (void *)LOCK, 64, (void *)0x4444);
    assert_ptr_equal(recent_block_of_maker(user, LOCK, &copy), &copy);
    goes_on(main, RECENT_BLOCKS_KEPT - RECENT_BLOCKS_KEPT % THREAD_BLOCKS);
    assert_false(main->blocks_kept);
    assert_null(recent_block_of_maker(user, LOCK, &copy));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(blocks__are_kept_as_long_as_somebody_asks),        FRESH(blocks__are_not_kept_where_nobody_asks),
            FRESH(blocks__are_kept_twice_as_long_each_time),         FRESH(blocks__unknown_ones_may_be_the_threads_own),
            FRESH(blocks__of_a_maker_that_keeps_none_are_not_known),
    };

    return cmocka_run_group_tests_name("recent_block", tests, NULL, NULL);
}
