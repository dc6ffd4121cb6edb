/* lock-order-cycle between readers that a writer comes between. */
#include "../../interpose/record/region.h"
#include "../lib/history.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define READ(t, a, b) t " rdlock " a "; " t " rdlock " b "; " t " unlock " b "; " t " unlock " a ";"
#define WRITE(t, a) t " wrlock " a "; " t " unlock " a ";"
#define READERS "M rwlock A; M rwlock B; M create T1; M create T2; M create T3; M create T4;"

/* All rwlocks of the history are of this kind. */
static void are_of_kind(int kind)
{
    for (uint32_t i = 1; i < region.header->tables[KIWI_TABLE_OBJECTS].used; i++)
        if (region_object(i)->kind == KIWI_OBJECT_RWLOCK)
            region_object(i)->type = (uint8_t)kind;
}

static void assert_silent_writers_first(struct history *h)
{
    are_of_kind(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    history_assert_silent(h);
}

static const char both_ways[] = READ("T1", "A", "B") READ("T2", "B", "A") WRITE("T3", "A") WRITE("T4", "B");

static void order__writers_come_between_readers(void **state)
{
    history_play(*state, READERS);
    history_play(*state, both_ways);
    history_play(*state, both_ways);
    are_of_kind(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    const struct finding *f = history_assert_one(*state, FINDING_LOCK_ORDER_CYCLE, SEVERITY_CRITICAL);

    assert_string_equal(f->grade, "G4");
    history_assert_objects(*state, f, "A B");
}

static void order__readers_that_come_first(void **state)
{
    history_play(*state, READERS);
    history_play(*state, both_ways);
    history_play(*state, both_ways);
    are_of_kind(PTHREAD_RWLOCK_PREFER_READER_NP);
    history_assert_silent(*state);
}

static void order__one_writer_is_not_in_both_places(void **state)
{
    history_play(*state, READERS);
    for (int i = 0; i < 2; i++)
        history_play(*state, READ("T1", "A", "B") READ("T2", "B", "A") WRITE("T3", "A") WRITE("T3", "B"));
    assert_silent_writers_first(*state);
}

static void order__reader_that_writes_at_other_times(void **state)
{
    history_play(*state, READERS);
    for (int i = 0; i < 2; i++)
        history_play(*state, READ("T1", "A", "B") READ("T2", "B", "A") WRITE("T1", "A") WRITE("T4", "B"));
    assert_silent_writers_first(*state);
}

static void order__writers_that_only_try(void **state)
{
    history_play(*state, READERS);
    for (int i = 0; i < 2; i++)
        history_play(*state, READ("T1", "A", "B") READ("T2", "B", "A") "T3 trylock A; T3 unlock A;" WRITE("T4", "B"));
    assert_silent_writers_first(*state);
}

static void order__writer_behind_the_readers_gate(void **state)
{
    history_play(*state, READERS);
    for (int i = 0; i < 2; i++)
        history_play(*state, "T1 lock J;" READ("T1", "A", "B") "T1 unlock J;" READ("T2", "B", "A") "T3 lock J;" WRITE(
                                     "T3", "A") "T3 unlock J;" WRITE("T4", "B"));
    assert_silent_writers_first(*state);
}

static void order__writers_that_were_done_before(void **state)
{
    history_play(*state, READERS WRITE("T3", "A") WRITE("T4", "B") READ("T1", "A", "B") READ("T2", "B", "A"));
    assert_silent_writers_first(*state);
}

static void order__writers_when_the_readers_are_gone(void **state)
{
    history_play(*state,
                 READERS READ("T1", "A", "B") READ("T2", "B", "A") "T1 end; T2 end;" WRITE("T3", "A") WRITE("T4", "B"));
    assert_silent_writers_first(*state);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, history_set_up, history_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(order__writers_come_between_readers),
            FRESH(order__readers_that_come_first),
            FRESH(order__one_writer_is_not_in_both_places),
            FRESH(order__reader_that_writes_at_other_times),
            FRESH(order__writers_that_only_try),
            FRESH(order__writer_behind_the_readers_gate),
            FRESH(order__writers_that_were_done_before),
            FRESH(order__writers_when_the_readers_are_gone),
    };
    return cmocka_run_group_tests_name("lock writers", tests, NULL, NULL);
}
