/* slow-shutdown: what of it is a shutdown, and what held it up. */
#include "../../interpose/base/clock.h"
#include "../../interpose/record/call.h"
#include "../../interpose/record/shutdown.h"
#include "../../interpose/record/stack.h"
#include "../lib/history.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>

struct scene {
    struct thread *main, *worker;
    uint64_t came;
};

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

static uint64_t ms(uint64_t n)
{
    return clock_ns_to_ticks(n * 1000000);
}

static struct thread *thread_made(const char *name, uint32_t flags)
{
    static uintptr_t next = 0x7000;
    struct thread_birth birth = {.start_function = next, .tid = (int32_t)next++, .name = name, .flags = flags};

    return thread_attach(&birth);
}

static uint32_t call_at(struct thread *t, enum kiwi_call_kind kind, uint64_t place)
{
    uint64_t frames[2] = {0x400000 + place, 0x401000};
    struct call_record c;

    call_enter(&c, t, kind, stack_intern(frames, 2, 0), KIWI_CALLF_UNTIMED, 0);
    call_leave(&c, 0, 0);
    return c.row;
}

/* A thread called from there before the signal, too. */
static uint32_t known_call(struct thread *t, enum kiwi_call_kind kind, uint64_t place)
{
    uint32_t row = call_at(t, kind, place);

    region_call(row)->first_ticks = memory.shutdown_ticks - ms(50);
    return row;
}

static struct scene scene_begin(int signal)
{
    struct scene s = {thread_made("main", KIWI_THREAD_MAIN), thread_made("worker", 0), 0};

    shutdown_arrived(signal, KIWI_SHUTDOWN_HANDLER, s.main);
    s.came = memory.shutdown_ticks;
    return s;
}

/* From, to: milliseconds after the signal. */
static void waits(const struct scene *s, struct thread *t, uint32_t call, uint64_t from, uint64_t to)
{
    shutdown_waited(t, KIWI_SHUTDOWN_CALL, call, s->came + ms(from), s->came + ms(to));
}

static void joins(const struct scene *s, uint64_t from, uint64_t to)
{
    uint32_t call = call_at(s->main, KIWI_CALL_JOIN, 0x10);

    s->main->slot->call_object = s->worker->row;
    waits(s, s->main, call, from, to);
}

static void again(const struct scene *s, uint64_t after)
{
    shutdown_arrived(SIGTERM, KIWI_SHUTDOWN_HANDLER, s->main);
    memory.shutdown_ticks = region_shutdown(memory.shutdown_row)->first_ticks = s->came + ms(after);
}

static void exits(const struct scene *s, uint64_t after)
{
    struct kiwi_header *h = region.header;

    h->shutdown_budget_ns = 5000000000u;
    h->end_kind = KIWI_END_EXIT;
    h->end_thread = s->main->row;
    h->end_serial = s->main->serial;
    h->end_ticks = s->came + ms(after);
}

static void assert_silent(struct history *h)
{
    assert_int_equal(history_review(h)->findings.count, 0);
}

static const struct finding *only(struct history *h)
{
    const struct review *r = history_review(h);

    assert_int_equal(r->findings.count, 1);
    return history_find(r, FINDING_SLOW_SHUTDOWN);
}

static bool has_evidence(const struct finding *f, const char *text)
{
    for (unsigned i = 0; i < f->evidence_count; i++)
        if (strstr(f->evidence[i], text))
            return true;
    return false;
}

static void shutdown__join_of_a_sleeper(void **state)
{
    struct scene s = scene_begin(SIGTERM);

    waits(&s, s.worker, call_at(s.worker, KIWI_CALL_NANOSLEEP, 0x20), 0, 6400);
    joins(&s, 5, 6450);
    exits(&s, 6500);
    const struct finding *f = only(*state);
    assert_int_equal(f->severity, SEVERITY_MEDIUM);
    assert_int_equal(f->confidence, CONFIDENCE_HIGH);
    assert_non_null(strstr(f->title, "pthread_join"));
    assert_true(has_evidence(f, "nanosleep"));
    assert_int_equal(f->stack_count, 2);
}

