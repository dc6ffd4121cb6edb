/*
 * blocked-loop: a thread that serves many events waits for one thing inside a tick.
 *
 * What waited was measured, whatever the call is named: a read of what was ready, on a blocking descriptor or not, is
 * none. A thread that waits for its input, or for its next job, returns to one place as well; so a loop must have
 * served several kinds of events. Where there are but two, reads and writes are left out: a thread that passes bytes on
 * between two descriptors waits for one of them by design.
 *
 *     HIGH     single waits are as long as the tick budget, and that again and again
 *     MEDIUM   they are shorter, but make up much of the loop's time, and events were there when it came back
 *     LOW      they are long, but other threads wait for events of the same epoll, and hardly ever were any left
 */
#include "detector.h"

#include "../lock_use.h"
#include "../loop_use.h"
#include "../place.h"
#include "lock_class.h"
#include "wording.h"
#include "../array.h"
#include "../call_kinds.h"
#include "../figures.h"

#include <inttypes.h>
#include <stdlib.h>

#define MS 1000000ull
#define OVER_LEAST 3u /* ticks over the budget: an accident happens once, or twice */
#define OVER_LONG 4u  /* two will do if they took so many budgets together */
#define OVER_ONCE 20u /* and one, of so many budgets */
#define SHARE 0.1     /* of the loop's time */
#define SHARE_TIMES 10u
#define SHARE_EACH_NS MS
#define KEPT 0.25       /* part of the times after which events were there at once */
#define PACE 0.8        /* part of the ticks with a sleep: that is how the loop is paced ... */
#define PACE_KEPT 0.1   /* ... unless events wait for it */
#define RUNNING_PART 2u /* of a budget that a lock's holder must have been busy */
#define PATHS_MAX 3u

struct blocked {
    uint64_t key;
    const struct loop_use *use;
    uint32_t kind; /* enum kiwi_stall_kind */
    uint32_t row;  /* of the longest */
    uint64_t hit, ticks, max, over, kept, first_ticks, last_ticks;
    uint32_t thread;
    uint64_t worst;
    uint32_t stacks[PATHS_MAX], stack_count;
};

struct blocked_loops {
    struct model *m;
    struct loop_uses *loops;
    struct lock_uses *locks;
    struct blocked *items;
    uint32_t count, capacity;
};

static uint32_t call_kind(const struct model *m, const struct blocked *b)
{
    const struct kiwi_call *c = b->kind == KIWI_STALL_CALL ? trace_call(m->trace, b->row) : NULL;

    return c ? c->kind : 0;
}

/* Where it waited, and what tells it from other waits there; false if the row is damaged. */
static bool stall_place(const struct blocked_loops *l, const struct kiwi_stall *s, uint32_t *stack, uint64_t *what)
{
    const struct trace *t = l->m->trace;

    if (s->kind == KIWI_STALL_CALL) {
        const struct kiwi_call *c = trace_call(t, s->row);

        *stack = c ? c->stack : 0;
        *what = c ? c->kind : 0;
        return c;
    }
    const struct kiwi_acquisition *a = trace_acquisition(t, s->row);
    *stack = a ? a->stack : 0;
    *what = a ? lock_cause(l->m, a->object) : 0;
    return s->kind == KIWI_STALL_LOCK && a;
}

static struct blocked *blocked_get(struct blocked_loops *l, uint64_t key)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (l->items[i].key == key)
            return &l->items[i];
    struct blocked *items = array_room(l->items, l->count, &l->capacity, sizeof *items);

    if (!items)
        return NULL;
    l->items = items;
    l->items[l->count] = (struct blocked){.key = key};
    return &l->items[l->count++];
}

static void remember_stack(struct blocked *b, uint32_t stack)
{
    for (uint32_t i = 0; i < b->stack_count; i++)
        if (b->stacks[i] == stack)
            return;
    if (b->stack_count < PATHS_MAX)
        b->stacks[b->stack_count++] = stack;
}

