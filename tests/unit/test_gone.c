/* gone.h: blocks that went back to the allocator at once, by address. */
#include "../../interpose/record/gone.h"
#include "recorder.h"

#define ADDRESS 0x5555000010u

static struct gone_block one(uint32_t stack, bool moved)
{
    return (struct gone_block){
            .size = 5000, .site = 3, .stack = stack, .thread = 2, .made = KIWI_HEAP_NEW, .moved = moved};
}

static void gone__is_told_once(void **state)
{
    struct gone_block g = one(7, true), found;

    (void)state;
    gone_add(ADDRESS, &g);
    assert_false(gone_take(ADDRESS + 16, &found));
    assert_true(gone_take(ADDRESS, &found));
    assert_int_equal(found.size, 5000);
    assert_int_equal(found.site, 3);
    assert_int_equal(found.stack, 7);
    assert_int_equal(found.thread, 2);
    assert_int_equal(found.made, KIWI_HEAP_NEW);
    assert_true(found.moved);
    assert_false(gone_take(ADDRESS, &found));
}

static void gone__is_forgotten_when_given_out_again(void **state)
{
    struct gone_block g = one(7, false), found;

    (void)state;
    gone_add(ADDRESS, &g);
    gone_forget(ADDRESS + 16);
    gone_forget(ADDRESS);
    assert_false(gone_take(ADDRESS, &found));
}

static void gone__latest_of_a_place_is_known(void **state)
{
    struct gone_block g = one(7, false), found;
    uintptr_t other = ADDRESS + ((uintptr_t)1 << 32);

    (void)state;
    assert_ptr_equal(gone_place(ADDRESS), gone_place(other));
    gone_add(ADDRESS, &g);
    g.stack = 8;
    gone_add(other, &g);
    assert_false(gone_take(ADDRESS, &found));
    assert_true(gone_take(other, &found));
    assert_int_equal(found.stack, 8);
}

static void gone__entry_in_the_making_is_left_alone(void **state)
{
    struct gone_block g = one(7, false), found;

    (void)state;
    gone_place(ADDRESS)->address = GONE_BUSY;
    gone_add(ADDRESS, &g);
    assert_false(gone_take(ADDRESS, &found));
    assert_int_equal(gone_place(ADDRESS)->address, GONE_BUSY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(gone__is_told_once, recorder_open, recorder_close),
            cmocka_unit_test_setup_teardown(gone__is_forgotten_when_given_out_again, recorder_open, recorder_close),
            cmocka_unit_test_setup_teardown(gone__latest_of_a_place_is_known, recorder_open, recorder_close),
            cmocka_unit_test_setup_teardown(gone__entry_in_the_making_is_left_alone, recorder_open, recorder_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
