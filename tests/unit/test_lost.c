/* lost.h: references that count, rings, what hangs on what, and blocks that were freed meanwhile. */
#include "../../interpose/record/lost.h"
#include "../../interpose/record/heap_site.h"
#include "../../interpose/record/quarantine.h"
#include "recorder.h"

#include <stdio.h>

#define ARENA 0x7e0000000000u
#define BLOCK(n) (ARENA + (n)*256u)
#define SIZE 40u

/* A piece of memory as lost_take gets it, at an address in front of all blocks. */
static struct {
    uint64_t words[512];
} page;

static int set_up(void **state)
{
    memset(&page, 0, sizeof page);
    record_settings.heap = HEAP_EXACT;
    return recorder_open(state);
}

static int tear_down(void **state)
{
    record_settings.heap = HEAP_OFF;
    return recorder_close(state);
}

static void add(struct thread *t, uint32_t n, uint32_t place)
{
    assert_non_null(block_add(t, BLOCK(n), SIZE, stack_made(place), KIWI_HEAP_UNIT));
}

static void note(void *arg, const struct heap_block *b, const struct heap_block *owner)
{
    char *text = arg, one[32];
    unsigned n = (unsigned)((block_address(b) - ARENA) / 256), by = (unsigned)((block_address(owner) - ARENA) / 256);

    if (n == by)
        snprintf(one, sizeof one, "%u ", n);
    else
        snprintf(one, sizeof one, "%u<%u ", n, by);
    strcat(text, one);
}

/* Decides with `page` in front of the blocks, and `inside` as what lies in them. */
static const char *decide(const uint64_t (*inside)[512])
{
    static char text[512];
    struct lost l;

    text[0] = '\0';
    assert_int_equal(lost_open(&l, true), LOST_OPEN);
    for (int round = 0; round < 2; round++) {
        lost_begin(&l);
        lost_take(&l, ARENA - sizeof page, (const char *)&page, sizeof page, false);
        if (inside)
            lost_take(&l, ARENA, (const char *)inside, sizeof *inside, false);
        lost_decide(&l);
    }
    lost_each(&l, note, text);
    lost_close(&l);
    return text;
}

static void lost__values_that_point_in_or_behind_count(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    for (uint32_t n = 0; n < 8; n++)
        add(t, n, 1);
    page.words[0] = BLOCK(0);
    page.words[5] = BLOCK(1) + SIZE - 1;
    page.words[7] = BLOCK(2) + SIZE;
    page.words[9] = BLOCK(3) + SIZE + 1; /* not */
    page.words[11] = BLOCK(4) - 1;       /* not */
    page.words[13] = BLOCK(5) | UINT64_C(0xffff) << 48;
    uint64_t packed = BLOCK(6);
    memcpy((char *)&page + 20 * 8 + 4, &packed, sizeof packed);
    memcpy((char *)&page + 30 * 8 + 2, &packed, 2); /* nothing of that kind */
    packed = BLOCK(7);
    memcpy((char *)&page + 40 * 8 + 3, &packed, sizeof packed); /* not */
    assert_string_equal(decide(NULL), "3 4 7 ");
}

static void lost__what_lies_in_blocks_counts_once_they_do(void **state)
{
    struct thread *t = thread_made("a");
    static uint64_t inside[512];

    (void)state;
    memset(inside, 0, sizeof inside);
    for (uint32_t n = 0; n < 9; n++)
        add(t, n, 1);
    page.words[0] = BLOCK(0);
    inside[0 * 32 + 1] = BLOCK(1); /* 0 -> 1 -> 2 */
    inside[1 * 32 + 4] = BLOCK(2);
    inside[3 * 32 + 1] = BLOCK(4); /* 3 -> 4 -> 3: a ring */
    inside[4 * 32 + 1] = BLOCK(3);
    inside[6 * 32 + 1] = BLOCK(5); /* 6 -> 5, 7 */
    inside[6 * 32 + 2] = BLOCK(7);
    inside[6 * 32 + 3] = BLOCK(6);
    inside[6 * 32 + 5] = BLOCK(8); /* behind its end: memory like any other */
    assert_string_equal(decide((const uint64_t(*)[512])inside), "3 4<3 5<6 6 7<6 ");
}

