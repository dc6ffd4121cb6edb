/*
 * lock-across-poll, lock-across-block: blocking calls made while a lock is held.
 *
 * One finding per place where the lock was taken and place where the call is made. The name of a call says nothing:
 * only calls that were measured to wait count, and what decides the severity is the time that others lost, or could
 * have lost.
 *
 *     HIGH     others waited for the lock meanwhile, for long or again and again
 *     MEDIUM   nobody was seen waiting, but the calls usually wait and other threads use the lock at that time
 *     LOW      the lock was nobody else's at that time, or the calls hardly ever wait, or whoever waited for it wanted
 *              to make the same call and would have waited in it anyway: worth knowing, no more
 *
 * A single long call proves little: a busy machine takes the processor away inside a write that would take
 * microseconds. So a call that waits only now and then must do so several times, and for long, to count.
 */
#include "detector.h"

#include "../place.h"
#include "lock_class.h"
#include "wording.h"
#include "../array.h"
#include "../call_kinds.h"
#include "../figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MS 1000000ull
#define PRIVATE_SHOWN_NS (10 * MS)  /* a lock that nobody else used at the time: from here on worth a line */
#define RARE_SHOWN_NS (100 * MS)    /* the same for calls that hardly ever wait */
#define LOST_NS (5 * MS)            /* time others must have lost to be HIGH ... */
#define LOST_ONCE_NS (20 * MS)      /* ... and if it was during one call only */
#define POLL_EXPOSED_NS (20 * MS)   /* waiting for events with a shared lock */
#define BLOCK_EXPOSED_NS (100 * MS) /* other calls with a shared lock */
#define POLL_BUSY_SHARE 4u          /* a lock held across poll for this part of the recording is hardly ever free */
#define EXPOSED_SHARE 100u          /* and at least one part in so many of the recording */
#define VERY_LONG_NS (10 * MS)      /* no hiccup takes that long three times */
#define LULL_NS (5 * MS)            /* the same for calls that are meant to wait */
#define PATHS_MAX 3u

enum calls_habit { CALLS_RARELY_WAIT, CALLS_USUALLY_WAIT };

struct across {
    uint64_t key;
    enum finding_id id;
    uint32_t kind;     /* enum kiwi_call_kind */
    uint32_t object;   /* the lock it is charged to */
    uint32_t held;     /* chain row: the whole held set */
    uint32_t held_row; /* acquisition row of the lock */
    uint32_t thread;   /* who made a slow one, 0 = gone */
    uint32_t stack;    /* where */
    uint32_t other;    /* another thread that used the lock at that time, 0 = none */
    uint64_t count, waited, ticks, max_ticks;
    uint64_t disturbed, disturbed_ticks;
    uint64_t running_ticks; /* a call still going on */
    uint64_t first_ticks, last_ticks;
    uint32_t stacks[PATHS_MAX], stack_count;
    bool wanted;              /* at the end somebody waited for the lock: for how long, nobody wrote down */
    bool turns;               /* who waited for the lock wanted to make the call itself */
    uint64_t worst_row_ticks; /* the row that the description is taken from */
};

struct lock_across {
    struct model *m;
    struct across *items;
    uint32_t count, capacity;
};

/* A semaphore that serves as a lock is held only as far as can be guessed. And a once control, or a local static, is
 * there to make others wait for something slow. */
static unsigned leave_out_odd_ones(const struct model *m, struct model_held *held, unsigned count)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < count; i++) {
        const struct kiwi_object *o = trace_object(m->trace, held[i].object);

        if (!o ||
            (o->kind != KIWI_OBJECT_SEMAPHORE && o->kind != KIWI_OBJECT_ONCE && o->kind != KIWI_OBJECT_LOCAL_STATIC))
            held[kept++] = held[i];
    }
    return kept;
}

/* Of several held locks the one that others use, and of those the one that is waited for most; else the innermost. */
static struct model_held blamed_lock(const struct model *m, const struct kiwi_call *c)
{
    struct model_held held[MODEL_MAX_HELD];
    unsigned count = leave_out_odd_ones(m, held, model_held_set(m, c->held, held, MODEL_MAX_HELD));
    unsigned best = count ? count - 1 : 0;
    uint64_t best_score = 0;