static int add_stall(struct blocked_loops *l, const struct kiwi_stall *s)
{
    uint32_t of = s->loop < trace_rows(l->m->trace, KIWI_TABLE_LOOPS) ? l->loops->of_row[s->loop] : 0, stack;
    const struct loop_use *use = of ? &l->loops->items[of - 1] : NULL;
    struct blocked *b;
    uint64_t what;

    if (!use || loop_use_serves(use) <= LOOP_SERVES_ONE || !stall_place(l, s, &stack, &what))
        return 0;
    b = blocked_get(l, place_hash(place_hash(place_hash(place_stack_hash(l->m->trace, use->stack), s->kind), what),
                                  place_location_hash(l->m->trace, l->m->symbols, stack)));
    if (!b)
        return -1;
    b->hit += s->ticks_hit;
    b->ticks += s->wait_ticks;
    b->over += s->over;
    b->kept += s->kept;
    b->first_ticks = b->first_ticks && b->first_ticks < s->first_ticks ? b->first_ticks : s->first_ticks;
    b->last_ticks = s->last_ticks > b->last_ticks ? s->last_ticks : b->last_ticks;
    b->max = s->max_ticks > b->max ? s->max_ticks : b->max;
    remember_stack(b, stack);
    if (!b->use || s->wait_ticks > b->worst) {
        b->use = use;
        b->kind = s->kind;
        b->row = s->row;
        b->thread = wording_thread_row(l->m, s->thread, s->serial);
        b->worst = s->wait_ticks;
    }
    return 0;
}

/* Bytes passed on between two descriptors. */
static bool is_relay(const struct blocked_loops *l, const struct blocked *b)
{
    uint32_t kind = call_kind(l->m, b);

    return loop_use_serves(b->use) == LOOP_SERVES_TWO && b->kind == KIWI_STALL_CALL &&
           call_kind_group(kind) == KIWI_GROUP_IO && kind != KIWI_CALL_CONNECT;
}

/* Its events came from connections that this process dialled. Of an epoll that is not known: its ids are not. */
static bool polls_peers(const struct trace *t, const struct kiwi_loop *loop)
{
    bool any = false;

    if (loop->kind != KIWI_LOOP_FOUND || (loop->call_kind != KIWI_CALL_POLL && loop->call_kind != KIWI_CALL_PPOLL &&
                                          loop->call_kind != KIWI_CALL_SELECT && loop->call_kind != KIWI_CALL_PSELECT))
        return false;
    for (unsigned i = 0; i < KIWI_LOOP_SOURCES; i++) {
        const struct kiwi_loop_source *s = &loop->sources[i];
        bool known = s->count && s->id < UINT32_MAX - 1;
        const struct kiwi_descriptor *d = known ? trace_descriptor(t, (uint32_t)s->id + 1) : NULL;

        if (s->count && (!d || !(d->flags & KIWI_DESCRIPTOR_DIALLED)))
            return false;
        any = any || d;
    }
    return any;
}

/* A client that asks several peers, waits for their answers, and sleeps until it is time to ask again. */
static bool asks_peers(const struct blocked_loops *l, const struct loop_use *use)
{
    for (uint32_t i = 0; i < use->members; i++) {
        const struct kiwi_loop *loop = trace_loop(l->m->trace, l->loops->rows[use->first + i]);

        if (!loop || !polls_peers(l->m->trace, loop))
            return false;
    }
    return use->members;
}

/* A sleep that hardly ever kept an event waiting, in every round of the loop. */
static bool is_pace(const struct blocked_loops *l, const struct blocked *b)
{
    return call_kind_group(call_kind(l->m, b)) == KIWI_GROUP_SLEEP && (double)b->kept < PACE_KEPT * (double)b->hit &&
           ((double)b->hit >= PACE * (double)b->use->count || asks_peers(l, b->use));
}

/* Where several threads wait for events of one epoll, some of them wait meanwhile to be told of work by another one:
 * Tokio's and Asio's take turns at it. From such a wait nobody can tell one that a handler makes. */
static bool is_turn(const struct blocked_loops *l, const struct blocked *b)
{
    const struct kiwi_call *c = b->kind == KIWI_STALL_CALL ? trace_call(l->m->trace, b->row) : NULL;

    if (!c || !(b->use->serves & KIWI_LOOP_SHARED))
        return false;
    return call_kind_is_wake_up(c->kind) || (c->kind == KIWI_CALL_FUTEX_WAIT && (c->flags & KIWI_CALLF_NO_LOCK));
}

