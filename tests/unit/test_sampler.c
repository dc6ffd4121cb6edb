/* sampler.h: which allocations are samples, and what they stand for. */
#include "../../interpose/record/sampler.h"
#include "recorder.h"

#define RATE (512u << 10)

static int set_up(void **state)
{
    record_settings.heap = HEAP_SAMPLE;
    record_settings.heap_rate = RATE;
    return recorder_open(state);
}

static int tear_down(void **state)
{
    record_settings.heap = HEAP_OFF;
    return recorder_close(state);
}

static uint32_t allocate(struct thread *t, size_t size)
{
    return thread_heap_count(t, size) ? sampler_take(t, size) : 0;
}

static void sampler__large_blocks_stand_for_themselves(void **state)
{
    (void)state;
    assert_int_equal(sampler_units(100u << 20, RATE), KIWI_HEAP_UNIT);
    assert_int_equal(sampler_units(SIZE_MAX, RATE), KIWI_HEAP_UNIT);
}

/* 1 / (1 - exp(-1/2)) = 2.5415; 1 / (1 - exp(-2)) = 1.1565; a byte: the rate and a half. */
static void sampler__small_ones_for_many(void **state)
{
    (void)state;
    assert_in_range(sampler_units(RATE / 2, RATE), 650, 651);
    assert_in_range(sampler_units(2 * RATE, RATE), 295, 297);
    assert_int_equal(sampler_units(1, RATE) / KIWI_HEAP_UNIT, RATE);
    assert_int_equal(sampler_units(0, RATE), sampler_units(1, RATE));
}

static void sampler__estimates_what_there_was(void **state)
{
    struct thread *t = thread_made("a");
    uint64_t blocks = 0, samples = 0;

    (void)state;
    for (uint32_t i = 0; i < 2000000; i++) {
        uint32_t units = allocate(t, 100);
        blocks += units;
        samples += units != 0;
    }
    assert_in_range(blocks / KIWI_HEAP_UNIT, 1700000, 2300000);
    assert_in_range(samples, SAMPLER_STEP * 7, SAMPLER_STEP * 7 + 900);
    assert_int_equal(t->heap_period, RATE);
    assert_int_equal(memory.heap_samples, samples);
}

static void sampler__exact_takes_all(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    record_settings.heap = HEAP_EXACT;
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(allocate(t, i), KIWI_HEAP_UNIT);
}

static void sampler__counting_takes_none(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    record_settings.heap = HEAP_COUNT;
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(allocate(t, RATE), 0);
    assert_int_equal(t->heap_drawn, UINT64_MAX); /* in steps of 4 GiB */
    assert_int_equal(t->heap_calls, 10);
    assert_int_equal(thread_heap_bytes(t), 10 * RATE);
}

/* A signal handler took what was left between the look at it and the count. */
static void sampler__is_due_when_more_was_used_than_was_left(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    t->heap_left = t->heap_next = 10;
    assert_true(thread_heap_count(t, 30));
    assert_int_equal(t->heap_left, 0);
    assert_int_equal(thread_heap_bytes(t), 30);
    assert_true(thread_heap_count(t, 1));
    assert_int_equal(thread_heap_bytes(t), 31);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(sampler__large_blocks_stand_for_themselves),
            TEST(sampler__small_ones_for_many),
            TEST(sampler__estimates_what_there_was),
            TEST(sampler__exact_takes_all),
            TEST(sampler__counting_takes_none),
            TEST(sampler__is_due_when_more_was_used_than_was_left),
    };

    return cmocka_run_group_tests_name("sampler", tests, NULL, NULL);
}