static void shutdown__join_of_one_who_computes(void **state)
{
    struct scene s = scene_begin(SIGTERM);

    joins(&s, 5, 6450);
    exits(&s, 6500);
    assert_true(has_evidence(only(*state), "it ran"));
}

static void shutdown__within_the_budget(void **state)
{
    struct scene s = scene_begin(SIGTERM);

    joins(&s, 5, 4800);
    exits(&s, 4900);
    assert_silent(*state);
}

static void shutdown__one_long_wait_that_the_signal_does_not_end(void **state)
{
    struct scene s = scene_begin(SIGTERM);

    waits(&s, s.main, known_call(s.main, KIWI_CALL_ACCEPT, 0x30), 0, 8000);
    exits(&s, 8001);
    assert_non_null(strstr(only(*state)->title, "accept"));
}

/* The handler reloads: the loop goes on as before, and ends for another reason. */
static void goes_on__loop(void **state)
{
    struct scene s = scene_begin(SIGTERM);
    uint32_t call = known_call(s.main, KIWI_CALL_NANOSLEEP, 0x40);

    for (unsigned i = 0; i < 70; i++)
        waits(&s, s.main, call, i * 100u, i * 100u + 95);
    exits(&s, 7000);
    assert_silent(*state);
}

/* A call that waited for work before the signal, the last time a moment before it. */
static void idle_before(const struct scene *s, uint32_t call)
{
    struct kiwi_call *c = region_call(call);

    c->waited = 20;
    c->thread = s->main->row;
    c->serial = s->main->serial;
    c->last_ticks = s->came - ms(5);
}

/* Works off its queue in the loop that it always runs, and waits for nothing new. */
static void shutdown__drains_in_its_loop(void **state)
{
    struct scene s = scene_begin(SIGTERM);
    uint32_t work = known_call(s.main, KIWI_CALL_NANOSLEEP, 0x40);

    idle_before(&s, known_call(s.main, KIWI_CALL_COND_WAIT, 0x50));
    for (unsigned i = 0; i < 70; i++)
        waits(&s, s.main, work, i * 100u, i * 100u + 95);
    exits(&s, 7000);
    assert_non_null(only(*state));
}

/* Now and then there is nothing to do, as before the signal. */
static void goes_on__waits_for_work(void **state)
{
    struct scene s = scene_begin(SIGTERM);
    uint32_t work = known_call(s.main, KIWI_CALL_NANOSLEEP, 0x40);
    uint32_t idle = known_call(s.main, KIWI_CALL_COND_WAIT, 0x50);

    idle_before(&s, idle);
    region_call(idle)->last_ticks = s.came + ms(6900);
    for (unsigned i = 0; i < 70; i++) {
        waits(&s, s.main, work, i * 100u, i * 100u + 80);
        waits(&s, s.main, idle, i * 100u + 80, i * 100u + 95);
    }
    exits(&s, 7000);
    assert_silent(*state);
}

static void goes_on__waits_for_the_next_signal(void **state)
{
    struct scene s = scene_begin(SIGTERM);

    waits(&s, s.main, known_call(s.main, KIWI_CALL_SIGSUSPEND, 0x50), 1, 9000);
    exits(&s, 9001);
    assert_silent(*state);
}

static void goes_on__accepting(void **state)
{
    struct scene s = scene_begin(SIGTERM);

    joins(&s, 5, 9000);
    region_shutdown(1)->last_ticks = s.came + ms(8000);
    exits(&s, 9001);
    assert_silent(*state);
}

/* Drains its connections in the loop that it always runs, but has closed its listener. */
static void shutdown__drains_for_too_long(void **state)
{
    struct scene s = scene_begin(SIGTERM);
    uint32_t call = known_call(s.main, KIWI_CALL_EPOLL_WAIT, 0x60);

    shutdown_closes();
    for (unsigned i = 0; i < 7; i++)
        waits(&s, s.main, call, i * 1000u, i * 1000u + 999);
    exits(&s, 7000);
    assert_non_null(strstr(only(*state)->title, "epoll_wait"));
}

