/* heap_free.h, block.h, quarantine.h and heap_site.h: followed blocks from their allocation to their end. */
#include "../../interpose/record/block.h"
#include "../../interpose/record/heap_free.h"
#include "../../interpose/record/heap_site.h"
#include "../../interpose/record/quarantine.h"
#include "recorder.h"

#define SAMPLED (QUARANTINE_BLOCKS / 64) /* blocks that are kept, when only samples are followed */

static char arena[SAMPLED + 1][64] __attribute__((aligned(64)));

#define BLOCK(n) ((uintptr_t)arena[n])

static int set_up(void **state)
{
    memset(arena, 0, sizeof arena);
    record_settings.heap = HEAP_EXACT;
    heap_forms_known = true;
    return recorder_open(state);
}

static int tear_down(void **state)
{
    record_settings.heap = HEAP_OFF;
    heap_forms_known = false;
    return recorder_close(state);
}

/* A place on this stack stands for the caller of free, so that stacks can be unwound. */
static NOINLINE struct heap_freeing freeing(uintptr_t address, enum kiwi_heap_form form)
{
    return (struct heap_freeing){.address = address, .form = form, .site = CALL_SITE()};
}

static const struct kiwi_heap_site *site_of(uint32_t stack)
{
    return region_heap_site(memory.heap_sites[stack]);
}

static bool freed(struct thread *t, uintptr_t address, struct quarantine_out *out)
{
    struct heap_freeing f = freeing(address, KIWI_HEAP_MALLOC);
    *out = (struct quarantine_out){0};
    return heap_freed(t, &f, out);
}

static uint32_t misuses(enum kiwi_misuse_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 1; i < region.header->tables[KIWI_TABLE_MISUSES].used; i++)
        count += region_misuse(i)->kind == (uint32_t)kind ? (uint32_t)region_misuse(i)->count : 0;
    return count;
}

static void block__is_counted_at_its_site(void **state)
{
    struct thread *t = thread_made("a"), *other = thread_made("b");
    uint32_t stack = stack_made(1);
    struct quarantine_out out;

    (void)state;
    assert_non_null(block_add(t, BLOCK(0), 40, stack, 3 * KIWI_HEAP_UNIT));
    block_add(t, BLOCK(1), 10, stack, KIWI_HEAP_UNIT);
    assert_true(freed(other, BLOCK(0), &out));
    const struct kiwi_heap_site *s = site_of(stack);
    assert_int_equal(s->stack, stack);
    assert_int_equal(s->thread, t->row);
    assert_int_equal(s->samples, 2);
    assert_int_equal(s->blocks, 4 * KIWI_HEAP_UNIT);
    assert_int_equal(s->bytes, 130);
    assert_int_equal(s->freed_samples, 1);
    assert_int_equal(s->freed_blocks, 3 * KIWI_HEAP_UNIT);
    assert_int_equal(s->freed_bytes, 120);
    assert_int_equal(s->elsewhere, 3 * KIWI_HEAP_UNIT);
    assert_int_equal(misuses(KIWI_MISUSE_USE_AFTER_FREE), 0);
}

static void block__freed_again_is_noted_and_kept(void **state)
{
    struct thread *t = thread_made("a"), *other = thread_made("b");
    uint32_t stack = stack_made(1);
    struct quarantine_out out;

    (void)state;
    block_add(t, BLOCK(0), 40, stack, KIWI_HEAP_UNIT);
    assert_true(freed(t, BLOCK(0), &out));
    assert_true(freed(other, BLOCK(0), &out));
    assert_int_equal(out.count, 0);
    assert_int_equal(misuses(KIWI_MISUSE_DOUBLE_FREE), 1);
    const struct kiwi_misuse *m = region_misuse(1);
    assert_int_equal(m->thread, other->row);
    assert_int_equal(m->other_thread, t->row);
    assert_int_equal(m->result, 40);
    assert_int_equal(region_heap_site(m->heap_site)->stack, stack);
    assert_true(block_forget(BLOCK(0))); /* where nothing is recorded, it must not be freed either */
}