    for (unsigned i = count; i-- > 0;) {
        const struct kiwi_object *o = trace_object(m->trace, held[i].object);
        uint32_t waiters = 0;
        uint64_t score = 0;

        if (o && o->other_thread)
            score = 1 + o->wait_ticks + o->contended + (model_waiters(m, held[i].object, &waiters) ? UINT32_MAX : 0);
        if (score > best_score) {
            best_score = score;
            best = i;
        }
    }
    return count ? held[best] : (struct model_held){0};
}

static struct across *across_get(struct lock_across *a, uint64_t key)
{
    for (uint32_t i = 0; i < a->count; i++)
        if (a->items[i].key == key)
            return &a->items[i];
    struct across *items = array_room(a->items, a->count, &a->capacity, sizeof *items);

    if (!items)
        return NULL;
    a->items = items;
    a->items[a->count] = (struct across){.key = key};
    return &a->items[a->count++];
}

static void remember_stack(struct across *x, uint32_t stack)
{
    for (uint32_t i = 0; i < x->stack_count; i++)
        if (x->stacks[i] == stack)
            return;
    if (x->stack_count < PATHS_MAX)
        x->stacks[x->stack_count++] = stack;
}

/* What one row says, or one call still going on (count 0 then: it is counted in its row already). */
struct sample {
    const struct kiwi_call *call;
    uint32_t thread;
    uint64_t count, waited, ticks, max_ticks, disturbed, disturbed_ticks, running_ticks, first_ticks, last_ticks;
    bool wanted;
};

static void across_sum(struct across *x, const struct sample *s)
{
    x->count += s->count;
    x->waited += s->waited;
    x->ticks += s->ticks;
    x->max_ticks = s->max_ticks > x->max_ticks ? s->max_ticks : x->max_ticks;
    x->disturbed += s->disturbed;
    x->disturbed_ticks += s->disturbed_ticks;
    x->wanted = x->wanted || s->wanted;
    x->running_ticks = s->running_ticks > x->running_ticks ? s->running_ticks : x->running_ticks;
    x->first_ticks = x->first_ticks && x->first_ticks < s->first_ticks ? x->first_ticks : s->first_ticks;
    x->last_ticks = s->last_ticks > x->last_ticks ? s->last_ticks : x->last_ticks;
}

static int across_add(struct lock_across *a, const struct sample *s)
{
    const struct kiwi_call *c = s->call;
    struct model_held lock = blamed_lock(a->m, c);
    enum finding_id id =
            call_kind_group(c->kind) == KIWI_GROUP_POLL ? FINDING_LOCK_ACROSS_POLL : FINDING_LOCK_ACROSS_BLOCK;
    uint64_t key = place_hash(id, lock_cause(a->m, lock.object));
    struct across *x;

    if (!lock.object)
        return 0;
    key = place_hash(key, place_location_hash(a->m->trace, a->m->symbols, lock.stack));
    key = place_hash(key, place_location_hash(a->m->trace, a->m->symbols, c->stack));
    x = across_get(a, key);
    if (!x)
        return -1;
    across_sum(x, s);
    remember_stack(x, c->stack);
    if (!x->object || s->ticks > x->worst_row_ticks) {
        x->id = id;
        x->kind = c->kind;
        x->object = lock.object;
        x->held = c->held;
        x->held_row = lock.row;
        x->thread = s->thread;
        x->stack = c->stack;
        x->worst_row_ticks = s->ticks;
    }
    if (!x->other)
        x->other = lock_other_user(a->m, lock.object, s->thread, s->first_ticks, s->last_ticks);
    return 0;
}

