/* thread_class.h: what a class keeps of its threads. */
#include "../../interpose/record/thread_class.h"
#include "recorder.h"

static void class__windows_count_as_busy_from_a_number_on(void **state)
{
    uint32_t row = thread_class_get(0x4040, stack_made(1));
    const struct kiwi_thread_class *c = region_thread_class(row);
    uint64_t window = clock_state.ticks_per_second / KIWI_CLASS_WINDOWS_PER_SECOND, start = 1000 * window;

    (void)state;
    for (unsigned w = 0; w < 3; w++)
        for (unsigned i = 0; i < KIWI_CLASS_BUSY - (w == 1); i++)
            thread_class_began(row, start + w * window);
    assert_int_equal(c->started, 3 * KIWI_CLASS_BUSY - 1);
    assert_int_equal(c->busy_windows, 2);
    assert_int_equal(c->busy_started, 2 * KIWI_CLASS_BUSY);
    assert_int_equal(c->last_ticks, start + 2 * window);
}

static void class__lifetimes_fall_into_powers_of_two(void **state)
{
    uint32_t row = thread_class_get(0x4040, stack_made(1));
    const struct kiwi_thread_class *c = region_thread_class(row);

    (void)state;
    thread_class_ended(row, 0);
    thread_class_ended(row, 1023);
    thread_class_ended(row, 1024);
    thread_class_ended(row, UINT64_MAX);
    assert_int_equal(c->ended, 4);
    assert_int_equal(c->lives[0], 2);
    assert_int_equal(c->lives[1], 1);
    assert_int_equal(c->lives[KIWI_CLASS_LIVES - 1], 1);
}

static void class__settled_counts_a_thread_once(void **state)
{
    struct thread_birth birth = {.start_function = 0x4040, .create_stack = stack_made(1), .tid = 1};
    struct thread *t = thread_attach(&birth);
    const struct kiwi_thread_class *c = region_thread_class(t->thread_class);

    (void)state;
    thread_settled(t->row, t->serial, KIWI_THREAD_DETACHED);
    thread_settled(t->row, t->serial, KIWI_THREAD_JOINED);
    assert_int_equal(c->settled, 1);
    assert_int_equal(region.header->settled_unknown, 0);
    thread_settled(t->row, t->serial + 1, KIWI_THREAD_JOINED);
    thread_settled(0, 0, KIWI_THREAD_JOINED);
    assert_int_equal(region.header->settled_unknown, 2);
}

static void class__unjoined_rows_go_last_and_are_counted(void **state)
{
    struct thread_birth birth = {.start_function = 0x4040, .create_stack = stack_made(1), .tid = 1};
    uint32_t rows = region_capacity(KIWI_TABLE_THREADS), row = 0;

    (void)state;
    for (uint32_t i = 0; i < rows - 1; i++) {
        struct thread *t = thread_attach(&birth);

        row = t->thread_class;
        if (i % 8 == 0)
            thread_settled(t->row, t->serial, KIWI_THREAD_JOINED);
        thread_detach(t);
    }
    for (uint32_t i = 0; i < rows / 16; i++)
        thread_detach(thread_attach(&birth));
    assert_int_equal(region_thread_class(row)->forgotten, 0);
    for (uint32_t i = 0; i < 2 * rows; i++)
        thread_detach(thread_attach(&birth));
    assert_true(region_thread_class(row)->forgotten > rows);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(class__windows_count_as_busy_from_a_number_on),
            FRESH(class__lifetimes_fall_into_powers_of_two),
            FRESH(class__settled_counts_a_thread_once),
            FRESH(class__unjoined_rows_go_last_and_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