static void block__room_for_records_is_a_sixteenth_of_the_limit(void **state)
{
    uint64_t each = sizeof *memory.blocks, whole = BLOCK_CAPACITY_EXACT * each;

    (void)state;
    assert_int_equal(block_capacity_within(BLOCK_CAPACITY_EXACT, UINT64_MAX), BLOCK_CAPACITY_EXACT);
    assert_int_equal(block_capacity_within(BLOCK_CAPACITY_EXACT, 16 * whole), BLOCK_CAPACITY_EXACT / 4);
    assert_int_equal(block_capacity_within(BLOCK_CAPACITY_EXACT, 1), BLOCK_CAPACITY);
    assert_int_equal(block_capacity_within(BLOCK_CAPACITY, 1), BLOCK_CAPACITY);
}

static void quarantine__gives_all_back_when_the_allocator_has_no_room(void **state)
{
    struct thread *t = thread_made("a");
    struct quarantine_out out;
    uint32_t from = 0, count = 0;

    (void)state;
    assert_false(quarantine_empty(t, &from, &out));
    for (uint32_t i = 0; i < 20; i++) {
        block_add(t, BLOCK(i), 40, stack_made(1), KIWI_HEAP_UNIT);
        assert_true(freed(t, BLOCK(i), &out));
    }
    arena[3][0] = 1;
    while (quarantine_empty(t, &from, &out))
        count += out.count;
    assert_int_equal(count, 20);
    assert_int_equal(memory.quarantine_bytes, 0);
    assert_int_equal(misuses(KIWI_MISUSE_USE_AFTER_FREE), 1);
    assert_null(block_find(BLOCK(3)));
    block_add(t, BLOCK(0), 40, stack_made(1), KIWI_HEAP_UNIT);
    assert_true(freed(t, BLOCK(0), &out));
    from = 0;
    assert_true(quarantine_empty(NULL, &from, &out)); /* of a thread that is not recorded */
    assert_int_equal(out.addresses[0], BLOCK(0));
}

static void block__written_after_its_free_is_noted_at_exit(void **state)
{
    struct thread *t = thread_made("a");
    struct quarantine_out out;

    (void)state;
    block_add(t, BLOCK(0), 41, stack_made(1), KIWI_HEAP_UNIT);
    block_add(t, BLOCK(1), 40, stack_made(2), KIWI_HEAP_UNIT);
    freed(t, BLOCK(0), &out);
    freed(t, BLOCK(1), &out);
    arena[0][41] = 1; /* behind it */
    quarantine_check(t);
    assert_int_equal(misuses(KIWI_MISUSE_USE_AFTER_FREE), 0);
    arena[0][40] = 1;
    quarantine_check(t);
    quarantine_check(t);
    assert_int_equal(misuses(KIWI_MISUSE_USE_AFTER_FREE), 1);
    assert_int_equal(region_misuse(1)->result, 41);
}

static void block__leaves_in_order_and_is_looked_at(void **state)
{
    struct thread *t = thread_made("a");
    struct quarantine_out out;

    (void)state;
    record_settings.heap = HEAP_SAMPLE;
    for (uint32_t i = 0; i <= SAMPLED; i++)
        block_add(t, BLOCK(i), 8, stack_made(1), KIWI_HEAP_UNIT);
    for (uint32_t i = 0; i < SAMPLED; i++) {
        assert_true(freed(t, BLOCK(i), &out));
        assert_int_equal(out.count, 0);
    }
    arena[0][3] = 1;
    assert_true(freed(t, BLOCK(SAMPLED), &out));
    assert_int_equal(out.count, 1);
    assert_int_equal(out.addresses[0], BLOCK(0));
    assert_int_equal(misuses(KIWI_MISUSE_USE_AFTER_FREE), 1);
    assert_null(block_find(BLOCK(0)));
    assert_non_null(block_find(BLOCK(1)));
}