static void lost__freed_blocks_mean_nothing(void **state)
{
    struct thread *t = thread_made("a");
    static uint64_t inside[512];

    (void)state;
    memset(inside, 0, sizeof inside);
    add(t, 0, 1);
    add(t, 1, 1);
    inside[1] = BLOCK(1);
    block_find(BLOCK(0))->state = BLOCK_FREED;
    assert_string_equal(decide((const uint64_t(*)[512])inside), "1 ");
    struct lost l;
    assert_int_equal(lost_open(&l, false), LOST_OPEN); /* now they are memory like any other */
    lost_begin(&l);
    lost_take(&l, ARENA, (const char *)inside, sizeof inside, false);
    lost_decide(&l);
    char text[64] = "";
    lost_each(&l, note, text);
    lost_close(&l);
    assert_string_equal(text, "");
}

static void lost__those_freed_since_are_not(void **state)
{
    struct thread *t = thread_made("a");
    struct lost l;
    char text[64] = "";

    (void)state;
    for (uint32_t n = 0; n < 4; n++)
        add(t, n, 1);
    assert_int_equal(lost_open(&l, true), LOST_OPEN);
    lost_begin(&l);
    lost_decide(&l);
    block_end(block_find(BLOCK(1)));
    block_end(block_find(BLOCK(2)));
    block_add(t, BLOCK(2), SIZE, stack_made(2), KIWI_HEAP_UNIT)->birth++; /* another one in its place */
    lost_each(&l, note, text);
    lost_close(&l);
    assert_string_equal(text, "0 3 ");
}

static void lost__large_and_many_blocks_are_found(void **state)
{
    struct thread *t = thread_made("a");
    struct lost l;

    (void)state;
    for (uint32_t n = 0; n < 5000; n++)
        block_add(t, ARENA + (uint64_t)(n * 7919 % 5000) * 4096, 3000, stack_made(1), KIWI_HEAP_UNIT);
    block_add(t, 0x5550000000, UINT64_C(1) << 33, stack_made(2), KIWI_HEAP_UNIT);
    assert_int_equal(lost_open(&l, true), LOST_OPEN);
    assert_int_equal(l.count, 5001);
    lost_begin(&l);
    lost_refer(&l, 0x5550000000 + (UINT64_C(1) << 32) + 5);
    for (uint32_t n = 0; n < 5000; n += 2)
        lost_refer(&l, ARENA + (uint64_t)n * 4096 + 2999);
    lost_decide(&l);
    for (uint32_t i = 0; i < l.count; i++) {
        assert_true(!i || l.blocks[i].address > l.blocks[i - 1].address);
        assert_int_equal(l.blocks[i].reached, i == 0 || (l.blocks[i].address - ARENA) / 4096 % 2 == 0);
    }
    lost_close(&l);
}

static void lost__small_blocks_lie_close_together(void **state)
{
    struct thread *t = thread_made("a");
    struct lost l;

    (void)state;
    for (uint32_t n = 0; n < 64; n++)
        block_add(t, ARENA + (n ^ 1) * 8, 7, stack_made(1), KIWI_HEAP_UNIT);
    assert_int_equal(lost_open(&l, true), LOST_OPEN);
    lost_begin(&l);
    for (uint32_t n = 0; n < 64; n++)
        if (n != 5)
            lost_refer(&l, ARENA + n * 8 + 1);
    lost_decide(&l);
    for (uint32_t n = 0; n < 64; n++) {
        assert_int_equal(l.blocks[n].address, ARENA + n * 8);
        assert_int_equal(l.blocks[n].reached, n != 5);
    }
    lost_close(&l);
}

