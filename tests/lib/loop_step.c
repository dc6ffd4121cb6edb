#include "loop_step.h"

#include "heap_step.h"

#include "../../interpose/base/clock.h"
#include "../../interpose/record/call.h"
#include "../../interpose/record/loop.h"

#include <stdlib.h>
#include <string.h>

#define MS 1000000u
#define POLL_MS 10u /* that a wait for events takes */

/* What was recorded of the loop so far was so much longer ago. */
static void past_ago(struct thread *t, uint64_t ticks)
{
    if (!t->tick_loop)
        return;
    region_loop(t->tick_loop)->first_ticks -= ticks;
    for (uint32_t i = 1; i < region.header->tables[KIWI_TABLE_HEAP_PATHS].used; i++) {
        region_heap_path(i)->first_ticks -= ticks;
        region_heap_path(i)->last_ticks -= ticks;
    }
}

void loop_step_ago(struct thread *t, uint64_t ticks)
{
    past_ago(t, ticks);
    if (!t->tick_loop)
        return;
    t->loop.begin -= ticks;
    t->loop.cpu_ticks -= ticks;
}

/* Time is not waited for but pretended. */
static void play_time(struct thread *t, const char *object, bool computes)
{
    uint64_t ns = (uint64_t)atoi(object) * MS;

    loop_step_ago(t, clock_ns_to_ticks(ns));
    if (computes)
        t->loop.cpu_ns -= ns;
}

static void play_wait(struct thread *t, uint32_t stack, uint32_t event, uint64_t waited, bool several)
{
    struct loop_return r = {.stack = stack, .flags = KIWI_CALLF_UNTIMED, .waited = waited};
    struct call_record call;

    call_enter(&call, t, KIWI_CALL_POLL, stack, r.flags, several ? 2 : 1);
    if (t->tick_loop)
        loop_wait_begins(t, stack, r.flags, clock_ticks());
    call_leave(&call, 0, 0);
    r.call = call.row;
    r.now = clock_ticks();
    r.events = event ? 1 : 0;
    r.sources[0] = r.sources[1] = event;
    loop_wait_ends(t, &r);
}

bool loop_step_play(struct thread *t, const char *verb, const char *object, uint32_t stack, struct names *events)
{
    bool finds = strcmp(verb, "finds") == 0, awaits = strcmp(verb, "awaits") == 0;

    if (strcmp(verb, "computes") == 0 || strcmp(verb, "suspended") == 0)
        play_time(t, object, verb[0] == 'c');
    else if (strcmp(verb, "idles") == 0)
        past_ago(t, clock_ns_to_ticks((uint64_t)atoi(object) * MS)); /* before the tick that is under way */
    else if (finds || awaits || strcmp(verb, "polls") == 0)
        play_wait(t, stack, strcmp(object, "nothing") == 0 ? 0 : name_number(events, object, true),
                  finds ? 1 : clock_ns_to_ticks(POLL_MS * MS), !awaits);
    else
        return heap_step_play(t, verb, object, stack);
    return true;
}