static void block__kinds_of_calls_must_fit(void **state)
{
    struct thread *t = thread_made("a");
    struct heap_freeing f = freeing(BLOCK(0), KIWI_HEAP_NEW);
    struct quarantine_out out;

    (void)state;
    block_add(t, BLOCK(0), 8, stack_made(1), KIWI_HEAP_UNIT)->form = KIWI_HEAP_NEW;
    heap_deleted(t, &f); /* which then calls free */
    assert_true(freed(t, BLOCK(0), &out));
    assert_int_equal(misuses(KIWI_MISUSE_MISMATCHED_FREE), 0);
    block_add(t, BLOCK(1), 8, stack_made(1), KIWI_HEAP_UNIT)->form = KIWI_HEAP_NEW_ARRAY;
    f.address = BLOCK(1);
    heap_deleted(t, &f);
    assert_true(freed(t, BLOCK(1), &out));
    assert_int_equal(misuses(KIWI_MISUSE_MISMATCHED_FREE), 1);
    const struct kiwi_misuse *m = region_misuse(1);
    assert_int_equal(KIWI_MISUSE_FREED_BY(m->flags), KIWI_HEAP_NEW);
    assert_int_equal(KIWI_MISUSE_MADE_BY(m->flags), KIWI_HEAP_NEW_ARRAY);
    block_add(t, BLOCK(2), 8, stack_made(1), KIWI_HEAP_UNIT)->form = KIWI_HEAP_NEW;
    heap_forms_known = false;
    assert_true(freed(t, BLOCK(2), &out));
    assert_int_equal(misuses(KIWI_MISUSE_MISMATCHED_FREE), 1);
}

static void block__address_inside_is_none(void **state)
{
    struct thread *t = thread_made("a");
    struct heap_freeing f = freeing(BLOCK(0) + 16, KIWI_HEAP_MALLOC);

    (void)state;
    assert_false(heap_invalid(t, &f)); /* nothing is known of it */
    block_add(t, BLOCK(0), 40, stack_made(1), KIWI_HEAP_UNIT);
    assert_true(heap_invalid(t, &f));
    assert_int_equal(region_misuse(1)->kind, KIWI_MISUSE_INVALID_FREE);
    assert_int_equal(region_misuse(1)->result, 16);
    f.address = BLOCK(0) + 48; /* behind it: perhaps the next one, from before the start */
    assert_false(heap_invalid(t, &f));
    record_settings.heap = HEAP_SAMPLE;
    f.address = BLOCK(0) + 16;
    assert_false(heap_invalid(t, &f));
}

static void block__invalid_delete_is_told_once(void **state)
{
    struct thread *t = thread_made("a");
    struct heap_freeing f = freeing(BLOCK(0) + 8, KIWI_HEAP_NEW);

    (void)state;
    block_add(t, BLOCK(0), 40, stack_made(1), KIWI_HEAP_UNIT)->form = KIWI_HEAP_NEW_ARRAY;
    assert_true(heap_invalid(t, &f));
    assert_int_equal(misuses(KIWI_MISUSE_MISMATCHED_FREE), 1);
    f.form = KIWI_HEAP_MALLOC; /* in which it ends */
    assert_true(heap_invalid(t, &f));
    assert_int_equal(misuses(KIWI_MISUSE_INVALID_FREE), 0);
}

static void block__own_operator_new_may_return_its_inside(void **state)
{
    struct thread *t = thread_made("a");
    struct heap_freeing f = freeing(BLOCK(0) + 16, KIWI_HEAP_NEW_ARRAY);

    (void)state;
    block_add(t, BLOCK(0), 40, stack_made(1), KIWI_HEAP_UNIT);
    heap_forms_known = false;
    assert_false(heap_invalid(t, &f));
    f.form = KIWI_HEAP_MALLOC;
    assert_true(heap_invalid(t, &f));
}