static void lost__is_told_at_its_site(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t row = heap_site_get(t, stack_made(1));

    (void)state;
    heap_site_lost(row, 2 * KIWI_HEAP_UNIT, 100, 500, false);
    heap_site_lost(row, KIWI_HEAP_UNIT, 10, 400, true);
    heap_site_lost(row, KIWI_HEAP_UNIT, 20, 700, false);
    const struct kiwi_heap_site *s = region_heap_site(row);
    assert_int_equal(s->lost_samples, 2);
    assert_int_equal(s->lost_held, 1);
    assert_int_equal(s->lost_blocks, 3 * KIWI_HEAP_UNIT);
    assert_int_equal(s->lost_bytes, 230);
    assert_int_equal(s->lost_first_ticks, 500);
    assert_int_equal(s->lost_last_ticks, 700);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static uint32_t left_after(struct lost *l)
{
    lost_begin(l);
    lost_take(l, ARENA - sizeof page, (const char *)&page, sizeof page, false);
    lost_decide(l);
    return lost_count(l);
}

static void lost__every_byte_counts_in_a_fine_reading(void **state)
{
    struct thread *t = thread_made("a");
    uint64_t plain = BLOCK(0), tagged = BLOCK(1) | UINT64_C(0x1234) << 48;
    struct lost l;

    (void)state;
    for (uint32_t n = 0; n < 3; n++)
        add(t, n, 1);
    memcpy((char *)page.words + 801, &plain, sizeof plain);
    memcpy((char *)page.words + 1603, &tagged, sizeof tagged);
    assert_int_equal(lost_open(&l, true), LOST_OPEN);
    assert_int_equal(left_after(&l), 3);
    l.fine = true;
    assert_int_equal(left_after(&l), 2);
    lost_close(&l);
}

/* A jump or a move has its operand right behind the opcode. */
static void lost__every_byte_of_code_counts_by_itself(void **state)
{
    struct thread *t = thread_made("a");
    uint64_t in_code = BLOCK(0), in_data = BLOCK(1);
    char code[4096] = {0};
    struct lost l;

    (void)state;
    for (uint32_t n = 0; n < 3; n++)
        add(t, n, 1);
    memcpy(code + 801, &in_code, sizeof in_code);
    memcpy((char *)page.words + 1603, &in_data, sizeof in_data);
    assert_int_equal(lost_open(&l, true), LOST_OPEN);
    assert_int_equal(left_after(&l), 3);
    assert_int_equal(l.code_bytes, 0);
    l.fine_code = true;
    lost_begin(&l);
    lost_take(&l, ARENA - 2 * sizeof page, code, sizeof code, true);
    lost_take(&l, ARENA - sizeof page, (const char *)&page, sizeof page, false);
    lost_decide(&l);
    assert_int_equal(lost_count(&l), 2);
    assert_int_equal(l.code_bytes, sizeof code);
    lost_close(&l);
}

/* Digits of 30 bits, the low one first; not those of 28. */
static void lost__ints_of_python_count_in_a_fine_reading(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t digits[] = {BLOCK(0) & ((1u << 30) - 1), (uint32_t)(BLOCK(0) >> 30)};
    uint32_t other[] = {BLOCK(1) & ((1u << 28) - 1), (uint32_t)(BLOCK(1) >> 28)};
    struct lost l;

    (void)state;
    for (uint32_t n = 0; n < 3; n++)
        add(t, n, 1);
    memcpy((char *)page.words + 804, digits, sizeof digits);
    memcpy((char *)page.words + 1600, other, sizeof other);
    assert_int_equal(lost_open(&l, true), LOST_OPEN);
    assert_int_equal(left_after(&l), 3);
    l.fine = true;
    assert_int_equal(left_after(&l), 2);
    lost_close(&l);
}

static void lost__what_a_word_has_beside_a_pointer_is_ignored(void **state)
{
    struct thread *t = thread_made("a");
    struct lost l;

    (void)state;
    for (uint32_t n = 0; n < 5; n++)
        add(t, n, 1);
    page.words[3] = BLOCK(0) | UINT64_C(0x1fff7) << 47;
    page.words[4] = BLOCK(1) << 16 | 0x1234;
    page.words[5] = page.words[9] = ~UINT64_C(0); /* else they were plain addresses in the middle of words */
    memcpy((char *)&page.words[8] + 4, &(uint64_t){BLOCK(2) << 16 | 1}, 8); /* no word begins there */
    page.words[12] = BLOCK(3) << 16 | UINT64_C(1) << 63;
    assert_int_equal(lost_open(&l, true), LOST_OPEN);
    assert_int_equal(left_after(&l), 4);
    l.fine = true;
    assert_int_equal(left_after(&l), 3);
    lost_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(lost__values_that_point_in_or_behind_count),
            TEST(lost__every_byte_counts_in_a_fine_reading),
            TEST(lost__every_byte_of_code_counts_by_itself),
            TEST(lost__ints_of_python_count_in_a_fine_reading),
            TEST(lost__what_a_word_has_beside_a_pointer_is_ignored),
            TEST(lost__what_lies_in_blocks_counts_once_they_do),
            TEST(lost__freed_blocks_mean_nothing),
            TEST(lost__those_freed_since_are_not),
            TEST(lost__large_and_many_blocks_are_found),
            TEST(lost__small_blocks_lie_close_together),
            TEST(lost__is_told_at_its_site),
    };

    return cmocka_run_group_tests_name("lost", tests, NULL, NULL);
}