static void interrupt__ends_no_more_than_a_command(void **state)
{
    struct scene s = scene_begin(SIGINT);

    waits(&s, s.main, known_call(s.main, KIWI_CALL_READ, 0x70), 100, 9000);
    exits(&s, 9001);
    assert_silent(*state);
}

static void interrupt__that_ends_it(void **state)
{
    struct scene s = scene_begin(SIGINT);

    joins(&s, 5, 9000);
    exits(&s, 9001);
    assert_non_null(strstr(only(*state)->title, "SIGINT"));
}

static void quit__may_take_its_time(void **state)
{
    struct scene s = scene_begin(SIGQUIT);

    joins(&s, 5, 9000);
    exits(&s, 9001);
    assert_silent(*state);
}

/* The first one reloaded, the second one ended it quickly. */
static void later__signal_is_judged_by_itself(void **state)
{
    struct scene s = scene_begin(SIGTERM);

    waits(&s, s.main, known_call(s.main, KIWI_CALL_POLL, 0x80), 1, 9000);
    again(&s, 9000);
    exits(&s, 9100);
    assert_silent(*state);
}

/* Sent again because nothing seemed to happen. */
static void later__signal_does_not_excuse_the_first(void **state)
{
    struct scene s = scene_begin(SIGTERM);

    joins(&s, 5, 4000);
    again(&s, 4000);
    joins(&s, 4000, 9000);
    exits(&s, 9100);
    assert_int_equal(only(*state)->confidence, CONFIDENCE_HIGH);
}

/* Killed at last: its trace only tells what was recorded until then. */
static void killed__while_it_joined(void **state)
{
    struct scene s = scene_begin(SIGTERM);
    struct call_record c;

    call_enter(&c, s.main, KIWI_CALL_JOIN, stack_intern((uint64_t[]){0x400090, 0x401000}, 2, 0), KIWI_CALLF_UNTIMED,
               s.worker->row);
    waits(&s, s.worker, call_at(s.worker, KIWI_CALL_NANOSLEEP, 0x20), 0, 9000);
    const struct finding *f = only(*state);
    assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
    assert_true(has_evidence(f, "at the end"));
    assert_non_null(strstr(f->title, "had not ended"));
}

/* Nothing tells that it wanted to end. */
static void killed__while_it_served(void **state)
{
    struct scene s = scene_begin(SIGTERM);
    uint32_t call = known_call(s.main, KIWI_CALL_POLL, 0x80);

    for (unsigned i = 0; i < 9; i++)
        waits(&s, s.main, call, 1 + i * 1000u, i * 1000u + 999);
    assert_silent(*state);
}

static void sits(struct thread *t, enum kiwi_call_kind kind, uint64_t place, uint32_t flags, uint32_t object)
{
    struct call_record c;

    call_enter(&c, t, kind, stack_intern((uint64_t[]){0x400000 + place, 0x401000}, 2, 0), flags, object);
}

/* Nothing more was recorded, so that nobody knows how long it took; but it can not have gone on. */
static void killed__while_it_joined_one_who_waits_for_ever(void **state)
{
    struct scene s = scene_begin(SIGTERM);

    sits(s.worker, KIWI_CALL_COND_WAIT, 0xa0, KIWI_CALLF_UNTIMED, 0);
    sits(s.main, KIWI_CALL_JOIN, 0xb0, KIWI_CALLF_UNTIMED, s.worker->row);
    const struct finding *f = only(*state);
    assert_int_equal(f->confidence, CONFIDENCE_MEDIUM);
    assert_non_null(strstr(f->title, "when it was killed after SIGTERM: held up by pthread_join"));
    assert_true(has_evidence(f, "pthread_cond_wait"));
    assert_true(has_evidence(f, "not known"));
}