static int add_rows(struct lock_across *a)
{
    const struct trace *t = a->m->trace;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_CALLS); i++) {
        const struct kiwi_call *c = trace_call(t, i);

        if (!c || !c->held || !c->waited) /* calls that can not block never count as waits */
            continue;
        struct sample s = {.call = c,
                           .thread = wording_thread_row(a->m, c->thread, c->serial),
                           .count = a->m->call_counts[i],
                           .waited = c->waited,
                           .ticks = c->ticks,
                           .max_ticks = c->max_ticks,
                           .disturbed = c->disturbed,
                           .disturbed_ticks = c->disturbed_ticks,
                           .first_ticks = c->first_ticks,
                           .last_ticks = c->last_ticks};
        if (across_add(a, &s))
            return -1;
    }
    return 0;
}

/* How long the longest-waiting thread has waited for a lock of the held set since the call began; 0 may be all that is
 * known of one that does (`wanted`). */
static uint64_t disturbed_now(const struct model *m, uint32_t held_row, uint64_t since, uint64_t now, bool *wanted)
{
    struct model_held held[MODEL_MAX_HELD];
    unsigned count = model_held_set(m, held_row, held, MODEL_MAX_HELD);
    uint64_t worst = 0;

    for (unsigned i = 0; i < count; i++) {
        uint32_t waiters;
        const struct model_waiter *w = model_waiters(m, held[i].object, &waiters);

        for (uint32_t k = 0; k < waiters; k++) {
            uint64_t from = w[k].since > since ? w[k].since : since;

            *wanted = *wanted || w[k].want == KIWI_WANT_WAITING;
            if (w[k].want != KIWI_WANT_TAKING && w[k].since && now > from && now - from > worst)
                worst = now - from;
        }
    }
    return worst;
}

static bool was_killed(const struct trace *t)
{
    return !trace_is_live(t) && trace_header(t)->end_kind == KIWI_END_NONE;
}

/* It waits in a deadlock: that is the finding, and whoever waits for its locks waits for the end of that. */
static bool is_deadlocked(const struct model *m, uint32_t held_row, const struct finding_list *list)
{
    struct model_held held[MODEL_MAX_HELD];
    unsigned count = model_held_set(m, held_row, held, MODEL_MAX_HELD);

    for (unsigned i = 0; i < list->count; i++)
        for (unsigned k = 0; list->items[i]->id == FINDING_DEADLOCK && k < list->items[i]->object_count; k++)
            for (unsigned h = 0; h < count; h++)
                if (held[h].object == list->items[i]->objects[k].row)
                    return true;
    return false;
}

static int add_running(struct lock_across *a, const struct finding_list *list)
{
    const struct trace *t = a->m->trace;
    uint64_t now = trace_now_ticks(t);

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_SLOTS); i++) {
        const struct kiwi_slot *slot = trace_slot(t, i);
        const struct kiwi_call *c = slot && slot->call_kind ? trace_call(t, slot->call_row) : NULL;

        if (!c || !c->held || slot->call_since >= now || (slot->call_flags & KIWI_CALLF_NONBLOCKING))
            continue;
        bool wanted = false;
        uint64_t ticks = now - slot->call_since, disturbed = 0;
        if (!is_deadlocked(a->m, c->held, list))
            disturbed = disturbed_now(a->m, c->held, slot->call_since, now, &wanted);
        if (trace_ns(t, ticks) < KIWI_CALL_WAITED_NS)
            continue;
        struct sample s = {.call = c,
                           .thread = slot->thread,
                           .count = c->waited ? 0 : a->m->call_counts[slot->call_row],
                           .waited = 1,
                           .ticks = ticks,
                           .max_ticks = ticks,
                           .disturbed = disturbed != 0,
                           .disturbed_ticks = disturbed,
                           .wanted = wanted && was_killed(t) && !(slot->call_flags & KIWI_CALLF_TIMED),
                           .running_ticks = ticks,
                           .first_ticks = slot->call_since,
                           .last_ticks = now};
        if (across_add(a, &s))
            return -1;
    }
    return 0;
}

static uint64_t ns(const struct lock_across *a, uint64_t ticks)
{
    return trace_ns(a->m->trace, ticks);
}

/*
 * Do these calls wait as a habit? Most of them and often; or a fair part of them, for a time that is no hiccup; or few,
 * but again and again for very long.
 */
