/* object.h: an address and a generation are an object; its block and its maker are known as far as they were seen. */
#include "../../interpose/record/suspect.h"
#include "recorder.h"

#define LOCK ((uintptr_t)0x5500000040)

static struct object_facts mutex_at(uintptr_t address)
{
    return (struct object_facts){.address = address, .kind = KIWI_OBJECT_MUTEX, .type = KIWI_MUTEX_RECURSIVE};
}

static uint32_t used(struct thread *t, uintptr_t address, uint32_t stack)
{
    struct object_facts facts = mutex_at(address);
    return object_get(t, &facts, stack);
}

static uint32_t initialised(struct thread *t, uintptr_t address, uint32_t stack)
{
    struct object_facts facts = mutex_at(address);
    return object_init(t, &facts, stack);
}

static void object__first_use_makes_it(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(1);

    (void)state;
    assert_int_equal(object_find(LOCK), 0);
    uint32_t row = used(t, LOCK, stack);
    const struct kiwi_object *o = region_object(row);
    assert_int_equal(o->state, KIWI_ROW_LIVE);
    assert_int_equal(o->address, LOCK);
    assert_int_equal(o->kind, KIWI_OBJECT_MUTEX);
    assert_int_equal(o->type, KIWI_MUTEX_RECURSIVE);
    assert_int_equal(o->generation, 1);
    assert_int_equal(o->first_stack, stack);
    assert_int_equal(o->init_stack, 0);
    assert_int_equal(used(t, LOCK, stack_made(2)), row);
    assert_int_equal(object_find(LOCK), row);
    assert_int_equal(object_find(LOCK + 8), 0);
}

static void object__init_and_end_begin_a_generation(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t first = initialised(t, LOCK, stack_made(1));

    (void)state;
    object_refer(first);
    assert_int_equal(region_object(first)->flags & KIWI_OBJECT_INITIALISED, KIWI_OBJECT_INITIALISED);
    uint32_t second = initialised(t, LOCK, stack_made(2));
    assert_int_not_equal(second, first);
    object_refer(second);
    assert_int_equal(region_object(first)->state, KIWI_ROW_ENDED);
    assert_int_equal(region_object(second)->generation, 2);
    object_end(LOCK);
    assert_int_equal(object_find(LOCK), 0);
    object_end(LOCK);
    uint32_t third = used(t, LOCK, stack_made(3));
    assert_int_equal(region_object(third)->generation, 3);
    assert_int_equal(region_object(third)->init_stack, 0);
}

static void object__unnamed_row_serves_the_next_generation(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t row = used(t, LOCK, stack_made(1));

    (void)state;
    object_end(LOCK);
    assert_int_equal(initialised(t, LOCK, stack_made(2)), row);
    assert_int_equal(region_object(row)->state, KIWI_ROW_LIVE);
    assert_int_equal(region_object(row)->generation, 2);
    assert_int_equal(region_object(row)->first_stack, 0);
    assert_int_equal(region_object(row)->flags & KIWI_OBJECT_INITIALISED, KIWI_OBJECT_INITIALISED);
    region_object(row)->cond_waiting = 1;
    object_end(LOCK);
    assert_int_not_equal(used(t, LOCK, stack_made(1)), row);
}

static void object__other_kind_is_another_object(void **state)
{
    struct thread *t = thread_made("a");
    struct object_facts cond = {.address = LOCK, .kind = KIWI_OBJECT_COND};
    uint32_t mutex = used(t, LOCK, stack_made(1));

    (void)state;
    object_refer(mutex);
    uint32_t row = object_get(t, &cond, stack_made(2));
    assert_int_not_equal(row, mutex);
    assert_int_equal(region_object(mutex)->state, KIWI_ROW_ENDED);
    assert_int_equal(region_object(row)->kind, KIWI_OBJECT_COND);
}

static void object__free_ends_all_in_the_block(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    used(t, LOCK, stack_made(1));
    used(t, LOCK + 0x48, stack_made(1));
    used(t, LOCK + 0x3000, stack_made(1));
    used(t, LOCK - 8, stack_made(1));
    assert_true(suspect_block(LOCK & ~(uintptr_t)4095));
    object_end_range(LOCK, 0x3008);
    assert_int_equal(object_find(LOCK), 0);
    assert_int_equal(object_find(LOCK + 0x48), 0);
    assert_int_equal(object_find(LOCK + 0x3000), 0);
    assert_int_not_equal(object_find(LOCK - 8), 0);
    object_end_range(LOCK - 8, 0);
    assert_int_not_equal(object_find(LOCK - 8), 0);
}