static void block__stale_record_gives_way(void **state)
{
    struct thread *t = thread_made("a");
    struct heap_freeing f = freeing(BLOCK(0), KIWI_HEAP_MALLOC);
    struct quarantine_out out = {0};

    (void)state;
    block_add(t, BLOCK(0), 60, stack_made(1), KIWI_HEAP_UNIT);
    block_add(t, BLOCK(0), 20, stack_made(2), KIWI_HEAP_UNIT);
    assert_int_equal(block_find(BLOCK(0))->size, 20);
    assert_int_equal(site_of(stack_made(1))->freed_samples, 1);
    f.usable = 19; /* by now it is another one */
    assert_false(heap_freed(t, &f, &out));
    assert_null(block_find(BLOCK(0)));
    block_add(t, BLOCK(1), 20, stack_made(2), KIWI_HEAP_UNIT);
    assert_false(block_forget(BLOCK(1)));
    assert_null(block_find(BLOCK(1)));
}

static void block__moves_or_stays(void **state)
{
    struct thread *t = thread_made("a");
    struct heap_freeing f = freeing(BLOCK(0), KIWI_HEAP_MALLOC);
    struct heap_block was;
    struct quarantine_out out;

    (void)state;
    block_add(t, BLOCK(0), 20, stack_made(1), KIWI_HEAP_UNIT);
    assert_int_equal(heap_move_begin(t, &f, &was), HEAP_MOVE_LIVE);
    assert_null(block_find(BLOCK(0)));
    heap_move_end(t, BLOCK(0), &was, false);
    assert_int_equal(block_find(BLOCK(0))->size, 20);
    assert_int_equal(heap_move_begin(t, &f, &was), HEAP_MOVE_LIVE);
    heap_move_end(t, BLOCK(0), &was, true);
    assert_int_equal(site_of(stack_made(1))->resized, KIWI_HEAP_UNIT);
    assert_int_equal(heap_move_begin(t, &f, &was), HEAP_MOVE_UNKNOWN);
    block_add(t, BLOCK(0), 20, stack_made(1), KIWI_HEAP_UNIT);
    freed(t, BLOCK(0), &out);
    assert_int_equal(heap_move_begin(t, &f, &was), HEAP_MOVE_FREED);
    assert_int_equal(misuses(KIWI_MISUSE_DOUBLE_FREE), 1);
}

static void block__large_ones_are_not_kept(void **state)
{
    struct thread *t = thread_made("a");
    struct quarantine_out out;

    (void)state;
    block_add(t, BLOCK(0), QUARANTINE_BLOCK_BYTES + 1, stack_made(1), KIWI_HEAP_UNIT);
    assert_false(freed(t, BLOCK(0), &out));
    assert_null(block_find(BLOCK(0)));
}

static uint32_t place_of_second_free(void)
{
    assert_int_equal(misuses(KIWI_MISUSE_DOUBLE_FREE), 1);
    return KIWI_MISUSE_PLACE(region_misuse(1)->flags);
}

static void block__too_large_to_keep_is_known_when_freed_again(void **state)
{
    struct thread *t = thread_made("a"), *other = thread_made("b");
    struct heap_freeing f = freeing(BLOCK(0), KIWI_HEAP_MALLOC);
    struct quarantine_out out;

    (void)state;
    block_add(t, BLOCK(0), QUARANTINE_BLOCK_BYTES + 1, stack_made(1), KIWI_HEAP_UNIT);
    assert_false(freed(t, BLOCK(0), &out));
    assert_true(heap_invalid(other, &f));
    assert_int_equal(place_of_second_free(), KIWI_FREE_PASSED);
    assert_int_equal(region_misuse(1)->other_thread, t->row);
    assert_int_equal(region_misuse(1)->result, QUARANTINE_BLOCK_BYTES + 1);
    assert_false(heap_invalid(other, &f));
}

static void block__that_realloc_moved_is_known_when_freed(void **state)
{
    struct thread *t = thread_made("a");
    struct heap_freeing f = freeing(BLOCK(0), KIWI_HEAP_MALLOC);
    struct heap_block was;

    (void)state;
    block_add(t, BLOCK(0), 20, stack_made(1), KIWI_HEAP_UNIT);
    heap_move_begin(t, &f, &was);
    assert_false(heap_invalid(t, &f)); /* reallocarray calls realloc */
    heap_move_end(t, BLOCK(0), &was, true);
    assert_true(heap_invalid(t, &f));
    assert_int_equal(place_of_second_free(), KIWI_FREE_MOVED);
}