static void killed__while_it_joined_one_who_sleeps(void **state)
{
    struct scene s = scene_begin(SIGTERM);

    sits(s.worker, KIWI_CALL_NANOSLEEP, 0xa0, KIWI_CALLF_TIMED, 0);
    sits(s.main, KIWI_CALL_JOIN, 0xb0, KIWI_CALLF_UNTIMED, s.worker->row);
    assert_silent(*state);
}

static void killed__while_it_joined_one_who_runs(void **state)
{
    struct scene s = scene_begin(SIGTERM);

    sits(s.main, KIWI_CALL_JOIN, 0xb0, KIWI_CALLF_UNTIMED, s.worker->row);
    assert_silent(*state);
}

static void killed__while_a_worker_had_something_to_do(void **state)
{
    struct scene s = scene_begin(SIGTERM);

    sits(s.main, KIWI_CALL_COND_WAIT, 0xb0, KIWI_CALLF_UNTIMED, 0);
    assert_silent(*state);
}

static void killed__while_it_waited_for_work(void **state)
{
    struct scene s = scene_begin(SIGTERM);

    sits(s.worker, KIWI_CALL_COND_WAIT, 0xa0, KIWI_CALLF_UNTIMED, 0);
    sits(s.main, KIWI_CALL_POLL, 0xb0, KIWI_CALLF_UNTIMED, 1);
    assert_silent(*state);
}

/* What the handler did is told, not the wait that it interrupted. */
static void handler__that_ends_it_after_its_work(void **state)
{
    struct scene s = scene_begin(SIGTERM);

    sits(s.main, KIWI_CALL_POLL, 0xc0, KIWI_CALLF_UNTIMED, 1);
    s.main->slot->call_since = s.came - ms(100);
    region_call(s.main->slot->call_row)->first_ticks = s.came - ms(100);
    uint32_t row = s.main->slot->call_row;
    waits(&s, s.main, call_at(s.main, KIWI_CALL_FSYNC, 0xd0), 1, 6900);
    s.main->slot->call_kind = KIWI_CALL_POLL;
    s.main->slot->call_row = row;
    s.main->slot->call_since = s.came - ms(100);
    exits(&s, 7000);
    assert_non_null(strstr(only(*state)->title, "fsync"));
}

static void handler__that_raises_the_signal_again(void **state)
{
    struct scene s = scene_begin(SIGTERM);

    waits(&s, s.main, call_at(s.main, KIWI_CALL_FSYNC, 0xd0), 1, 6900);
    shutdown_gives_in();
    region_shutdown(1)->count = s.came + ms(7000);
    const struct finding *f = only(*state);
    assert_int_equal(f->confidence, CONFIDENCE_HIGH);
    assert_non_null(strstr(f->title, "The process ended 7.0"));
    assert_true(has_evidence(f, "raised again"));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            FRESH(shutdown__join_of_a_sleeper),
            FRESH(shutdown__join_of_one_who_computes),
            FRESH(shutdown__within_the_budget),
            FRESH(shutdown__one_long_wait_that_the_signal_does_not_end),
            FRESH(goes_on__loop),
            FRESH(shutdown__drains_in_its_loop),
            FRESH(goes_on__waits_for_work),
            FRESH(goes_on__waits_for_the_next_signal),
            FRESH(goes_on__accepting),
            FRESH(shutdown__drains_for_too_long),
            FRESH(interrupt__ends_no_more_than_a_command),
            FRESH(interrupt__that_ends_it),
            FRESH(quit__may_take_its_time),
            FRESH(later__signal_is_judged_by_itself),
            FRESH(later__signal_does_not_excuse_the_first),
            FRESH(killed__while_it_joined),
            FRESH(killed__while_it_served),
            FRESH(killed__while_it_joined_one_who_waits_for_ever),
            FRESH(killed__while_it_joined_one_who_sleeps),
            FRESH(killed__while_it_joined_one_who_runs),
            FRESH(killed__while_a_worker_had_something_to_do),
            FRESH(killed__while_it_waited_for_work),
            FRESH(handler__that_ends_it_after_its_work),
            FRESH(handler__that_raises_the_signal_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
