/* heap_use.h: what lives by call path, and that the truth lies within the error that is told. */
#include "../../analysis/heap_use.h"
#include "../../interpose/record/block.h"
#include "../../interpose/record/heap_site.h"
#include "../../interpose/record/sampler.h"
#include "recorder.h"

static int set_up(void **state)
{
    record_settings.heap = HEAP_SAMPLE;
    record_settings.heap_rate = 64u << 10;
    return recorder_open(state);
}

static int tear_down(void **state)
{
    record_settings.heap = HEAP_OFF;
    return recorder_close(state);
}

static struct heap_uses *uses_now(struct trace **trace, struct model **m)
{
    char error[128];

    region_publish(&region.header->state, KIWI_ROW_LIVE);
    region.header->clock_kind = KIWI_CLOCK_MONOTONIC_NS;
    *trace = trace_from_memory(region.header, region.size, "heap.trace", error, sizeof error);
    if (!*trace)
        fail_msg("%s", error);
    *m = model_open(*trace, NULL);
    return heap_uses_open(*m);
}

static void uses_done(struct heap_uses *u, struct model *m, struct trace *trace)
{
    heap_uses_close(u);
    model_close(m);
    trace_close(trace);
}

#define SITES 24u
#define RUNS 20u

static uint32_t site_stack(uint32_t site)
{
    return stack_made(0x1000 + site * 16);
}

static size_t size_of_site(uint32_t site)
{
    static const size_t sizes[] = {16, 100, 700, 5000, 40000, 300000};
    return sizes[site % 6];
}

/* Every fourth block of a site stays, of some sites every one. */
static bool stays(uint32_t site, uint32_t block)
{
    return site % 5 == 0 || block % 4 == 0;
}

static uint32_t blocks_of_site(uint32_t site)
{
    return 12 + (uint32_t)((200u << 10) * (1 + site / 6) / size_of_site(site));
}

static void allocate(struct thread *t, uint32_t site, uint32_t stack, bool lives)
{
    size_t size = size_of_site(site);
    uint32_t units = thread_heap_count(t, size) ? sampler_take(t, size) : 0;
    if (!units)
        return;
    uint32_t row = heap_site_get(t, stack);
    heap_site_made(t, row, units, size, 1);
    if (!lives)
        heap_site_ended(row, units, size, (struct heap_end){.lifetime = 5000});
}

/* The sites take turns, each in its share of the time. */
static void run_program(struct thread *t, double *live)
{
    uint32_t done[SITES] = {0};
    for (uint32_t step = 1; step <= 1000; step++)
        for (uint32_t site = 0; site < SITES; site++)
            for (; done[site] < (uint64_t)blocks_of_site(site) * step / 1000; done[site]++) {
                allocate(t, site, site_stack(site), stays(site, done[site]));
                live[site] += stays(site, done[site]) ? 1 : 0;
            }
}

static uint32_t site_of(struct heap_uses *u, const struct heap_use *use)
{
    uint32_t depth;
    return (uint32_t)(trace_frames(u->m->trace, use->site->stack, &depth)[0] - 0x1000) / 16;
}

static bool within(double estimate, double error, double truth)
{
    return truth >= estimate - error && truth <= estimate + error;
}

static void use__truth_lies_within_the_error(void **state)
{
    uint32_t judged = 0, bytes_right = 0, blocks_right = 0, totals_right = 0, seed = 12345;

    for (uint32_t run = 0; run < RUNS; run++) {
        double live[SITES] = {0}, sum = 0;
        struct thread *t = thread_made("a");
        struct trace *trace;
        struct model *m;

        t->random = seed = seed * 1103515245u + 12345u;
        run_program(t, live);
        struct heap_uses *u = uses_now(&trace, &m);
        for (uint32_t i = 0; i < u->count; i++) {
            const struct heap_use *use = &u->items[i];
            uint32_t site = site_of(u, use);
            judged++;
            blocks_right += within(use->live.blocks, use->live.blocks_error, live[site]);
            bytes_right += within(use->live.bytes, use->live.bytes_error, live[site] * (double)size_of_site(site));
        }
        for (uint32_t site = 0; site < SITES; site++)
            sum += live[site] * (double)size_of_site(site);
        totals_right += within(u->live.bytes, u->live.bytes_error, sum);
        uses_done(u, m, trace);
        tear_down(state);
        assert_int_equal(set_up(state), 0);
    }
    print_message("# %u of %u sites by bytes, %u by blocks, %u of %u totals\n", bytes_right, judged, blocks_right,
                  totals_right, RUNS);
    assert_true(judged > RUNS * SITES * 3 / 4);
    assert_true(bytes_right * 10 >= judged * 9);
    assert_true(blocks_right * 10 >= judged * 9);
    assert_true(totals_right * 10 >= RUNS * 9);
}

static void use__exact_ones_have_no_error(void **state)
{
    struct thread *t = thread_made("a"), *other = thread_made("b");
    uint32_t row = heap_site_get(t, stack_made(1));
    struct trace *trace;
    struct model *m;

    (void)state;
    for (int i = 0; i < 10; i++)
        heap_site_made(i < 4 ? other : t, row, KIWI_HEAP_UNIT, 100, 1);
    for (int i = 0; i < 4; i++)
        heap_site_ended(row, KIWI_HEAP_UNIT, 100,
                        (struct heap_end){.lifetime = i ? 2000 : 1u << 30, .freer = i ? NULL : other});
    heap_site_unfollowed(row, KIWI_HEAP_UNIT, 100);
    struct heap_uses *u = uses_now(&trace, &m);
    const struct heap_use *use = &u->items[0];
    assert_int_equal(u->count, 1);
    assert_true(heap_uses_exact(u));
    assert_true(use->live.bytes == 500 && use->live.blocks == 5 && use->made.bytes == 1000);
    assert_true(use->peak_bytes == 1000 && use->unfollowed_bytes == 100);
    assert_true(use->elsewhere == 0.25 && use->others == 0.4);
    assert_int_equal(use->thread, t->row);
    assert_int_equal(use->free_thread, other->row);
    assert_int_equal(heap_use_lived(use, 50), 4096);
    assert_int_equal(heap_use_lived(use, 99), UINT64_C(1) << 32);
    uses_done(u, m, trace);
}

static void use__is_even_when_all_are_freed(void **state)
{
    struct thread *t = thread_made("a");
    uint32_t row = heap_site_get(t, stack_made(1)), units = sampler_units(100, 4096);
    struct trace *trace;
    struct model *m;

    (void)state;
    for (int i = 0; i < 7; i++)
        heap_site_made(t, row, units, 100, 1);
    for (int i = 0; i < 7; i++)
        heap_site_ended(row, units, 100, (struct heap_end){.lifetime = 1});
    const struct kiwi_heap_site *s = region_heap_site(row);
    assert_int_equal(s->bytes, s->freed_bytes);
    assert_int_equal(s->blocks, s->freed_blocks);
    assert_int_equal(s->made_variance, s->freed_variance);
    assert_int_equal(s->made_blocks_variance, s->freed_blocks_variance);
    struct heap_uses *u = uses_now(&trace, &m);
    assert_true(u->items[0].live.bytes == 0);
    assert_in_range((uint64_t)u->items[0].live.bytes_error, 16000, 16600); /* four samples of 4096 might as well live */
    assert_false(heap_uses_exact(u));
    uses_done(u, m, trace);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(use__truth_lies_within_the_error),
            TEST(use__exact_ones_have_no_error),
            TEST(use__is_even_when_all_are_freed),
    };

    return cmocka_run_group_tests_name("heap_use", tests, NULL, NULL);
}
