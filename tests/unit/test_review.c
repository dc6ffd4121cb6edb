/* review.h and health.h: order, merging over traces, verdict, what a lossy trace does to confidence. */
#include "../../analysis/health.h"
#include "../../analysis/review.h"
#include "../lib/trace_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TRACES 9

struct fixture {
    struct trace_builder *builders[TRACES];
    struct trace *traces[TRACES];
    struct model *models[TRACES];
    unsigned count;
    struct review *review;
};

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *x = *state;

    review_free(x->review);
    for (unsigned i = 0; i < TRACES; i++) {
        model_close(x->models[i]);
        trace_close(x->traces[i]);
        builder_close(x->builders[i]);
    }
    free(x);
    return 0;
}

static struct trace_builder *new_trace(struct fixture *x)
{
    struct trace_builder *b = builder_open();

    x->builders[x->count++] = b;
    builder_module(b, "/usr/bin/service", 0x400000, 0x100000);
    return b;
}

static const struct review *review(struct fixture *x, const struct review_options *o)
{
    for (unsigned i = 0; i < x->count; i++) {
        x->traces[i] = builder_trace(x->builders[i]);
        x->models[i] = model_open(x->traces[i], NULL);
        assert_non_null(x->models[i]);
    }
    x->review = review_make(x->models, x->count, o);
    assert_non_null(x->review);
    return x->review;
}

/* A program that destroys a held lock (CRITICAL) and one whose error-checking mutex refused an unlock (MEDIUM). */
static void two_misuses(struct trace_builder *b)
{
    uint32_t main = builder_thread(b, "main"), a = builder_mutex(b, 0x5000), c = builder_mutex(b, 0x6000);

    builder_misuse(b, main, KIWI_MISUSE_UNLOCK_REFUSED, a, builder_stack(b, 1, 0x401005ul));
    builder_misuse(b, main, KIWI_MISUSE_DESTROY_HELD, c, builder_stack(b, 1, 0x402005ul));
}

static void review__nothing_found(void **state)
{
    struct fixture *x = *state;
    const struct review *r;

    new_trace(x);
    r = review(x, NULL);
    assert_int_equal(r->verdict, VERDICT_APPROVE);
    assert_int_equal(r->risk, -1);
    assert_int_equal(review_worst_severity(r), -1);
    assert_int_equal(r->findings.count, 0);
    assert_int_equal(r->health.process_count, 1);
    assert_int_equal(r->confidence, CONFIDENCE_MEDIUM); /* a short recording */
}

static void review__worst_comes_first_and_decides(void **state)
{
    struct fixture *x = *state;
    const struct review *r;

    two_misuses(new_trace(x));
    r = review(x, NULL);
    assert_int_equal(r->findings.count, 2);
    assert_int_equal(r->findings.items[0]->id, FINDING_DESTROY_BUSY);
    assert_int_equal(r->findings.items[1]->id, FINDING_UNLOCK_NOT_OWNER);
    assert_int_equal(r->verdict, VERDICT_REQUEST_CHANGES);
    assert_int_equal(r->risk, SEVERITY_CRITICAL);
    assert_string_equal(r->top_concern, r->findings.items[0]->title);
    assert_int_equal(r->confidence, CONFIDENCE_HIGH);
}

static void review__medium_alone_is_approved(void **state)
{
    struct fixture *x = *state;
    struct review_options o = {0};
    char error[100];
    const struct review *r;

    two_misuses(new_trace(x));
    assert_int_equal(review_options_only(&o, "unlock-not-owner,deadlock", error, sizeof error), 0);
    r = review(x, &o);
    assert_int_equal(r->findings.count, 1);
    assert_int_equal(r->risk, SEVERITY_MEDIUM);
    assert_int_equal(r->verdict, VERDICT_APPROVE);
}

static void review__unknown_id_is_refused(void **state)
{
    struct review_options o = {0};
    char error[100];

    (void)state;
    assert_int_equal(review_options_only(&o, "deadlock,dead-lock", error, sizeof error), -1);
    assert_string_equal(error, "unknown finding 'dead-lock'");
}

static void review__same_cause_in_several_processes_is_one_finding(void **state)
{
    struct fixture *x = *state;
    const struct review *r;

    for (int i = 0; i < TRACES; i++)
        two_misuses(new_trace(x));
    r = review(x, NULL);
    assert_int_equal(r->findings.count, 2);
    assert_int_equal(r->findings.items[0]->count, TRACES);
    assert_int_equal(r->findings.items[0]->processes, TRACES);
    assert_int_equal(r->health.process_count, TRACES);
}