static const struct lock_use *lock_of(const struct blocked_loops *l, const struct blocked *b)
{
    const struct kiwi_acquisition *a = trace_acquisition(l->m->trace, b->row);

    for (uint32_t i = 0; a && i < l->locks->count; i++)
        if (l->locks->items[i].object == a->object)
            return &l->locks->items[i];
    return NULL;
}

/* The charge of this wait that took longest. */
static const struct lock_charge *charge_of(const struct blocked_loops *l, const struct blocked *b)
{
    const struct lock_use *use = lock_of(l, b);
    const struct lock_charge *best = NULL;

    for (uint32_t i = 0; use && i < use->charge_count; i++) {
        const struct lock_charge *c = &l->locks->charges[use->first_charge + i];

        if (c->row->row == b->row && c->row->cause != KIWI_CAUSE_TRY && (!best || c->row->ticks > best->row->ticks))
            best = c;
    }
    return best;
}

/* The holder was busy with it for so long, and did not merely lose its processor. */
static bool holder_was_busy(const struct blocked_loops *l, const struct blocked *b)
{
    const struct lock_charge *c = charge_of(l, b);
    const struct lock_use *use = lock_of(l, b);
    uint64_t total;

    if (!c || c->row->cause != KIWI_CAUSE_RUNNING)
        return true;
    return !use || !use->contention ||
           durations_from(l->locks->durations, use->contention, KIWI_HISTOGRAM_RUNNING, b->use->budget / RUNNING_PART,
                          &total) >= OVER_LEAST;
}

/* Threads that share an epoll are a pool: while one waits, others take what comes, unless they are too few. (`kept`
 * does not count what was there while one of them waited for it.) */
static bool was_covered(const struct blocked *b)
{
    return (b->use->serves & KIWI_LOOP_SHARED) && (double)b->kept < KEPT * (double)b->hit;
}

static bool judge(const struct blocked_loops *l, const struct blocked *b, enum severity *severity)
{
    uint64_t budget = b->use->budget;

    if (is_relay(l, b) || is_pace(l, b) || is_turn(l, b) || (b->kind == KIWI_STALL_LOCK && !holder_was_busy(l, b)))
        return false;
    *severity = was_covered(b) ? SEVERITY_LOW : SEVERITY_HIGH;
    if (b->over >= OVER_LEAST || (b->over == 2 && b->ticks >= OVER_LONG * budget) ||
        (b->over == 1 && b->max >= OVER_ONCE * budget))
        return true;
    *severity = SEVERITY_MEDIUM;
    return b->hit >= SHARE_TIMES && trace_ns(l->m->trace, figure_mean(b->ticks, b->hit)) >= SHARE_EACH_NS &&
           lock_use_share(b->ticks, b->use->lived) >= SHARE && (double)b->kept >= KEPT * (double)b->hit;
}

static void report_figures(const struct blocked_loops *l, struct finding *f, const struct blocked *b, const char *what)
{
    struct model *m = l->m;
    const struct loop_use *use = b->use;
    char text[WORDING_SIZE];

    finding_evidence(f, "It waited in %s in %" PRIu64 " of %" PRIu64 " ticks of %s: %s in all, %s at worst.", what,
                     b->hit, use->count, loop_use_text(l->loops, use, text, sizeof text), model_duration(m, b->ticks),
                     model_duration(m, b->max));
    finding_evidence(
            f, "%" PRIu64 " of these ticks took longer than the budget of %s (tick-budget), mostly because of it.",
            b->over, model_duration(m, use->budget));
    if (b->kept)
        finding_evidence(f, "%" PRIu64 " times other events were there already when the loop came back.", b->kept);
    finding_evidence(f, "%s", loop_use_durations(l->loops, use, text, sizeof text));
}

static void report_holder(const struct blocked_loops *l, struct finding *f, const struct blocked *b)
{
    const struct lock_charge *c = charge_of(l, b);
    const struct kiwi_call *call;

    if (!c || !c->row->holder_stack)
        return;
    finding_stack(f, l->m, c->row->holder_stack, c->row->holder_thread, "the lock was held, having been taken here");
    call = c->row->cause == KIWI_CAUSE_CALL ? trace_call(l->m->trace, c->row->cause_row) : NULL;
    if (!call)
        return;
    const char *name = model_call(l->m, call->kind, call->stack);
    finding_evidence(f, "The holder sat in %s meanwhile.", name);
    finding_stack(f, l->m, call->stack, c->row->holder_thread, "the holder was in %s here", name);
}

