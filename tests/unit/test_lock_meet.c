/* lock_points.h, lock_meet.h: who stood at each step of the lock order, and which of them can do so at one time. */
#include "../../analysis/detectors/lock_meet.h"
#include "../../interpose/record/region.h"
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct fixture {
    struct history *history;
    struct trace *trace;
    struct model *model;
    struct lock_edges edges;
    struct lock_meet meet;
};

static void play(struct fixture *f, const char *script)
{
    char error[256];

    f->history = history_open();
    history_play(f->history, script);
    f->trace = trace_from_memory(region.header, region.size, "history.trace", error, sizeof error);
    assert_non_null(f->trace);
    f->model = model_open(f->trace, NULL);
    assert_non_null(f->model);
    assert_int_equal(lock_edges_make(&f->edges, f->model), 0);
    assert_int_equal(lock_meet_open(&f->meet, &f->edges, f->model), 0);
}

static void end(struct fixture *f)
{
    lock_meet_close(&f->meet);
    lock_edges_release(&f->edges);
    model_close(f->model);
    trace_close(f->trace);
    history_close(f->history);
}

static unsigned points(const struct fixture *f, uint32_t group)
{
    return f->meet.points.first[group + 1] - f->meet.points.first[group];
}

#define FORTH(t) t " lock A; " t " lock B; " t " unlock B; " t " unlock A; "
#define BACK(t) t " lock B; " t " lock A; " t " unlock A; " t " unlock B; "

static void points__each_thread_once(void **state)
{
    struct fixture f;

    (void)state;
    play(&f, FORTH("T1") FORTH("T1") FORTH("T2") BACK("T3"));
    assert_int_equal(f.edges.group_count, 2);
    assert_int_equal(points(&f, 0) + points(&f, 1), 3);
    assert_false(f.meet.points.others[0] || f.meet.points.others[1]);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_not_equal(f.meet.points.items[i].thread, 0);
        assert_int_not_equal(f.meet.points.items[i].segment, 0);
        assert_true(f.meet.points.items[i].edge < f.edges.edge_count);
    }
    end(&f);
}

static void meet__two_threads(void **state)
{
    struct fixture f;
    struct lock_party choice[2];
    uint32_t groups[2] = {0, 1};

    (void)state;
    play(&f, FORTH("T1") BACK("T2"));
    assert_true(lock_meet_pair(&f.meet, 0, 1));
    assert_true(lock_meet_choose(&f.meet, groups, 2, LOCK_MEET_TOGETHER, choice));
    assert_int_not_equal(choice[0].thread, choice[1].thread);
    end(&f);
}

static void meet__not_across_a_join(void **state)
{
    struct fixture f;
    struct lock_party choice[2];
    uint32_t groups[2] = {0, 1};

    (void)state;
    play(&f, "M create T1; " FORTH("T1") "T1 end; M join T1; " BACK("M"));
    assert_false(lock_meet_pair(&f.meet, 0, 1));
    assert_false(lock_meet_choose(&f.meet, groups, 2, 0, choice));
    end(&f);
}

/* One of two threads of a step comes before the other step, the other one does not. */
static void meet__whoever_is_not_ordered(void **state)
{
    struct fixture f;
    struct lock_party choice[2];
    uint32_t groups[2] = {0, 1};

    (void)state;
    play(&f, "M create T1; M create T2; " FORTH("T1") FORTH("T2") "T1 end; M join T1; " BACK("M"));
    assert_true(lock_meet_pair(&f.meet, 0, 1));
    assert_true(lock_meet_choose(&f.meet, groups, 2, 0, choice));
    assert_int_not_equal(choice[0].thread, 0);
    assert_int_not_equal(choice[1].thread, 0);
    end(&f);
}

/* A thread can not stand at two steps, so three steps need three. */
static void meet__as_many_threads_as_steps(void **state)
{
    struct fixture f;
    struct lock_party choice[3];
    uint32_t groups[3] = {0, 1, 2};

    (void)state;
    play(&f, "T1 lock A; T1 lock B; T1 unlock B; T1 unlock A; T1 lock B; T1 lock C; T1 unlock C; T1 unlock B;"
             "T2 lock C; T2 lock A; T2 unlock A; T2 unlock C;");
    assert_int_equal(f.edges.group_count, 3);
    assert_false(lock_meet_choose(&f.meet, groups, 3, 0, choice));
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(points__each_thread_once),       cmocka_unit_test(meet__two_threads),
            cmocka_unit_test(meet__not_across_a_join),        cmocka_unit_test(meet__whoever_is_not_ordered),
            cmocka_unit_test(meet__as_many_threads_as_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
