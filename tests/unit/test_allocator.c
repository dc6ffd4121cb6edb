/* allocator.h, both of them: the allocator is asked at safe moments alone, and what was not seen is said. */
#include "../../analysis/allocator.h"
#include "../../interpose/record/allocator.h"
#include "recorder.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

static struct allocator_figures told;
static unsigned asked;
static bool tells, unsafe_here;
static uint64_t blocked;

static bool ask(struct allocator_figures *f)
{
    sigset_t set;

    sigemptyset(&set);
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    blocked = (uint64_t)sigismember(&set, SIGUSR1);
    asked++;
    *f = told;
    return tells;
}

static bool is_its_code(uintptr_t address)
{
    (void)address;
    return unsafe_here;
}

static int set_up(void **state)
{
    told = (struct allocator_figures){100, 200, 10, 400, 500, 300};
    asked = 0;
    tells = true;
    unsafe_here = false;
    allocator_facts = (struct allocator_facts){.ask = ask, .is_its_code = is_its_code};
    if (recorder_open(state))
        return -1;
    region.header->pid = (uint32_t)getpid();
    allocator_begin();
    return 0;
}

static int tear_down(void **state)
{
    allocator_facts = (struct allocator_facts){0};
    return recorder_close(state);
}

static struct thread *thread_here(void)
{
    pthread_attr_t attr;
    void *low;
    size_t size;

    assert_int_equal(pthread_getattr_np(pthread_self(), &attr), 0);
    pthread_attr_getstack(&attr, &low, &size);
    pthread_attr_destroy(&attr);
    struct thread_birth birth = {.stack_low = (uintptr_t)low, .stack_high = (uintptr_t)low + size};
    return thread_attach(&birth);
}

static const struct kiwi_allocator *row(void)
{
    return region_allocator(1);
}

/* Stands for a wrapper. */
__attribute__((noinline)) static void look(struct thread *t)
{
    allocator_look(t, CALL_SITE());
}

__attribute__((noinline)) static void look_last(struct thread *t)
{
    allocator_look_last(t, CALL_SITE());
}

static void look_when_due(struct thread *t)
{
    memory.allocator_due = 0;
    look(t);
}

static void allocator__is_asked_when_it_is_due(void **state)
{
    struct thread *t = thread_here();

    (void)state;
    assert_false(allocator_is_due());
    look(t);
    assert_int_equal(asked, 0);
    look_when_due(t);
    assert_int_equal(asked, 1);
    assert_true(blocked);
    assert_int_equal(row()->figures, KIWI_FIGURES_TAKEN);
    assert_int_equal(row()->active, 200);
    assert_int_equal(row()->retained, 300);
    assert_false(allocator_is_due());
    told = (struct allocator_figures){50, 60, 10, 90, 95, 0};
    look_last(t);
    assert_int_equal(row()->looks, 2);
    assert_int_equal(row()->resident, 90);
    assert_int_equal(row()->resident_max, 400);
    assert_int_equal(row()->allocated_then, 100);
}

static struct thread *interrupted;

static void on_signal(int number)
{
    (void)number;
    look_when_due(interrupted);
}

static void allocator__is_not_asked_in_its_own_code_or_in_a_handler(void **state)
{
    struct thread *t = interrupted = thread_here();
    struct sigaction action = {.sa_handler = on_signal}, before;

    (void)state;
    unsafe_here = true;
    look_when_due(t);
    assert_int_equal(asked, 0);
    unsafe_here = false;
    assert_true(memory.allocator_due > 0 && memory.allocator_due < UINT64_MAX);
    sigaction(SIGUSR1, &action, &before);
    raise(SIGUSR1);
    sigaction(SIGUSR1, &before, NULL);
    assert_int_equal(asked, 0);
    look_when_due(t);
    assert_int_equal(asked, 1);
}

static void allocator__is_not_asked_again_once_it_refused(void **state)
{
    struct thread *t = thread_here();

    (void)state;
    tells = false;
    look_when_due(t);
    assert_int_equal(row()->figures, KIWI_FIGURES_REFUSED);
    assert_int_equal(row()->looks, 0);
    assert_int_equal(memory.allocator_due, UINT64_MAX);
    look_last(t);
    assert_int_equal(asked, 1);
}

static void allocator__is_not_asked_in_a_borrowed_process_or_under_a_filter(void **state)
{
    struct thread *t = thread_here();

    (void)state;
    region.header->pid++;
    look_when_due(t);
    region.header->pid--;
    region_freeze();
    look_when_due(t);
    look_last(t);
    assert_int_equal(asked, 0);
}

static void assert_unseen(const char *expected)
{
    char error[128], text[ALLOCATOR_TEXT];

    region_publish(&region.header->state, KIWI_ROW_LIVE);
    region.header->clock_kind = KIWI_CLOCK_MONOTONIC_NS;
    struct trace *t = trace_from_memory(region.header, region.size, "heap.trace", error, sizeof error);
    assert_non_null(t);
    struct model *m = model_open(t, NULL);
    const char *unseen = allocator_unseen(m, text, sizeof text);
    assert_int_equal(unseen != NULL, expected != NULL);
    if (expected)
        assert_string_equal(unseen, expected);
    assert_null(allocator_figures(m));
    model_close(m);
    trace_close(t);
}

static void begin_with(enum kiwi_allocator_unseen unseen, const char *first)
{
    recorder_close(NULL);
    allocator_facts = (struct allocator_facts){.unseen = unseen, .first = first};
    assert_int_equal(recorder_open(NULL), 0);
    allocator_begin();
}

static void allocator__that_comes_first_is_told_unless_it_passes_calls_on(void **state)
{
    (void)state;
    assert_unseen(NULL);
    begin_with(KIWI_ALLOCATOR_LIBRARY, "/usr/lib/libfast.so");
    assert_unseen("allocations were not seen: malloc is that of libfast.so, which comes before libkiwi.so");
    begin_with(KIWI_ALLOCATOR_EXECUTABLE, NULL);
    assert_unseen("allocations were not seen: the program has a malloc of its own");
    region_thread(thread_made("a")->row)->heap_calls = 7;
    assert_unseen(NULL);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(allocator__is_asked_when_it_is_due),
            FRESH(allocator__is_not_asked_in_its_own_code_or_in_a_handler),
            FRESH(allocator__is_not_asked_again_once_it_refused),
            FRESH(allocator__is_not_asked_in_a_borrowed_process_or_under_a_filter),
            FRESH(allocator__that_comes_first_is_told_unless_it_passes_calls_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