static void object__block_is_the_latest_around_it(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    block_made(t, (void *)(LOCK - 0x40), 0x100, (void *)0x4444);
    for (int i = 0; i < 20; i++)
        block_made(t, (void *)(LOCK + 0x1000 + (uintptr_t)i * 64), 64, (void *)0x5555);
    const struct kiwi_object *o = region_object(used(t, LOCK, stack_made(1)));
    assert_int_equal(o->block, LOCK - 0x40);
    assert_int_equal(o->block_size, 0x100);
    assert_int_equal(o->block_caller, 0x4444);
    assert_int_equal(o->creator, t->row);
    assert_int_equal(region_object(used(t, LOCK + 0x500, stack_made(1)))->block, 0);
}

static void object__long_ago_blocks_are_forgotten(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    block_made(t, (void *)LOCK, 64, (void *)0x4444);
    for (int i = 0; i < THREAD_BLOCKS; i++)
        block_made(t, (void *)(LOCK + 0x1000), 64, (void *)0x5555);
    assert_int_equal(region_object(used(t, LOCK, stack_made(1)))->block, 0);
}

static NOINLINE void note_many(struct thread *t, int count)
{
    char frame[4096];

    __asm__ volatile("" : : "r"(frame) : "memory");
    for (int i = 0; i < count; i++)
        block_made(t, (void *)(LOCK + 0x1000), 64, (void *)0x5555);
}

/* Of the main thread, which is the first, and of the thread that made the one which takes the lock. */
static void object__block_of_another_thread(void **state)
{
    struct thread *main = thread_made("main"), *user = thread_made("user"), *stranger = thread_made("stranger");

    (void)state;
    block_made(main, (void *)(LOCK - 8), 64, (void *)0x4444);
    block_made(stranger, (void *)(LOCK + 0x1000), 64, (void *)0x5555);
    const struct kiwi_object *o = region_object(used(user, LOCK, stack_made(1)));
    assert_int_equal(o->block, LOCK - 8);
    assert_int_equal(o->block_caller, 0x4444);
    assert_int_equal(o->creator, 0);
    assert_int_equal(region_object(used(user, LOCK + 0x1000, stack_made(1)))->block, 0);
    region_thread(user->row)->creator = stranger->row;
    assert_int_equal(region_object(used(user, LOCK + 0x1008, stack_made(1)))->block, LOCK + 0x1000);
    for (int i = 0; i < 125; i++)
        block_made(main, (void *)(LOCK + 0x2000), 64, NULL);
    assert_int_equal(region_object(used(user, LOCK + 8, stack_made(1)))->block, LOCK - 8);
    block_made(main, (void *)(LOCK + 0x2000), 64, NULL); /* the next but one may be made by now */
    assert_int_equal(region_object(used(user, LOCK + 16, stack_made(1)))->block, 0);
}

static void object__thread_of_strange_locks_does_not_ask(void **state)
{
    struct thread *main = thread_made("main"), *user = thread_made("user");

    (void)state;
    for (uintptr_t i = 0; i < 100; i++)
        assert_int_equal(region_object(used(user, LOCK + 0x1000 + 64 * i, stack_made(1)))->block, 0);
    block_made(main, (void *)LOCK, 64, (void *)0x4444);
    assert_int_equal(region_object(used(user, LOCK, stack_made(1)))->block, 0);
}

static void object__block_is_known_while_its_maker_runs(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    block_made(t, (void *)LOCK, 64, (void *)0x4444);
    note_many(t, 4 * THREAD_BLOCKS);
    const struct kiwi_object *o = region_object(used(t, LOCK, stack_made(1)));
    assert_int_equal(o->block_caller, 0x4444);
    assert_int_equal(o->creator, t->row);
}

static void object__outer_block_is_not_believed_for_ever(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    block_made(t, (void *)LOCK, 64, (void *)0x4444);
    note_many(t, 10000);
    assert_int_equal(region_object(used(t, LOCK, stack_made(1)))->block, 0);
}

static void object__locks_made_leave_room_for_locks_used(void **state)
{
    struct thread *t = thread_made("a");
    uintptr_t address = LOCK;

    (void)state;
    while (initialised(t, address, stack_made(1)))
        address += 64;
    assert_true(region.header->dropped[KIWI_DROP_OBJECTS] > 0);
    assert_int_not_equal(used(t, address, stack_made(2)), 0);
    while (used(t, address, stack_made(2)))
        address += 64;
    struct object_facts all = {
            .address = (uintptr_t)1 << 63 | 5, .kind = KIWI_OBJECT_MUTEX, .flags = KIWI_OBJECT_CLASS};
    assert_int_not_equal(object_get(t, &all, stack_made(3)), 0);
}