static void block__that_realloc_left_is_freed_for_the_first_time(void **state)
{
    struct thread *t = thread_made("a");
    struct heap_freeing f = freeing(BLOCK(0), KIWI_HEAP_MALLOC);
    struct quarantine_out out;
    struct heap_block was;

    (void)state;
    block_add(t, BLOCK(0), QUARANTINE_BLOCK_BYTES + 1, stack_made(1), KIWI_HEAP_UNIT);
    heap_move_begin(t, &f, &was);
    heap_move_end(t, BLOCK(0), &was, false);
    assert_false(heap_invalid(t, &f));
    freed(t, BLOCK(0), &out);
    assert_int_equal(misuses(KIWI_MISUSE_DOUBLE_FREE), 0);
}

static void block__sample_that_went_may_be_anothers(void **state)
{
    struct thread *t = thread_made("a");
    struct heap_freeing f = freeing(BLOCK(0), KIWI_HEAP_MALLOC);
    struct quarantine_out out;

    (void)state;
    record_settings.heap = HEAP_SAMPLE;
    block_add(t, BLOCK(0), QUARANTINE_BLOCK_BYTES + 1, stack_made(1), KIWI_HEAP_UNIT);
    assert_false(freed(t, BLOCK(0), &out));
    assert_false(heap_invalid(t, &f));
    assert_int_equal(misuses(KIWI_MISUSE_DOUBLE_FREE), 0);
}

static void block__a_change_of_any_byte_is_noted(void **state)
{
    struct thread *t = thread_made("a");
    struct quarantine_out out;

    (void)state;
    for (uint32_t i = 0; i < 61; i++) {
        block_add(t, BLOCK(i), 61, stack_made(1), KIWI_HEAP_UNIT);
        assert_true(freed(t, BLOCK(i), &out));
        arena[i][i] ^= 1 << i % 8;
    }
    quarantine_check(t);
    assert_int_equal(misuses(KIWI_MISUSE_USE_AFTER_FREE), 61);
}

/* Else a program whose blocks come to lie at many addresses, one after the other, would touch all pages there are. */
static void block__neighbours_share_pages_of_records(void **state)
{
    struct thread *t = thread_made("a");
    const uintptr_t heap = (uintptr_t)1 << 40;
    static bool touched[BLOCK_CAPACITY * sizeof(struct heap_block) / 4096];
    uint32_t pages = 0;

    (void)state;
    for (uint32_t i = 0; i < 2048; i++) { /* 64 KiB */
        const struct heap_block *b = block_add(t, heap + i * 32, 24, stack_made(1), KIWI_HEAP_UNIT);
        assert_non_null(b);
        bool *page = &touched[(size_t)(b - memory.blocks) * sizeof *b / 4096];
        pages += !*page;
        *page = true;
    }
    assert_true(pages <= 64);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(block__is_counted_at_its_site),
            TEST(block__freed_again_is_noted_and_kept),
            TEST(block__room_for_records_is_a_sixteenth_of_the_limit),
            TEST(quarantine__gives_all_back_when_the_allocator_has_no_room),
            TEST(block__written_after_its_free_is_noted_at_exit),
            TEST(block__leaves_in_order_and_is_looked_at),
            TEST(block__kinds_of_calls_must_fit),
            TEST(block__address_inside_is_none),
            TEST(block__invalid_delete_is_told_once),
            TEST(block__own_operator_new_may_return_its_inside),
            TEST(block__stale_record_gives_way),
            TEST(block__moves_or_stays),
            TEST(block__large_ones_are_not_kept),
            TEST(block__too_large_to_keep_is_known_when_freed_again),
            TEST(block__that_realloc_moved_is_known_when_freed),
            TEST(block__that_realloc_left_is_freed_for_the_first_time),
            TEST(block__sample_that_went_may_be_anothers),
            TEST(block__a_change_of_any_byte_is_noted),
            TEST(block__neighbours_share_pages_of_records),
    };

    return cmocka_run_group_tests_name("heap_free", tests, NULL, NULL);
}