static void report_texts(const struct blocked_loops *l, struct finding *f, const struct blocked *b, const char *what)
{
    char text[WORDING_SIZE];

    finding_set(f, &f->title, "%s waits in %s inside a tick", loop_use_text(l->loops, b->use, text, sizeof text), what);
    if (f->title && *f->title == 't')
        *f->title = 'T';
    finding_set(f, &f->why,
                b->use->serves & KIWI_LOOP_SHARED
                        ? "Few threads serve all events of this loop. While one of them waits here for %s, whatever it "
                          "has taken on waits as well, and once all of them do, so does every client and timer."
                        : "One thread serves all events of this loop. While it waits here for %s, every other client, "
                          "timer and connection of the loop waits as well, however quick its own work is.",
                model_duration(l->m, b->max));
    if (b->kind == KIWI_STALL_LOCK)
        finding_set(
                f, &f->fix,
                "Keep long work out from under %s, or do not take it on the loop's thread: hand the work to another "
                "thread and let its result come back as an event (an eventfd, say).",
                what);
    else if (call_kind_group(call_kind(l->m, b)) == KIWI_GROUP_SLEEP)
        finding_set(f, &f->fix,
                    "Set a timer of the loop (a timerfd, or the timeout of its own wait) and go on when it fires.");
    else
        finding_set(f, &f->fix,
                    "Do it without blocking and let the loop wait for it together with all the rest, or hand it to "
                    "another thread and let its result come back as an event (an eventfd, say).");
    wording_validation(f, l->m, "blocked-loop", "this place must be gone from it.");
}

static int report(const struct blocked_loops *l, const struct blocked *b, enum severity severity,
                  struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_BLOCKED_LOOP);
    const struct kiwi_acquisition *a = b->kind == KIWI_STALL_LOCK ? trace_acquisition(l->m->trace, b->row) : NULL;
    const struct kiwi_call *c = b->kind == KIWI_STALL_CALL ? trace_call(l->m->trace, b->row) : NULL;
    const char *what = a ? model_object_name(l->m, a->object) : call_kind_phrase(call_kind(l->m, b));
    uint32_t stack = a ? a->stack : c ? c->stack : 0;

    if (!f)
        return -1;
    f->severity = severity;
    f->confidence = b->kept && loop_use_serves(b->use) == LOOP_SERVES_MANY ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
    f->count = b->hit;
    f->cause = b->key;
    if (a) {
        finding_object(f, l->m, a->object);
        wording_label(f);
    }
    finding_stack(f, l->m, stack, b->thread, a ? "waits for %s" : "%s is called here", what);
    report_figures(l, f, b, what);
    if (a)
        report_holder(l, f, b);
    for (uint32_t i = 0; i < b->stack_count; i++)
        if (b->stacks[i] != stack)
            finding_stack(f, l->m, b->stacks[i], 0, "the same, by another call path");
    finding_stack(f, l->m, b->use->stack, b->use->thread, "the loop waits for events here");
    report_texts(l, f, b, what);
    wording_seen(f, l->m, b->first_ticks, b->last_ticks);
    return 0;
}

static int add_stalls(struct blocked_loops *l)
{
    const struct trace *t = l->m->trace;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_STALLS); i++) {
        const struct kiwi_stall *s = trace_stall(t, i);

        if (s && s->ticks_hit && add_stall(l, s))
            return -1;
    }
    return 0;
}

int detect_blocked_loop(struct model *m, struct finding_list *list)
{
    struct blocked_loops l = {.m = m, .loops = loop_uses_open(m), .locks = lock_uses_open(m)};
    int result = l.loops && l.locks ? add_stalls(&l) : -1;
    enum severity severity;

    for (uint32_t i = 0; i < l.count && !result; i++)
        if (judge(&l, &l.items[i], &severity))
            result = report(&l, &l.items[i], severity, list);
    free(l.items);
    loop_uses_close(l.loops);
    lock_uses_close(l.locks);
    return result;
}
