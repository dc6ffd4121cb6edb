/*
 * spin-livelock: threads that hold one lock, fail to get the other's, let go, and start over, without progress.
 *
 * Of every thread that tries for a lock while it holds another, the longest run of failures without a success in
 * between is known. It is a livelock if two or more threads were in such a run at the same time, each trying for what
 * the next one holds. A single thread that tries in vain waits for somebody who goes on; one that gets the lock after
 * some tries has backed off, which is what trylock is for.
 */
#include "detector.h"

#include "../place.h"
#include "lock_class.h"
#include "wording.h"

#include "../lock_use.h"

#include <inttypes.h>
#include <stdlib.h>

#define MS 1000000ull
#define RUN 50u               /* failures in a row */
#define TOGETHER_NS (50 * MS) /* that the runs overlapped */
/* Nobody backs off so often: at full speed, it need not last so long. */
#define RUN_FAST 2000u
#define TOGETHER_FAST_NS (5 * MS)
#define RUNS_MAX 256u     /* threads in such a run that are looked at */
#define CIRCLE_MAX 6u     /* threads in a circle */
#define STEPS_MAX 200000u /* a search among very many runs is given up */

struct run {
    const struct lock_charge *charge;
    struct model_held held[MODEL_MAX_HELD];
    unsigned held_count;
};

struct livelock {
    const struct lock_uses *u;
    struct run *runs;
    unsigned count;
    unsigned circle[CIRCLE_MAX], length; /* indices into runs */
    unsigned steps;                      /* of the search so far */
    uint64_t begin, end;                 /* ticks that all of them share */
    uint64_t seen[RUNS_MAX];             /* causes reported so far */
    unsigned seen_count;
};

static bool is_long(const struct model *m, uint64_t begin, uint64_t end, bool fast)
{
    return end > begin && trace_ns(m->trace, end - begin) >= (fast ? TOGETHER_FAST_NS : TOGETHER_NS);
}

static bool is_run(const struct model *m, const struct lock_charge *c)
{
    const struct kiwi_charge *r = c->row;

    return r->cause == KIWI_CAUSE_TRY && c->thread && r->run >= RUN &&
           is_long(m, r->run_begin, r->run_end, r->run >= RUN_FAST) && c->request->parent;
}

static void collect(struct livelock *l)
{
    const struct lock_uses *u = l->u;

    for (uint32_t i = 0; i < u->charge_count && l->count < RUNS_MAX; i++) {
        struct run *r = &l->runs[l->count];

        if (!is_run(u->m, &u->charges[i]))
            continue;
        r->charge = &u->charges[i];
        r->held_count = model_held_set(u->m, u->charges[i].request->parent, r->held, MODEL_MAX_HELD);
        l->count++;
    }
}

static bool holds(const struct run *r, uint32_t object)
{
    for (unsigned i = 0; i < r->held_count; i++)
        if (r->held[i].object == object)
            return true;
    return false;
}

static bool in_circle(const struct livelock *l, uint32_t thread)
{
    for (unsigned i = 0; i < l->length; i++)
        if (l->runs[l->circle[i]].charge->thread == thread)
            return true;
    return false;
}

/* The overlap with one more run; false if it is too short. */
static bool narrow(struct livelock *l, const struct run *r)
{
    bool fast = r->charge->row->run >= RUN_FAST;

    for (unsigned i = 0; i < l->length; i++)
        fast = fast && l->runs[l->circle[i]].charge->row->run >= RUN_FAST;
    if (r->charge->row->run_begin > l->begin)
        l->begin = r->charge->row->run_begin;
    if (r->charge->row->run_end < l->end)
        l->end = r->charge->row->run_end;
    return is_long(l->u->m, l->begin, l->end, fast);
}

/* Goes on from the last one of the circle to a thread that holds what it tries for, until the first one does. */
static bool close_circle(struct livelock *l)
{
    const struct run *last = &l->runs[l->circle[l->length - 1]];
    uint64_t begin = l->begin, end = l->end;

    if (l->length > 1 && holds(&l->runs[l->circle[0]], last->charge->object))
        return true;
    for (unsigned i = l->circle[0] + 1; i < l->count && l->length < CIRCLE_MAX && l->steps++ < STEPS_MAX; i++) {
        if (in_circle(l, l->runs[i].charge->thread) || !holds(&l->runs[i], last->charge->object))
            continue;
        if (narrow(l, &l->runs[i])) {
            l->circle[l->length++] = i;
            if (close_circle(l))
                return true;
            l->length--;
        }
        l->begin = begin;
        l->end = end;
    }
    return false;
}

