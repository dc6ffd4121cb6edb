/* double-free, invalid-free and their kin: what the allocator's own marks tell, and what belongs together. */
#include "../../interpose/record/heap_site.h"
#include "../../interpose/record/misuse.h"
#include "../../interpose/record/stack.h"
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = history_open();
    return 0;
}

static int tear_down(void **state)
{
    history_close(*state);
    return 0;
}

static struct thread *thread_made(void)
{
    struct thread_birth birth = {.start_function = 0x5000, .tid = 0x7100, .name = "t"};

    return thread_attach(&birth);
}

static uint32_t stack_at(uint64_t place)
{
    uint64_t frames[2] = {place, place + 0x1000};

    return stack_intern(frames, 2, 0);
}

#define NOT_RETURNED (-1)

static void note(struct thread *t, enum kiwi_misuse_kind kind, uint32_t stack, int result)
{
    misuse_result(misuse_note(t, &(struct misuse_facts){.kind = kind, .stack = stack}), result);
}

static void marks__tell_of_a_free_that_did_not_return(void **state)
{
    struct thread *t = thread_made();

    note(t, KIWI_MISUSE_FREE_MARKED, stack_at(0x401000), NOT_RETURNED);
    thread_detach(t);
    const struct finding *f = history_assert_one(*state, FINDING_DOUBLE_FREE, SEVERITY_CRITICAL);
    assert_int_equal(f->confidence, CONFIDENCE_HIGH);
    assert_non_null(strstr(f->evidence[0], "did not return"));
}

static void marks__tell_of_an_address_without_a_block(void **state)
{
    struct thread *t = thread_made();

    note(t, KIWI_MISUSE_FREE_UNLIKE, stack_at(0x401000), NOT_RETURNED);
    thread_detach(t);
    const struct finding *f = history_assert_one(*state, FINDING_INVALID_FREE, SEVERITY_CRITICAL);
    assert_non_null(strstr(f->evidence[0], "multiple of 16"));
    assert_non_null(strstr(f->validation, "kiwi run --heap=exact -- "));
}

static void note_place(struct thread *t, enum kiwi_misuse_kind kind, enum kiwi_free_place place)
{
    misuse_result(misuse_note(t, &(struct misuse_facts){.kind = kind,
                                                        .stack = stack_at(0x401000),
                                                        .flags = KIWI_HEAP_MALLOC | (uint32_t)place << 8}),
                  NOT_RETURNED);
}

static const struct finding *assert_told(struct history *h, enum finding_id id, enum confidence confidence,
                                         const char *words)
{
    const struct finding *f = history_assert_one(h, id, SEVERITY_CRITICAL);

    assert_int_equal(f->confidence, confidence);
    assert_non_null(strstr(f->evidence[0], words));
    return f;
}

static void marks__of_a_large_block_lie_behind_it(void **state)
{
    struct thread *t = thread_made();

    note_place(t, KIWI_MISUSE_FREE_MARKED, KIWI_FREE_BEHIND);
    thread_detach(t);
    assert_told(*state, FINDING_DOUBLE_FREE, CONFIDENCE_HIGH, "What lies behind the block");
}

static void marks__of_a_mapped_block_are_gone_with_it(void **state)
{
    struct thread *t = thread_made();

    note_place(t, KIWI_MISUSE_FREE_MARKED, KIWI_FREE_UNMAPPED);
    thread_detach(t);
    assert_told(*state, FINDING_DOUBLE_FREE, CONFIDENCE_MEDIUM, "no memory");
}

static void marks__a_header_that_is_none_may_be_that_of_a_block(void **state)
{
    struct thread *t = thread_made();

    note_place(t, KIWI_MISUSE_FREE_UNLIKE, KIWI_FREE_HEADER);
    thread_detach(t);
    const struct finding *f = assert_told(*state, FINDING_INVALID_FREE, CONFIDENCE_MEDIUM, "not the header");
    assert_non_null(strstr(f->title, "does not look like"));
    assert_non_null(strstr(f->evidence[1], "past the end"));
}

static void marks__say_where_the_address_lies(void **state)
{
    struct thread *t = thread_made();

    note_place(t, KIWI_MISUSE_FREE_UNLIKE, KIWI_FREE_ON_STACK);
    thread_detach(t);
    assert_told(*state, FINDING_INVALID_FREE, CONFIDENCE_HIGH, "on the stack");
}

static void marks__say_nothing_if_the_free_returned(void **state)
{
    struct thread *t = thread_made();

    note(t, KIWI_MISUSE_FREE_MARKED, stack_at(0x401000), 0);
    note(t, KIWI_MISUSE_FREE_UNLIKE, stack_at(0x402000), 0);
    thread_detach(t);
    history_assert_silent(*state);
}

/* The first block was followed, and its second free left out; that of a later one ended the process. */
static void marks__belong_to_the_finding_of_their_place(void **state)
{
    struct thread *t = thread_made();
    uint32_t site = heap_site_get(t, stack_at(0x409000)), stack = stack_at(0x401000);

    misuse_result(misuse_note(t, &(struct misuse_facts){.kind = KIWI_MISUSE_DOUBLE_FREE,
                                                        .stack = stack,
                                                        .other_stack = stack_at(0x403000),
                                                        .heap_site = site}),
                  40);
    note(t, KIWI_MISUSE_FREE_MARKED, stack, NOT_RETURNED);
    note(t, KIWI_MISUSE_FREE_UNLIKE, stack_at(0x405000), 0);
    thread_detach(t);
    const struct finding *f = history_assert_one(*state, FINDING_DOUBLE_FREE, SEVERITY_CRITICAL);
    assert_int_equal(f->count, 2);
    assert_non_null(strstr(f->evidence[0], "40 bytes"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
            TEST(marks__tell_of_a_free_that_did_not_return),
            TEST(marks__tell_of_an_address_without_a_block),
            TEST(marks__of_a_large_block_lie_behind_it),
            TEST(marks__of_a_mapped_block_are_gone_with_it),
            TEST(marks__a_header_that_is_none_may_be_that_of_a_block),
            TEST(marks__say_where_the_address_lies),
            TEST(marks__say_nothing_if_the_free_returned),
            TEST(marks__belong_to_the_finding_of_their_place),
    };

    return cmocka_run_group_tests_name("heap_misuse", tests, NULL, NULL);
}
