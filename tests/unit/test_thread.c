/* thread.h: rows and slots of threads, and the order that create and join give them. */
#include "recorder.h"

static void thread__row_tells_who_it_is(void **state)
{
    struct thread *parent = thread_made("parent");
    struct thread_birth birth = {.creator = parent->row,
                                 .create_stack = stack_made(1),
                                 .start_function = 0x4040,
                                 .flags = KIWI_THREAD_DETACHED,
                                 .tid = 123,
                                 .pthread_id = 0x7f0000001000,
                                 .stack_low = 0x10000,
                                 .stack_high = 0x20000,
                                 .name = "a name that is too long"};
    struct thread *t = thread_attach(&birth);
    const struct kiwi_thread *r = region_thread(t->row);

    (void)state;
    assert_int_equal(r->state, KIWI_ROW_LIVE);
    assert_int_equal(r->tid, 123);
    assert_int_equal(r->creator, parent->row);
    assert_int_equal(r->create_stack, birth.create_stack);
    assert_int_equal(r->start_function, 0x4040);
    assert_int_equal(r->flags, KIWI_THREAD_DETACHED);
    assert_int_equal(r->slot, t->slot_index);
    assert_int_equal(r->stack_high, 0x20000);
    assert_string_equal(r->name, "a name that is ");
    assert_true(r->serial > region_thread(parent->row)->serial);
    assert_ptr_equal(thread_of_row(t->row), t);
    assert_int_equal(t->slot->state, KIWI_ROW_LIVE);
    assert_int_equal(t->slot->thread, t->row);
    assert_int_equal(t->guard, GUARD_IDLE);
}

static void thread__same_start_and_creation_is_one_class(void **state)
{
    struct thread_birth birth = {.start_function = 0x4040, .create_stack = stack_made(1), .tid = 1};
    struct thread *a = thread_attach(&birth), *b = thread_attach(&birth);

    (void)state;
    assert_int_equal(a->thread_class, b->thread_class);
    assert_int_equal(region_thread_class(a->thread_class)->started, 2);
    thread_detach(a);
    assert_int_equal(region_thread_class(b->thread_class)->ended, 1);
    birth.create_stack = stack_made(2);
    assert_int_not_equal(thread_attach(&birth)->thread_class, b->thread_class);
}

static void thread__slots_are_used_again(void **state)
{
    uint32_t rows = region_capacity(KIWI_TABLE_THREADS);

    (void)state;
    for (uint32_t i = 0; i < 3 * rows; i++) {
        struct thread *t = thread_made("one of many");
        assert_int_equal(t->slot_index, 1);
        assert_int_not_equal(t->row, 0);
        thread_detach(t);
    }
    assert_int_equal(region.header->tables[KIWI_TABLE_SLOTS].used, 2);
    assert_int_equal(region.header->dropped[KIWI_DROP_THREADS], 0);
}

static void thread__beyond_the_slots_is_counted(void **state)
{
    struct thread_birth birth = {.tid = 1};
    uint32_t attached = 0;

    (void)state;
    while (thread_room() && thread_attach(&birth))
        attached++;
    assert_true(attached + 8 >= region_capacity(KIWI_TABLE_SLOTS) - 1);
    assert_null(thread_attach(&birth));
    assert_true(region.header->dropped[KIWI_DROP_SLOTS] > 0);
}

static void thread__live_rows_are_not_recycled(void **state)
{
    struct thread *kept = thread_made("kept");
    uint32_t serial = kept->serial;

    (void)state;
    for (uint32_t i = 0; i < 2 * region_capacity(KIWI_TABLE_THREADS); i++)
        thread_detach(thread_made("passing"));
    assert_int_equal(region_thread(kept->row)->serial, serial);
    assert_string_equal(region_thread(kept->row)->name, "kept");
}

static void thread__id_finds_the_youngest(void **state)
{
    struct thread_birth birth = {.tid = 1, .pthread_id = 0x7f0000002000};
    struct thread *first = thread_attach(&birth);
    uint32_t first_row = first->row;

    (void)state;
    assert_int_equal(thread_row_of_id(birth.pthread_id), first_row);
    assert_int_equal(thread_row_of_id(0x7f0000003000), 0);
    thread_detach(first);
    assert_int_equal(thread_row_of_id(birth.pthread_id), first_row); /* it can be joined still */
    struct thread *second = thread_attach(&birth);
    assert_int_equal(thread_row_of_id(birth.pthread_id), second->row);
    thread_detach(second);
    __atomic_fetch_or(&region_thread(second->row)->flags, KIWI_THREAD_JOINED, __ATOMIC_RELAXED);
    assert_int_not_equal(thread_row_of_id(birth.pthread_id), second->row);
}

