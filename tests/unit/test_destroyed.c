/* destroyed.h: what was destroyed, by whom, and until when that is known. */
#include "../../interpose/record/destroyed.h"

#include "recorder.h"

#define LOCK ((uintptr_t)0x100000)

static uint32_t made(struct thread *t, enum kiwi_object_kind kind)
{
    struct object_facts facts = {.address = LOCK, .kind = (uint8_t)kind};
    return object_init(t, &facts, stack_made(1));
}

static void destroyed__tells_who_and_where(void **state)
{
    struct thread *t = thread_made("a");
    struct misuse_facts f = {.kind = KIWI_MISUSE_USE_DESTROYED};
    uint32_t object = made(t, KIWI_OBJECT_SPIN), stack = stack_made(2);

    (void)state;
    assert_false(destroyed_suspect(LOCK));
    assert_false(destroyed_find(LOCK, KIWI_OBJECT_SPIN, &f));
    assert_true(destroyed_note(t, LOCK, stack));
    assert_int_equal(object_find(LOCK), 0);
    assert_true(destroyed_suspect(LOCK));
    assert_true(destroyed_find(LOCK, KIWI_OBJECT_SPIN, &f));
    assert_int_equal(f.object, object);
    assert_int_equal(f.other_thread, t->row);
    assert_int_equal(f.other_stack, stack);
    assert_int_equal(f.kind, KIWI_MISUSE_USE_DESTROYED);
    assert_false(destroyed_find(LOCK, KIWI_OBJECT_MUTEX, &f));
    assert_false(destroyed_find(LOCK + 8, KIWI_OBJECT_SPIN, &f));
}

static void destroyed__unknown_object_leaves_nothing(void **state)
{
    struct thread *t = thread_made("a");

    (void)state;
    assert_false(destroyed_note(t, LOCK, stack_made(2)));
    assert_false(destroyed_suspect(LOCK));
}

static void destroyed__new_object_ends_it(void **state)
{
    struct thread *t = thread_made("a");
    struct misuse_facts f = {0};

    (void)state;
    made(t, KIWI_OBJECT_SPIN);
    for (int i = 0; i < 600; i++) { /* more often than a count saturates */
        destroyed_note(t, LOCK, stack_made(2));
        assert_true(destroyed_find(LOCK, KIWI_OBJECT_SPIN, &f));
        made(t, KIWI_OBJECT_SPIN);
        assert_false(destroyed_suspect(LOCK));
        assert_false(destroyed_find(LOCK, KIWI_OBJECT_SPIN, &f));
    }
}

static void destroyed__also_when_rows_refer_to_the_old_one(void **state)
{
    struct thread *t = thread_made("a");
    struct misuse_facts f = {0};
    uint32_t object = made(t, KIWI_OBJECT_SPIN);

    (void)state;
    object_refer(object);
    destroyed_note(t, LOCK, stack_made(2));
    assert_int_not_equal(made(t, KIWI_OBJECT_SPIN), object);
    assert_false(destroyed_suspect(LOCK));
    assert_false(destroyed_find(LOCK, KIWI_OBJECT_SPIN, &f));
}

static void destroyed__freed_is_not_destroyed(void **state)
{
    struct thread *t = thread_made("a");
    struct misuse_facts f = {0};

    (void)state;
    made(t, KIWI_OBJECT_SPIN);
    object_end_range(LOCK, 64);
    assert_false(destroyed_find(LOCK, KIWI_OBJECT_SPIN, &f));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, recorder_open, recorder_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(destroyed__tells_who_and_where),    FRESH(destroyed__unknown_object_leaves_nothing),
            FRESH(destroyed__new_object_ends_it),     FRESH(destroyed__also_when_rows_refer_to_the_old_one),
            FRESH(destroyed__freed_is_not_destroyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