static void review__other_places_stay_apart(void **state)
{
    struct fixture *x = *state;
    struct trace_builder *b = new_trace(x);
    uint32_t main = builder_thread(b, "main"), a = builder_mutex(b, 0x5000);

    builder_misuse(b, main, KIWI_MISUSE_DESTROY_HELD, a, builder_stack(b, 1, 0x401005ul));
    builder_misuse(b, main, KIWI_MISUSE_DESTROY_HELD, a, builder_stack(b, 1, 0x402005ul));
    assert_int_equal(review(x, NULL)->findings.count, 2);
}

/* One call under one lock, which two functions take. */
static void review__the_same_from_elsewhere_is_one_finding(void **state)
{
    struct fixture *x = *state;
    struct trace_builder *b = new_trace(x);
    uint32_t main = builder_thread(b, "main"), lock = builder_mutex(b, 0x5000);
    uint32_t call = builder_stack(b, 2, 0x403005ul, 0x404005ul), other = builder_stack(b, 2, 0x403005ul, 0x405005ul);
    uint32_t one = builder_acquire(b, main, 0, lock, builder_stack(b, 1, 0x401005ul));
    uint32_t two = builder_acquire(b, main, 0, lock, builder_stack(b, 1, 0x402005ul));
    const struct finding *f;
    const struct review *r;

    builder_object_row(b, lock)->name = builder_string(b, "cache_lock");
    builder_call(b, main, KIWI_CALL_POLL, one, call, 2000000000);
    builder_call(b, main, KIWI_CALL_POLL, two, other, 1000000000);
    r = review(x, NULL);
    assert_int_equal(r->findings.count, 1);
    f = r->findings.items[0];
    assert_int_equal(f->count, 2);
    assert_int_equal(f->stack_count, 3); /* the call, and both places where the lock was taken */
    assert_int_not_equal(f->stacks[1].stack, f->stacks[2].stack);
    assert_non_null(strstr(f->evidence[f->evidence_count - 1], "The same, coming from elsewhere: "));
}

static bool says(const struct health_lines *lines, const char *words)
{
    for (unsigned i = 0; i < lines->count; i++)
        if (strstr(lines->items[i], words))
            return true;
    return false;
}

/* One entry for the CRITICAL finding alone, one that is too late, one without a match. */
static void review__suppressed_findings_do_not_count(void **state)
{
    static struct suppression entries[] = {
            {.file = "svc.supp", .line = 1, .id = "destroy-busy", .reason = "shut down by design"},
            {.file = "svc.supp", .line = 4, .id = "destroy-*"},
            {.file = "svc.supp", .line = 6, .id = "deadlock"},
    };
    struct suppressions s = {.entries = entries, .count = 3};
    struct review_options o = {.suppressions = &s};
    struct fixture *x = *state;
    const struct review *r;

    two_misuses(new_trace(x));
    two_misuses(new_trace(x));
    r = review(x, &o);
    assert_int_equal(r->findings.count, 1);
    assert_int_equal(r->findings.items[0]->id, FINDING_UNLOCK_NOT_OWNER);
    assert_int_equal(r->suppressed.count, 1);
    assert_int_equal(r->verdict, VERDICT_APPROVE);
    assert_int_equal(review_worst_severity(r), SEVERITY_MEDIUM);
    assert_true(says(&r->health.notes, "svc.supp:1 [destroy-busy] hid 1 finding: shut down by design."));
    assert_false(says(&r->health.notes, "svc.supp:4 [destroy-*] hid"));
    assert_true(says(&r->health.notes, "Suppressions that matched nothing: svc.supp:6 [deadlock]."));
}

static void review__only_what_is_new(void **state)
{
    struct baseline known = {0};
    struct review_options o = {.baseline = &known};
    struct fixture *x = *state;
    const struct review *r;

    two_misuses(new_trace(x));
    r = review(x, NULL);
    assert_int_equal(baseline_add(&known, r->findings.items[0]), 0);
    review_free(x->review);
    r = x->review = review_make(x->models, 1, &o);
    assert_non_null(r);
    assert_int_equal(r->findings.count, 1);
    assert_int_equal(r->findings.items[0]->id, FINDING_UNLOCK_NOT_OWNER);
    assert_int_equal(r->known.count, 1);
    assert_int_equal(r->verdict, VERDICT_APPROVE);
    assert_true(known.entries[0].seen);
    baseline_release(&known);
}

static void health__losses_lower_confidence(void **state)
{
    struct fixture *x = *state;
    struct trace_builder *b = new_trace(x);
    const struct review *r;

    two_misuses(b);
    builder_header(b)->dropped[KIWI_DROP_ACQUISITIONS] = 12;
    r = review(x, NULL);
    assert_int_equal(r->findings.items[0]->confidence, CONFIDENCE_MEDIUM);
    assert_true(r->health.processes[0].lossy);
    assert_int_equal(r->health.dropped[KIWI_DROP_ACQUISITIONS], 12);
    assert_true(says(&r->health.notes, "not recorded: lock acquisition behaviours: 12; a larger `size=`"));
    assert_true(says(&r->health.notes, "size="));
}

