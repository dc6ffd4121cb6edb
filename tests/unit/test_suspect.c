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

#define PAGE UINT64_C(4096)
#define AT(page) ((uintptr_t)(page)*PAGE + 32)

static void assert_marked(uint64_t first, uint64_t last, uint64_t from, uint64_t to)
{
    for (uint64_t page = from; page < to; page++)
        assert_int_equal(suspect_page(AT(page)), page >= first && page <= last);
}

/* Wherever the counts lie in their words, also where these begin anew. */
static void suspect__the_pages_of_a_lock_and_no_others(void **state)
{
    (void)state;
    for (uint64_t page = 3 * SUSPECT_PAGES - 9; page < 3 * SUSPECT_PAGES + 41; page++) {
        suspect_lock(AT(page));
        assert_marked(page - 31, page, page - 100, page + 100);
        suspect_lock(AT(page + 40));
        suspect_unlocked(AT(page));
        assert_marked(page + 9, page + 40, page - 100, page + 100);
        suspect_unlocked(AT(page + 40));
        assert_marked(1, 0, page - 100, page + 100);
    }
}

/* More locks than a count has room for: no mark stays, and none is lost, when they are gone again. */
static void suspect__more_locks_than_can_be_counted(void **state)
{
    (void)state;
    suspect_lock(BLOCK + 2 * PAGE);
    for (uint32_t i = 0; i < UINT16_MAX + 10u; i++)
        suspect_lock(BLOCK);
    assert_true(suspect_page(BLOCK) && suspect_page(BLOCK - 31 * PAGE));
    for (uint32_t i = 0; i < UINT16_MAX + 10u; i++)
        suspect_unlocked(BLOCK);
    assert_marked(BLOCK / PAGE - 29, BLOCK / PAGE + 2, BLOCK / PAGE - 100, BLOCK / PAGE + 100);
    suspect_unlocked(BLOCK + 2 * PAGE);
    assert_marked(1, 0, BLOCK / PAGE - 100, BLOCK / PAGE + 100);
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
            TEST(suspect__the_pages_of_a_lock_and_no_others),
            TEST(suspect__more_locks_than_can_be_counted),
            TEST(suspect__what_begins_a_page),
            TEST(suspect__all),
    };

    return cmocka_run_group_tests_name("suspect", tests, NULL, NULL);
}