/* Where the held lock that the previous one of the circle tries for was taken. */
static uint32_t held_stack(const struct livelock *l, unsigned i)
{
    const struct run *r = &l->runs[l->circle[i]], *before = &l->runs[l->circle[(i + l->length - 1) % l->length]];

    for (unsigned k = 0; k < r->held_count; k++)
        if (r->held[k].object == before->charge->object)
            return r->held[k].stack;
    return 0;
}

/* Equal for the same places, whichever locks of the same classes they were. */
static uint64_t circle_cause(const struct livelock *l)
{
    uint64_t sum = FINDING_SPIN_LIVELOCK;

    for (unsigned i = 0; i < l->length; i++) {
        const struct lock_charge *c = l->runs[l->circle[i]].charge;

        sum += place_hash(place_hash(1, lock_cause(l->u->m, c->object)),
                          place_location_hash(l->u->m->trace, l->u->m->symbols, c->request->stack));
    }
    return place_hash(0, sum);
}

static bool seen_before(struct livelock *l, uint64_t cause)
{
    for (unsigned i = 0; i < l->seen_count; i++)
        if (l->seen[i] == cause)
            return true;
    if (l->seen_count < RUNS_MAX)
        l->seen[l->seen_count++] = cause;
    return false;
}

static void report_runs(const struct livelock *l, struct finding *f)
{
    struct model *m = l->u->m;

    for (unsigned i = 0; i < l->length; i++) {
        const struct lock_charge *c = l->runs[l->circle[i]].charge;
        uint32_t next = c->object, own = l->runs[l->circle[(i + l->length - 1) % l->length]].charge->object;

        finding_stack(f, m, c->request->stack, c->thread, "tries for %s here, and fails", wording_lock(f, next));
        finding_stack(f, m, held_stack(l, i), c->thread, "while it holds %s, taken here", wording_lock(f, own));
        finding_evidence(f,
                         "%s held %s and failed to get %s %" PRIu64 " times in a row, for %s, without getting it once "
                         "in between (%" PRIu64 " failed tries in all).",
                         model_thread_name(m, c->thread), wording_lock(f, own), wording_lock(f, next), c->row->run,
                         model_duration(m, c->row->run_end - c->row->run_begin), c->row->count);
    }
    finding_evidence(f, "They did so at the same time, for %s.", model_duration(m, l->end - l->begin));
}

static int report(struct livelock *l, struct finding_list *list)
{
    struct model *m = l->u->m;
    uint32_t objects[CIRCLE_MAX];
    char names[WORDING_SIZE];
    uint64_t cause = circle_cause(l);
    struct finding *f;

    if (seen_before(l, cause))
        return 0;
    if (!(f = finding_add(list, FINDING_SPIN_LIVELOCK)))
        return -1;
    f->confidence = CONFIDENCE_HIGH;
    f->cause = cause;
    for (unsigned i = 0; i < l->length; i++) {
        objects[i] = l->runs[l->circle[i]].charge->object;
        finding_object(f, m, objects[i]);
    }
    wording_label(f);
    finding_set(f, &f->title, "%u threads try for each other's locks in vain: %s", l->length,
                wording_title(m, objects, l->length, names, sizeof names));
    report_runs(l, f);
    finding_set(f, &f->why,
                "Each thread holds what the other one tries for, gives it up, and takes it again before the other one "
                "can. All of them are busy and none gets anything done; it ends by luck, or not at all.");
    finding_set(f, &f->fix,
                "Take the locks in one order everywhere and wait for them (lock instead of trylock), or take them "
                "together with std::scoped_lock. If it must be trylock, let go of everything and wait for a random "
                "time, growing with each failure, before the next try.");
    wording_validation(f, m, "spin-livelock", "the finding must be gone.");
    wording_seen(f, m, l->begin, l->end);
    return 0;
}

int detect_spin_livelock(struct model *m, struct finding_list *list)
{
    struct livelock l = {.u = lock_uses_open(m), .runs = calloc(RUNS_MAX, sizeof *l.runs)};
    int result = l.u && l.runs ? 0 : -1;

    if (!result)
        collect(&l);
    for (unsigned i = 0; i < l.count && !result; i++) {
        l.circle[0] = i;
        l.length = 1;
        l.begin = 0;
        l.end = UINT64_MAX;
        if (narrow(&l, &l.runs[i]) && close_circle(&l))
            result = report(&l, list);
    }
    free(l.runs);
    lock_uses_close((struct lock_uses *)l.u);
    return result;
}