static enum calls_habit calls_habit(const struct lock_across *a, const struct across *x)
{
    uint64_t mean = figure_mean(ns(a, x->ticks), x->waited);
    bool most = 2 * x->waited >= x->count && x->waited >= 50;
    bool fair_part = 10 * x->waited >= x->count && mean >= MS;
    bool very_long = x->waited >= 3 && mean >= (x->id == FINDING_LOCK_ACROSS_POLL ? LULL_NS : VERY_LONG_NS);

    return most || fair_part || very_long ? CALLS_USUALLY_WAIT : CALLS_RARELY_WAIT;
}

static uint64_t recorded_ns(const struct lock_across *a)
{
    return trace_ns_at(a->m->trace, trace_now_ticks(a->m->trace));
}

static bool others_lost_time(const struct lock_across *a, const struct across *x)
{
    uint64_t lost = ns(a, x->disturbed_ticks);

    if (!x->disturbed)
        return false;
    if (x->id == FINDING_LOCK_ACROSS_POLL && x->waited >= 2 && ns(a, x->ticks) >= recorded_ns(a) / POLL_BUSY_SHARE)
        return true; /* somebody came, and the lock is hardly ever free: the figure is luck */
    return lost >= (x->disturbed > 1 ? LOST_NS : LOST_ONCE_NS);
}

static bool others_exposed(const struct lock_across *a, const struct across *x)
{
    uint64_t total = ns(a, x->ticks), recorded = recorded_ns(a);
    uint64_t limit = x->id == FINDING_LOCK_ACROSS_POLL ? POLL_EXPOSED_NS : BLOCK_EXPOSED_NS;

    return x->other && x->waited >= 2 && total >= limit && total >= recorded / EXPOSED_SHARE;
}

static uint64_t site_of(const struct lock_across *a, uint32_t stack)
{
    return place_location_hash(a->m->trace, a->m->symbols, stack);
}

/* A call in which threads may well wait in turns. */
static bool is_for_turns(const struct across *x)
{
    return x->id == FINDING_LOCK_ACROSS_POLL || x->kind == KIWI_CALL_ACCEPT || x->kind == KIWI_CALL_ACCEPT4 ||
           call_kind_group(x->kind) == KIWI_GROUP_FILE_LOCK;
}

/* Is the lock taken there for waiting in such a call? */
static bool leads_to_call(const struct lock_across *a, const struct across *x, uint64_t site)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const struct across *y = &a->items[i];
        const struct kiwi_acquisition *hold = trace_acquisition(a->m->trace, y->held_row);

        if (y->id == x->id && y->object == x->object && is_for_turns(y) && hold && site_of(a, hold->stack) == site)
            return true;
    }
    return false;
}

/*
 * Threads that wait for clients or events in turns, one with the lock in the call, the others for the lock: leader and
 * followers, a pre-threaded server's accept mutex. Without the lock they would all wait in the call. So are those that
 * want one file lock: it belongs to the process, so that its threads need a mutex in front of it.
 */
static bool only_turns(const struct lock_across *a, const struct across *x)
{
    bool calls = is_for_turns(x);
    uint32_t waiters = 0;
    const struct model_waiter *w = model_waiters(a->m, x->object, &waiters);

    for (uint32_t row = 1; calls && row < a->m->acquisition_count; row++) {
        const struct kiwi_acquisition *r = a->m->acquisitions[row].row;

        if (r && r->object == x->object && r->requested && !leads_to_call(a, x, site_of(a, r->stack)))
            return false;
    }
    for (uint32_t i = 0; calls && i < waiters; i++)
        if (!leads_to_call(a, x, site_of(a, w[i].stack)))
            return false;
    return calls && (x->disturbed || x->wanted);
}

