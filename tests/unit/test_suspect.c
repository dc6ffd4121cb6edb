/* suspect.h: a free looks at blocks that are followed or may hold a lock, and at no others. */
#include "../../interpose/record/suspect.h"
#include "recorder.h"

#define BLOCK ((uintptr_t)0x5500000a20)
#define ALIAS (BLOCK + ((uintptr_t)SUSPECT_PAGES << 12)) /* shares its bit */

static void suspect__a_followed_block_and_none_beside_it(void **state)
{
    (void)state;
    assert_false(suspect_block(BLOCK));
    suspect_followed(BLOCK);
    assert_true(suspect_block(BLOCK));
    assert_false(suspect_block(BLOCK + 32));
    assert_false(suspect_block(BLOCK - 32));
    suspect_unfollowed(BLOCK);
    assert_false(suspect_block(BLOCK));
}

static void suspect__as_long_as_one_of_a_grain_is_followed(void **state)
{
    (void)state;
    suspect_followed(BLOCK);
    suspect_followed(ALIAS);
    suspect_unfollowed(BLOCK);
    assert_true(suspect_block(ALIAS));
    suspect_unfollowed(ALIAS);
    assert_false(suspect_block(ALIAS));
}

/* A count that was once too large to be kept is never let go. */
static void suspect__for_good_past_what_can_be_counted(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 300; i++)
        suspect_followed(BLOCK);
    for (uint32_t i = 0; i < 300; i++)
        suspect_unfollowed(BLOCK);
    assert_true(suspect_block(BLOCK));
}

static void suspect__blocks_in_front_of_a_lock(void **state)
{
    (void)state;
    suspect_lock(BLOCK);
    suspect_lock(BLOCK + 64);
    assert_true(suspect_page(BLOCK) && suspect_block(BLOCK - 32));
    assert_true(suspect_block(BLOCK - (31 << 12)));
    assert_false(suspect_block(BLOCK - (32 << 12)));
    assert_false(suspect_block(BLOCK + (1 << 12)));
    suspect_unlocked(BLOCK);
    assert_true(suspect_block(BLOCK - 32));
    suspect_unlocked(BLOCK + 64);
    assert_false(suspect_page(BLOCK) || suspect_block(BLOCK - 32));
}

static void suspect__what_begins_a_page(void **state)
{
    (void)state;
    assert_true(suspect_block(0) && suspect_block(0x5500001000) && suspect_block(0x5500001010));
    assert_false(suspect_block(0x5500001020));
}

static void suspect__all(void **state)
{
    (void)state;
    suspect_all();
    assert_true(suspect_block(BLOCK));
    suspect_followed(BLOCK);
    suspect_unfollowed(BLOCK);
    assert_true(suspect_block(BLOCK));
    suspect_begin();
    assert_false(suspect_block(BLOCK));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(suspect__a_followed_block_and_none_beside_it),
            TEST(suspect__as_long_as_one_of_a_grain_is_followed),
            TEST(suspect__for_good_past_what_can_be_counted),
            TEST(suspect__blocks_in_front_of_a_lock),
            TEST(suspect__what_begins_a_page),
            TEST(suspect__all),
    };

    return cmocka_run_group_tests_name("suspect", tests, NULL, NULL);
}
