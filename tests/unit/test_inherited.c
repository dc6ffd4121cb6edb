/* inherited.h: locks that others held at a fork. The module belongs to the preloaded part, so it is compiled into this
 * test, which plays the parent and then, on an empty trace, the child. */
#include "../../interpose/process/inherited.c"
#include "recorder.h"

#define LOCK ((uintptr_t)0x100000)

static uint16_t lock_flags;
static uintptr_t let_go; /* the lock that nobody has any more */

static void facts_of(uintptr_t address, struct object_facts *facts)
{
    *facts = (struct object_facts){.address = address, .kind = facts->kind, .flags = lock_flags};
}

static bool owned_by(const struct kiwi_held *held, int32_t tid)
{
    (void)tid;
    return held->address != let_go;
}

static int setup(void **state)
{
    object_facts_of = facts_of;
    object_owned_by = owned_by;
    lock_flags = 0;
    let_go = 0;
    inherited_forget();
    return recorder_open(state);
}

static int teardown(void **state)
{
    object_facts_of = NULL;
    object_owned_by = NULL;
    return recorder_close(state);
}

static uint32_t misuses(void)
{
    return region.header->tables[KIWI_TABLE_MISUSES].used - 1;
}

/* The thread that forks goes on as the only one, with nothing recorded. */
static struct thread *fork_now(struct thread *self)
{
    inherited_collect(self, CALL_SITE());
    recorder_close(NULL);
    assert_int_equal(recorder_open(NULL), 0);
    struct thread *child = thread_made("child");
    inherited_note(child);
    return child;
}

static void inherited__what_others_held(void **state)
{
    struct thread *self = thread_made("main"), *other = thread_made("writer");
    int32_t tid = other->tid;

    (void)state;
    lock_taken_at(other, LOCK, stack_made(1));
    lock_taken_at(other, LOCK + 64, stack_made(2));
    lock_taken_at(self, LOCK + 128, stack_made(3));
    lock_let_go(other, LOCK + 64);
    struct thread *child = fork_now(self);
    assert_int_equal(misuses(), 1);
    assert_int_equal(inherited_count, 1);
    const struct kiwi_misuse *m = region_misuse(1);
    assert_int_equal(m->kind, KIWI_MISUSE_FORK_HELD);
    assert_int_equal(m->thread, child->row);
    assert_int_equal(region_object(m->object)->address, LOCK);
    assert_int_equal(m->other_stack, stack_made(1));
    char name[64];
    struct line l = line_begin(name, sizeof name);
    line_text(&l, "thread \"writer\" (tid ");
    line_number(&l, (uint64_t)tid);
    line_text(&l, ") of the parent process");
    assert_string_equal(region.tables[KIWI_TABLE_STRINGS] + m->other_name, name);
}

static void inherited__asked_for(void **state)
{
    struct thread *self = thread_made("main");

    (void)state;
    lock_taken_at(thread_made("a"), LOCK, stack_made(1));
    struct thread *child = fork_now(self);
    uint32_t stack = stack_made(5), row = inherited_wanted(child, LOCK, stack);
    assert_int_equal(region_misuse(row)->kind, KIWI_MISUSE_FORK_WANTED);
    assert_int_equal(region_misuse(row)->stack, stack);
    assert_int_equal(region_misuse(row)->object, region_misuse(1)->object);
    assert_int_equal(inherited_wanted(child, LOCK + 64, stack), 0);
}

static void inherited__made_anew_in_the_child(void **state)
{
    struct thread *self = thread_made("main");

    (void)state;
    lock_taken_at(thread_made("a"), LOCK, stack_made(1));
    struct thread *child = fork_now(self);
    object_end(LOCK);
    assert_int_equal(inherited_wanted(child, LOCK, stack_made(5)), 0);
    let_go = LOCK;
    inherited_end(child, true);
    assert_int_equal(region_misuse(1)->result, 0);
    assert_false(region_misuse(1)->flags & KIWI_MISUSE_WENT_ON);
}

static void inherited__went_on_or_not(void **state)
{
    struct thread *self = thread_made("main");

    (void)state;
    lock_taken_at(thread_made("a"), LOCK, stack_made(1));
    struct thread *child = fork_now(self);
    inherited_end(child, false);
    assert_false(region_misuse(1)->flags & KIWI_MISUSE_WENT_ON);
    inherited_end(child, true);
    assert_true(region_misuse(1)->flags & KIWI_MISUSE_WENT_ON);
}

static void inherited__let_go_before_the_fork_itself(void **state)
{
    struct thread *self = thread_made("main");

    (void)state;
    lock_taken_at(thread_made("a"), LOCK, stack_made(1));
    let_go = LOCK;
    fork_now(self);
    assert_int_equal(misuses(), 0);
    assert_int_equal(inherited_count, 0);
}

static void inherited__shared_between_processes(void **state)
{
    struct thread *self = thread_made("main");

    (void)state;
    lock_taken_at(thread_made("a"), LOCK, stack_made(1));
    lock_flags = KIWI_OBJECT_SHARED;
    fork_now(self);
    assert_int_equal(misuses(), 0);
}

static void inherited__at_the_next_fork_as_well(void **state)
{
    struct thread *self = thread_made("main");

    (void)state;
    lock_taken_at(thread_made("a"), LOCK, stack_made(1));
    struct thread *grandchild = fork_now(fork_now(self));
    assert_int_equal(misuses(), 1);
    assert_int_not_equal(inherited_wanted(grandchild, LOCK, stack_made(5)), 0);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(inherited__what_others_held),
            FRESH(inherited__asked_for),
            FRESH(inherited__made_anew_in_the_child),
            FRESH(inherited__went_on_or_not),
            FRESH(inherited__let_go_before_the_fork_itself),
            FRESH(inherited__shared_between_processes),
            FRESH(inherited__at_the_next_fork_as_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