static void thread__expected_has_its_row_before_it_runs(void **state)
{
    struct thread_birth birth = {.tid = 5};
    uintptr_t id = 0x7f0000004000;

    (void)state;
    thread_expect(&birth);
    assert_int_not_equal(birth.row, 0);
    thread_expected_is(birth.row, birth.serial, &id);
    assert_int_equal(thread_row_of_id(id), birth.row);
    birth.pthread_id = id;
    struct thread *t = thread_attach(&birth);
    assert_int_equal(t->row, birth.row);
    assert_int_equal(t->serial, birth.serial);
}

static void thread__handler_before_its_start_does_not_answer_for_it(void **state)
{
    struct thread_birth birth = {.tid = 6}, early = {.tid = 6, .flags = KIWI_THREAD_FOREIGN};
    uintptr_t id = 0x7f0000005000;

    (void)state;
    thread_expect(&birth);
    early.pthread_id = birth.pthread_id = id;
    struct thread *handler = thread_attach(&early);
    assert_int_equal(thread_row_of_id(id), handler->row);
    thread_expected_is(birth.row, birth.serial, &id);
    assert_int_equal(thread_row_of_id(id), birth.row);
    thread_detach_unasked(handler);
    struct thread *t = thread_attach(&birth);
    assert_int_equal(t->row, birth.row);
    assert_int_equal(thread_row_of_id(id), birth.row);
}

static void thread__one_that_never_came_leaves_its_row(void **state)
{
    struct thread_birth birth = {.tid = 5}, next = {.tid = 6};

    (void)state;
    thread_expect(&birth);
    thread_not_expected(birth.row);
    thread_expect(&next);
    assert_int_equal(next.row, birth.row);
    assert_int_not_equal(next.serial, birth.serial);
    thread_not_expected(0);
}

static void thread__create_and_join_order_segments(void **state)
{
    struct thread *parent = thread_made("parent");
    uint32_t before = thread_segment(parent);
    struct thread_birth birth = {.creator = parent->row, .tid = 9, .segment = thread_segment_at_handover(parent)};

    (void)state;
    thread_created_another(parent);
    struct thread *child = thread_attach(&birth);
    uint32_t of_child = thread_segment(child), meanwhile = thread_segment(parent), child_row = child->row;
    assert_int_equal(region_segment(of_child)->other, before);
    assert_int_equal(region_segment(of_child)->previous, 0);
    assert_int_equal(region_segment(meanwhile)->previous, before);
    assert_int_equal(region_segment(meanwhile)->other, 0);
    assert_int_equal(thread_segment(parent), meanwhile);
    thread_detach(child);
    assert_int_equal(region_thread(child_row)->last_segment, of_child);
    thread_joined(parent, child_row);
    uint32_t after = thread_segment(parent);
    assert_int_equal(region_segment(after)->previous, meanwhile);
    assert_int_equal(region_segment(after)->other, of_child);
}

static void thread__two_joins_keep_both_orders(void **state)
{
    struct thread *parent = thread_made("parent"), *a = thread_made("a"), *b = thread_made("b");
    uint32_t sa = thread_segment(a), sb = thread_segment(b), rows[] = {a->row, b->row};

    (void)state;
    thread_segment(parent);
    thread_detach(a);
    thread_detach(b);
    thread_joined(parent, rows[0]);
    thread_joined(parent, rows[1]);
    const struct kiwi_segment *last = region_segment(thread_segment(parent));
    assert_int_equal(last->other, sb);
    assert_int_equal(region_segment(last->previous)->other, sa);
    thread_joined(parent, 0);
}

static void thread__events_are_a_ring(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    for (uint32_t i = 0; i < KIWI_SLOT_EVENTS + 3; i++)
        event_add(t, KIWI_EVENT_MARK, i, 7, 8);
    assert_int_equal(t->slot->event_next, KIWI_SLOT_EVENTS + 3);
    assert_int_equal(t->slot->events[2].row, KIWI_SLOT_EVENTS + 2);
    assert_int_equal(t->slot->events[3].row, 3);
    assert_true(t->slot->events[2].ticks >= t->slot->events[3].ticks);
}

static void thread__tid_is_the_kernels(void **state)
{
    (void)state;
    assert_int_equal(thread_tid(), sys_gettid());
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(thread__row_tells_who_it_is),
            FRESH(thread__same_start_and_creation_is_one_class),
            FRESH(thread__slots_are_used_again),
            FRESH(thread__beyond_the_slots_is_counted),
            FRESH(thread__live_rows_are_not_recycled),
            FRESH(thread__id_finds_the_youngest),
            FRESH(thread__expected_has_its_row_before_it_runs),
            FRESH(thread__handler_before_its_start_does_not_answer_for_it),
            FRESH(thread__one_that_never_came_leaves_its_row),
            FRESH(thread__create_and_join_order_segments),
            FRESH(thread__two_joins_keep_both_orders),
            FRESH(thread__events_are_a_ring),
            FRESH(thread__tid_is_the_kernels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