/* false: not worth a line. */
static bool across_severity(const struct lock_across *a, struct across *x, enum severity *severity)
{
    uint64_t total = ns(a, x->ticks);

    if (calls_habit(a, x) == CALLS_RARELY_WAIT) {
        *severity = SEVERITY_LOW;
        return total >= RARE_SHOWN_NS;
    }
    x->turns = only_turns(a, x);
    if (!x->turns && others_lost_time(a, x)) {
        *severity = SEVERITY_HIGH;
        return true;
    }
    if (!x->turns && (others_exposed(a, x) || x->wanted)) {
        *severity = SEVERITY_MEDIUM;
        return true;
    }
    *severity = SEVERITY_LOW;
    if (trace_header(a->m->trace)->parent_trace &&
        trace_rows(a->m->trace, KIWI_TABLE_THREADS) <= 2) /* a forked child, alone */
        return false;
    return total >= PRIVATE_SHOWN_NS || (x->other && x->id == FINDING_LOCK_ACROSS_POLL && total >= MS);
}

static void report_figures(const struct lock_across *a, struct finding *f, const struct across *x)
{
    struct model *m = a->m;

    if (x->count <= 1 && x->waited <= 1)
        finding_evidence(f, "One call of %s waited with the lock held, for %s.", model_call(a->m, x->kind, x->stack),
                         model_duration(m, x->ticks));
    else
        finding_evidence(f, "%" PRIu64 " of %" PRIu64 " calls of %s waited with the lock held: %s in all, %s at worst.",
                         x->waited, x->count > x->waited ? x->count : x->waited, model_call(a->m, x->kind, x->stack),
                         model_duration(m, x->ticks), model_duration(m, x->max_ticks));
    if (x->disturbed && x->waited <= 1)
        finding_evidence(f, "Other threads wanted the lock meanwhile and lost %s.",
                         model_duration(m, x->disturbed_ticks));
    else if (x->disturbed)
        finding_evidence(f, "Other threads wanted the lock during %" PRIu64 " of them and lost %s.", x->disturbed,
                         model_duration(m, x->disturbed_ticks));
    if (x->wanted)
        finding_evidence(f,
                         "Another thread waited for the lock when the trace was last written to; how long it went on "
                         "waiting is not known.");
    else if (!x->disturbed && x->other)
        finding_evidence(f, "Nobody was seen waiting for the lock meanwhile, though %s uses it too.",
                         model_thread_name(m, x->other));
    else if (!x->disturbed)
        finding_evidence(f, "No other thread used the lock while these calls were made.");
    if (x->turns)
        finding_evidence(f, "All of them wanted it for the same kind of call: they take turns in it, and without the "
                            "lock they would wait in it together. It hurts only if they wait for different things.");
    if (x->running_ticks)
        finding_evidence(f, "One was still going on when the trace was %s, for %s by then.",
                         trace_is_live(m->trace) ? "read" : "last written to", model_duration(m, x->running_ticks));
}

static void report_locks(const struct lock_across *a, struct finding *f, const struct across *x)
{
    struct model_held held[MODEL_MAX_HELD];
    unsigned count = model_held_set(a->m, x->held, held, MODEL_MAX_HELD), others = 0;
    uint32_t objects[MODEL_MAX_HELD];
    char names[WORDING_SIZE];

    for (unsigned i = 0; i < count; i++) {
        if (held[i].row == x->held_row)
            finding_stack(f, a->m, held[i].stack, x->thread, "%s was taken here", wording_lock(f, x->object));
        else
            objects[others++] = held[i].object;
    }
    if (others)
        finding_evidence(f, "Held as well: %s.", wording_locks(f, objects, others, names, sizeof names));
}

static void report_objects(const struct lock_across *a, struct finding *f, const struct across *x)
{
    struct model_held held[MODEL_MAX_HELD];
    unsigned count = model_held_set(a->m, x->held, held, MODEL_MAX_HELD);

    finding_object(f, a->m, x->object);
    for (unsigned i = 0; i < count; i++)
        finding_object(f, a->m, held[i].object);
    wording_label(f);
}