static void object__private_until_its_maker_lets_go(void **state)
{
    struct thread *a = thread_made("a");

    (void)state;
    block_made(a, (void *)LOCK, 64, NULL);
    uint32_t row = used(a, LOCK, stack_made(1));
    assert_true(object_unpublished(a, row, true));
    assert_true(object_unpublished(a, row, false));
    lock_taken_at(a, LOCK + 0x1000, stack_made(2));
    lock_let_go(a, LOCK + 0x1000);
    assert_true(object_unpublished(a, row, true));
    assert_false(object_unpublished(a, row, false));
    thread_created_another(a);
    assert_false(object_unpublished(a, row, true));
}

static void object__its_maker_is_alone_until_others_take_it(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");

    (void)state;
    block_made(a, (void *)LOCK, 64, NULL);
    uint32_t row = used(a, LOCK, stack_made(1));
    assert_false(object_maker_alone(b, row));
    object_seen_by(a, row);
    lock_taken_at(a, LOCK + 0x1000, stack_made(2));
    lock_let_go(a, LOCK + 0x1000);
    assert_false(object_unpublished(a, row, false));
    assert_true(object_maker_alone(a, row));
    uint32_t before = acquisition_stamp(a, LOCK);
    object_seen_by(b, row);
    assert_false(object_maker_alone(a, row));
    assert_int_not_equal(acquisition_stamp(a, LOCK), before);
    assert_int_equal(region_object(row)->first_thread, a->row);
    assert_int_equal(region_object(row)->other_thread, b->row);
}

static void object__its_maker_is_not_alone_where_another_came_first(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");

    (void)state;
    block_made(a, (void *)LOCK, 64, NULL);
    uint32_t row = used(a, LOCK, stack_made(1));
    assert_true(object_unpublished(a, row, true));
    object_seen_by(b, row);
    assert_false(object_maker_alone(a, row));
    assert_false(object_unpublished(a, row, true));
}

static void object__unknown_memory_is_never_private(void **state)
{
    struct thread *a = thread_made("a"), *b = thread_made("b");

    (void)state;
    assert_false(object_unpublished(a, used(a, LOCK, stack_made(1)), true));
    block_made(a, (void *)(LOCK + 0x1000), 64, NULL);
    assert_false(object_unpublished(b, used(a, LOCK + 0x1000, stack_made(1)), true));
}

static bool lies_in_a_module(uintptr_t address)
{
    return address < LOCK + 0x1000;
}

static void object__static_ones_end_with_their_module(void **state)
{
    struct thread *t = thread_made("a");
    bool (*before)(uintptr_t) = object_is_static;

    (void)state;
    object_is_static = lies_in_a_module;
    used(t, LOCK, stack_made(1));
    used(t, LOCK + 0x800, stack_made(1));
    used(t, LOCK + 0x2000, stack_made(1));
    object_is_static = before;
    object_end_static(LOCK, LOCK + 0x800);
    assert_int_equal(object_find(LOCK), 0);
    assert_int_not_equal(object_find(LOCK + 0x800), 0);
    object_end_static(LOCK, LOCK + 0x4000);
    assert_int_equal(object_find(LOCK + 0x800), 0);
    assert_int_not_equal(object_find(LOCK + 0x2000), 0); /* no variable, whatever lies around it */
}

static void object__full_table_gives_none(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t stack = stack_made(1), made = 0;

    (void)state;
    for (uintptr_t at = LOCK; used(t, at, stack); at += 64)
        made++;
    assert_true(made > region_capacity(KIWI_TABLE_OBJECTS) / 2);
    assert_true(region.header->dropped[KIWI_DROP_OBJECTS] > 0);
    object_refer(object_find(LOCK));
    object_end(LOCK);
    assert_int_equal(used(t, LOCK, stack), 0);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(object__first_use_makes_it),
            FRESH(object__init_and_end_begin_a_generation),
            FRESH(object__unnamed_row_serves_the_next_generation),
            FRESH(object__other_kind_is_another_object),
            FRESH(object__free_ends_all_in_the_block),
            FRESH(object__block_is_the_latest_around_it),
            FRESH(object__long_ago_blocks_are_forgotten),
            FRESH(object__block_of_another_thread),
            FRESH(object__thread_of_strange_locks_does_not_ask),
            FRESH(object__block_is_known_while_its_maker_runs),
            FRESH(object__outer_block_is_not_believed_for_ever),
            FRESH(object__locks_made_leave_room_for_locks_used),
            FRESH(object__private_until_its_maker_lets_go),
            FRESH(object__its_maker_is_alone_until_others_take_it),
            FRESH(object__its_maker_is_not_alone_where_another_came_first),
            FRESH(object__unknown_memory_is_never_private),
            FRESH(object__static_ones_end_with_their_module),
            FRESH(object__full_table_gives_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