static void health__more_blocks_need_no_larger_file(void **state)
{
    struct fixture *x = *state;
    const struct review *r;

    builder_header(new_trace(x))->dropped[KIWI_DROP_HEAP_BLOCKS] = 12;
    r = review(x, NULL);
    assert_true(says(&r->health.notes, "heap-rate="));
    assert_false(says(&r->health.notes, "larger `size=`"));
}

static void review__a_part_that_is_missing_is_not_approved(void **state)
{
    struct fixture *x = *state;
    char error[128];
    size_t size;
    const void *bytes = builder_bytes(new_trace(x), &size);
    struct kiwi_header *h = memcpy(test_malloc(size), bytes, size);

    h->tables[KIWI_TABLE_ACQUISITIONS].row_size = 0;
    x->traces[0] = trace_from_memory(h, size, "spoilt.trace", error, sizeof error);
    test_free(h);
    x->models[0] = model_open(x->traces[0], NULL);
    x->review = review_make(x->models, x->count, NULL);
    assert_true(x->review->partial);
    assert_int_equal(x->review->verdict, VERDICT_REQUEST_CHANGES);
    assert_int_equal(x->review->confidence, CONFIDENCE_LOW);
}

static void review__traces_that_could_not_be_read_are_not_approved(void **state)
{
    struct fixture *x = *state;
    const struct review_options o = {.unreadable = 2};
    const struct review *r;

    new_trace(x);
    r = review(x, &o);
    assert_int_equal(r->verdict, VERDICT_REQUEST_CHANGES);
    assert_true(says(&r->health.notes, "2 traces could not be read"));
}

static void health__short_stacks_do_not(void **state)
{
    struct fixture *x = *state;
    struct trace_builder *b = new_trace(x);
    const struct review *r;

    two_misuses(b);
    builder_header(b)->dropped[KIWI_DROP_TRUNCATED_STACKS] = 3;
    r = review(x, NULL);
    assert_int_equal(r->findings.items[0]->confidence, CONFIDENCE_HIGH);
    assert_false(r->health.processes[0].lossy);
    assert_true(says(&r->health.notes, "depth="));
}

static void health__says_how_it_ended(void **state)
{
    struct fixture *x = *state;
    const struct review *r;

    builder_header(new_trace(x))->end_kind = KIWI_END_EXIT;
    builder_header(x->builders[0])->end_status = 3;
    new_trace(x);
    builder_header(new_trace(x))->end_kind = KIWI_END_EXEC;
    r = review(x, NULL);
    assert_true(says(&r->health.notes, "exited with status 3"));
    assert_true(says(&r->health.notes, "killed, crashed, or ended"));
    assert_true(says(&r->health.notes, "exec"));
    assert_true(says(&r->health.unseen, "no lock operation was seen"));
}

static void health__many_processes_are_told_by_program(void **state)
{
    struct fixture *x = *state;
    const struct review *r;

    for (int i = 0; i < TRACES; i++) {
        struct trace_builder *b = new_trace(x);

        builder_header(b)->pid = 100 + (uint32_t)i;
        builder_header(b)->executable = builder_string(b, i ? "/usr/bin/worker" : "/usr/bin/master");
        builder_header(b)->end_kind = i < 2 ? KIWI_END_EXIT : KIWI_END_NONE;
        builder_header(b)->dropped[KIWI_DROP_TRUNCATED_STACKS] = 2;
    }
    r = review(x, NULL);
    assert_true(says(&r->health.notes, "master (process 100) was recorded for"));
    assert_true(says(&r->health.notes, "worker: 8 processes (the first was 101)"));
    assert_true(says(&r->health.notes,
                     "; 1 exited with status 0, 7 were killed, crashed, or ended by a bare system call."));
    assert_true(says(&r->health.notes, "Process 100 and 8 more: call stacks cut at the depth limit: 18; `depth="));
    assert_true(says(&r->health.unseen, "Process 100 and 8 more: no lock operation was seen"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(review__nothing_found),
            TEST(review__worst_comes_first_and_decides),
            TEST(review__medium_alone_is_approved),
            cmocka_unit_test(review__unknown_id_is_refused),
            TEST(review__same_cause_in_several_processes_is_one_finding),
            TEST(review__other_places_stay_apart),
            TEST(review__suppressed_findings_do_not_count),
            TEST(review__only_what_is_new),
            TEST(review__the_same_from_elsewhere_is_one_finding),
            TEST(health__losses_lower_confidence),
            TEST(health__short_stacks_do_not),
            TEST(health__more_blocks_need_no_larger_file),
            TEST(review__a_part_that_is_missing_is_not_approved),
            TEST(review__traces_that_could_not_be_read_are_not_approved),
            TEST(health__says_how_it_ended),
            TEST(health__many_processes_are_told_by_program),
    };

    return cmocka_run_group_tests_name("review", tests, NULL, NULL);
}