static const char *fix_format(enum kiwi_call_group group)
{
    switch (group) {
    case KIWI_GROUP_POLL:
        return "Release %s before %s and take it again afterwards, for the events only; what the loop needs from it "
               "can "
               "be copied first.";
    case KIWI_GROUP_SLEEP:
        return "Release %s before %s: decide under the lock, sleep without it, or wait on a condition variable with a "
               "time limit, which releases it.";
    case KIWI_GROUP_SYNC:
        return "Release %s before %s: a thread that waits for others should hold nothing that they, or anybody else, "
               "could need.";
    case KIWI_GROUP_DISK:
        return "Copy what is to be written under %s, release it, and call %s without it; one writer thread, or a "
               "second "
               "lock for the file alone, keeps the order.";
    case KIWI_GROUP_FILE_LOCK:
        return "Take the file lock first and %s after it, or try (%s that does not wait) and come back later: whoever "
               "has the file locked may be another process, which knows nothing of this lock.";
    default:
        return "Copy what is needed under %s, release it, and make the call of %s without it; take the lock again to "
               "store "
               "the result.";
    }
}

static void report_texts(const struct lock_across *a, struct finding *f, const struct across *x)
{
    const char *lock = wording_lock(f, x->object), *call = model_call(a->m, x->kind, x->stack);
    const char *phrase = x->kind == KIWI_CALL_FUTEX_WAIT ? call : call_kind_phrase(x->kind);

    finding_set(f, &f->title, "%s is held across %s", model_object_name(a->m, x->object), phrase);
    if (f->severity >= SEVERITY_HIGH)
        finding_set(
                f, &f->why,
                "Whoever needs %s waits not for the work that it protects but for %s to return, which depends on "
                "peers, "
                "disks or timers. Threads did wait: this is latency that they did not cause, and a hang when the call "
                "does not return.",
                lock, call);
    else if (x->wanted)
        finding_set(
                f, &f->why,
                "A thread still needed %s, and %s had not returned, when the process was killed: where the one depends "
                "on the other, both had stopped for good, and so had whoever came to need the lock.",
                lock, call);
    else if (f->severity == SEVERITY_MEDIUM)
        finding_set(f, &f->why,
                    "While %s waits, everybody who comes to need %s waits too. %s was seen to this time, but threads "
                    "that use "
                    "the lock were running: under more load, or with a slower peer, they will.",
                    call, lock, x->disturbed ? "Hardly anybody" : "Nobody");
    else if (x->turns)
        finding_set(f, &f->why,
                    "Threads take turns with %s in %s, which is a usual way to share it. It stays harmless as long as "
                    "nothing else is done under this lock.",
                    lock, call);
    else
        finding_set(f, &f->why,
                    "While %s waits, %s is held. It cost %s in this recording, and it is harmless as long as no other "
                    "thread needs the lock at that time.",
                    call, lock, x->disturbed ? "others little" : "nobody anything");
    finding_set(f, &f->fix, fix_format(call_kind_group(x->kind)), lock, call);
}

static int across_report(const struct lock_across *a, struct across *x, struct finding_list *list)
{
    enum severity severity;
    struct finding *f;

    if (!across_severity(a, x, &severity))
        return 0;
    f = finding_add(list, x->id);
    if (!f)
        return -1;
    f->severity = severity;
    f->confidence = severity == SEVERITY_MEDIUM ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH;
    f->count = x->waited;
    f->cause = x->key;
    report_objects(a, f, x);
    finding_stack(f, a->m, x->stack, x->thread, "%s is called here", model_call(a->m, x->kind, x->stack));
    report_figures(a, f, x);
    report_locks(a, f, x);
    for (uint32_t i = 0; i < x->stack_count; i++)
        if (x->stacks[i] != x->stack)
            finding_stack(f, a->m, x->stacks[i], 0, "the same, by another call path");
    report_texts(a, f, x);
    wording_validation(f, a->m, finding_info(x->id)->id, "this place must be gone from it.");
    wording_seen(f, a->m, x->first_ticks, x->last_ticks);
    return 0;
}

int detect_lock_across(struct model *m, struct finding_list *list)
{
    struct lock_across a = {.m = m};
    int result = add_rows(&a) || add_running(&a, list) ? -1 : 0;

    for (uint32_t i = 0; i < a.count && !result; i++)
        result = across_report(&a, &a.items[i], list);
    free(a.items);
    return result;
}
