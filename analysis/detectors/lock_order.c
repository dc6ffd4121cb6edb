/*
 * lock-order-cycle: locks taken in cyclic order by different threads, though the deadlock did not happen this time.
 *
 * lock_edges collects who took what while holding what, lock_cycles finds the circles that could close; here circles of
 * one cause become one finding. Grades: G3 the threads named were alive together, G4 they are not known to have been
 * (another run may well bring them together) or a semaphore serves as one of the locks, G5 one of the locks is wanted
 * for a limited time only, so it is a stall, or nobody but its maker was seen to have taken one of them by then, so
 * that others may not have known it yet, or a condition variable or semaphore put one thread after another, or may
 * have: one step was done with before another began, in threads that wake each other too often for all of it to be
 * noted.
 */
#include "detector.h"

#include "lock_class.h"
#include "lock_cycles.h"
#include "wording.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define EXAMPLES_MAX 2u
#define FINDINGS_MAX 64u /* of one trace: whoever has more begins with these */

struct merged {
    const struct lock_cycle *best;
    uint64_t cause;
    uint32_t cycles;
    const struct lock_cycle *examples[EXAMPLES_MAX]; /* other locks or other paths than the best */
    uint32_t example_count;
};

/* The cause and the set of locks of every cycle seen so far lead to its finding. */
struct key {
    uint64_t hash;
    uint32_t merged;
};

struct lock_order {
    struct model *m;
    struct lock_edges edges;
    struct lock_cycles cycles;
    struct merged *merged;
    struct key *keys;
    uint32_t merged_count, key_count;
};

static const struct lock_group *cycle_group(const struct lock_order *o, const struct lock_cycle *c, uint32_t i)
{
    return &o->edges.groups[c->groups[i % c->length]];
}

static const struct lock_edge *cycle_edge(const struct lock_order *o, const struct lock_cycle *c, uint32_t i)
{
    return &o->edges.edges[c->edges[i % c->length]];
}

static uint32_t row_stack(const struct lock_order *o, uint32_t row)
{
    const struct kiwi_acquisition *a = trace_acquisition(o->m->trace, row);

    return a ? a->stack : 0;
}

static uint64_t cycle_cause(const struct lock_order *o, const struct lock_cycle *c)
{
    struct lock_link links[LOCK_CYCLE_MAX];

    for (uint32_t i = 0; i < c->length; i++) {
        const struct lock_edge *e = cycle_edge(o, c, i);

        links[i] = (struct lock_link){e->from, e->to, row_stack(o, e->held_row), row_stack(o, e->row)};
    }
    return lock_links_cause(o->m, links, c->length);
}

/* The search starts each circle at its lowest lock, so the same locks come in few orders; a sum knows none. */
static uint64_t cycle_locks_hash(const struct lock_order *o, const struct lock_cycle *c)
{
    uint64_t sum = c->length;

    for (uint32_t i = 0; i < c->length; i++)
        sum += (cycle_group(o, c, i)->from + 1) * 0x9e3779b97f4a7c15u;
    return sum;
}

static bool finding_has_object(const struct finding *f, uint32_t object)
{
    for (unsigned i = 0; i < f->object_count; i++)
        if (f->objects[i].row == object)
            return true;
    return false;
}

static bool covered_by(const struct lock_order *o, const struct lock_cycle *c, const struct finding *f)
{
    for (uint32_t i = 0; i < c->length; i++)
        if (!finding_has_object(f, cycle_group(o, c, i)->from))
            return false;
    return true;
}

/* A circle that has closed is reported as the deadlock it became: the same locks, or the same code with others. */
static bool cycle_became_deadlock(const struct lock_order *o, const struct lock_cycle *c, uint64_t cause,
                                  const struct finding_list *list)
{
    for (unsigned i = 0; i < list->count; i++) {
        const struct finding *f = list->items[i];

        if (f->id == FINDING_DEADLOCK && (f->cause == cause || covered_by(o, c, f)))
            return true;
    }
    return false;
}

static struct merged *find_merged(const struct lock_order *o, uint64_t cause, uint64_t locks)
{
    for (uint32_t i = 0; i < o->key_count; i++)
        if (o->keys[i].hash == cause || o->keys[i].hash == locks)
            return &o->merged[o->keys[i].merged];
    return NULL;
}

static void merged_take(struct merged *g, const struct lock_cycle *c)
{
    const struct lock_cycle *other = c;

    g->cycles++;
    if (c->grade < g->best->grade) {
        other = g->best;
        g->best = c;
    }
    if (g->example_count < EXAMPLES_MAX)
        g->examples[g->example_count++] = other;
}

static int merge_cycles(struct lock_order *o, const struct finding_list *list)
{
    o->merged = calloc(o->cycles.count + 1ul, sizeof *o->merged);
    o->keys = calloc(2ul * o->cycles.count + 1, sizeof *o->keys);
    if (!o->merged || !o->keys)
        return -1;
    for (uint32_t i = 0; i < o->cycles.count; i++) {
        const struct lock_cycle *c = &o->cycles.items[i];
        uint64_t cause = cycle_cause(o, c), locks = cycle_locks_hash(o, c);
        struct merged *g = find_merged(o, cause, locks);

        if (cycle_became_deadlock(o, c, cause, list))
            continue;
        if (g) {
            merged_take(g, c);
        } else {
            g = &o->merged[o->merged_count++];
            *g = (struct merged){.best = c, .cause = cause, .cycles = 1};
        }
        o->keys[o->key_count++] = (struct key){cause, (uint32_t)(g - o->merged)};
        o->keys[o->key_count++] = (struct key){locks, (uint32_t)(g - o->merged)};
    }
    return 0;
}

static uint64_t link_count(const struct lock_order *o, const struct lock_cycle *c, uint32_t i)
{
    return lock_group_count(&o->edges, o->m, cycle_group(o, c, i));
}

/* The rarest step comes first: most likely it is the one that nobody meant. */
static uint32_t first_link(const struct lock_order *o, const struct lock_cycle *c)
{
    uint32_t first = 0;

    for (uint32_t i = 1; i < c->length; i++)
        if (link_count(o, c, i) < link_count(o, c, first))
            first = i;
    return first;
}

static const char *link_thread(const struct lock_order *o, const struct lock_cycle *c, uint32_t i)
{
    uint32_t thread = c->threads[i % c->length];

    return thread ? model_thread_name(o->m, thread) : "One of several threads";
}

static void report_link(const struct lock_order *o, struct finding *f, const struct lock_cycle *c, uint32_t i)
{
    const struct lock_edge *e = cycle_edge(o, c, i);
    const struct lock_group *group = cycle_group(o, c, i);
    const struct kiwi_acquisition *a = trace_acquisition(o->m->trace, e->row);
    const char *from = wording_lock(f, e->from), *to = wording_lock(f, e->to);
    uint64_t count = link_count(o, c, i);
    uint32_t wanted = row_stack(o, e->row), held = row_stack(o, e->held_row), thread = c->threads[i % c->length];
    char at[WORDING_SIZE], taken[WORDING_SIZE];

    finding_evidence(f, "%s took %s at %s while it held %s, taken at %s (%" PRIu64 " time%s, by %s thread%s).",
                     link_thread(o, c, i), to, wording_site(o->m, wanted, held, at, sizeof at), from,
                     wording_site(o->m, held, wanted, taken, sizeof taken), count, wording_plural(count),
                     a->threads >= 3   ? "three or more"
                     : a->threads == 2 ? "two"
                                       : "one",
                     wording_plural(a->threads));
    if (c->writers[i % c->length])
        finding_evidence(f,
                         "It asks to read what is held for reading. But on this lock a reader waits behind a writer "
                         "that waits (PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP), and one comes at %s.",
                         model_inner_site(o->m, row_stack(o, c->writers[i % c->length])));
    if (group->count > 1)
        finding_evidence(f, "%" PRIu32 " other call path%s do%s the same.", group->count - 1,
                         wording_plural(group->count - 1), group->count == 2 ? "es" : "");
    finding_stack(f, o->m, wanted, thread, "wants %s", to);
    finding_stack(f, o->m, held, thread, "holds %s, taken here", from);
}

/* Other places where the same steps are taken: not needed to see the circle, but to mend it everywhere. */
static void report_other_paths(const struct lock_order *o, struct finding *f, const struct lock_cycle *c)
{
    for (uint32_t i = 0; i < c->length && i < WORDING_MAX_LINKS; i++) {
        const struct lock_group *g = cycle_group(o, c, i);

        for (uint32_t k = 0, shown = 0; k < g->count && shown < EXAMPLES_MAX; k++) {
            const struct lock_edge *e = &o->edges.edges[g->first + k];

            if (e == cycle_edge(o, c, i))
                continue;
            shown++;
            finding_stack(f, o->m, row_stack(o, e->row), 0, "also wants %s while %s is held", wording_lock(f, e->to),
                          wording_lock(f, e->from));
        }
    }
}

/* Circles of other locks, or through other code, than the one shown. */
static void report_examples(const struct lock_order *o, struct finding *f, const struct merged *g)
{
    char locks[WORDING_SIZE];

    if (g->cycles > 1)
        finding_evidence(f, "%s%" PRIu32 " more circle%s the same cause.", o->cycles.cut ? "At least " : "",
                         g->cycles - 1, g->cycles == 2 ? " has" : "s have");
    for (uint32_t i = 0; i < g->example_count; i++) {
        uint32_t objects[LOCK_CYCLE_MAX];
        const struct lock_cycle *c = g->examples[i];

        for (uint32_t k = 0; k < c->length; k++)
            objects[k] = cycle_group(o, c, k)->from;
        wording_title(o->m, objects, c->length, locks, sizeof locks);
        finding_evidence(f, "Another one: %s, wanted at %s and at %s.", locks,
                         model_site(o->m, row_stack(o, cycle_edge(o, c, 0)->row)),
                         model_site(o->m, row_stack(o, cycle_edge(o, c, 1)->row)));
    }
}

static void report_grade(struct finding *f, enum lock_grade grade)
{
    static const struct {
        const char *name;
        enum confidence confidence;
        enum severity severity;
        const char *text;
    } grades[] = {
            [LOCK_GRADE_G3] =
                    {"G3", CONFIDENCE_HIGH, SEVERITY_CRITICAL,
                     "Grade G3: these threads were alive at the same time, no common lock keeps them apart, and "
                     "neither creation nor join puts one before the other."},
            [LOCK_GRADE_G4] =
                    {"G4", CONFIDENCE_MEDIUM, SEVERITY_CRITICAL,
                     "Grade G4: no common lock and no creation or join keeps these threads apart, but they are not "
                     "known to have been alive at the same time in this recording."},
            [LOCK_GRADE_G4_SEMAPHORE] =
                    {"G4", CONFIDENCE_MEDIUM, SEVERITY_CRITICAL,
                     "Grade G4: no common lock and no creation or join keeps these threads apart. A semaphore is taken "
                     "for a lock since it began at 1, and only threads that had taken it gave it back."},
            [LOCK_GRADE_G4_WRITERS] =
                    {"G4", CONFIDENCE_MEDIUM, SEVERITY_CRITICAL,
                     "Grade G4: nothing keeps these threads apart, but it takes a writer as well that comes while they "
                     "have their first locks."},
            [LOCK_GRADE_G5_EARLY] =
                    {"G5", CONFIDENCE_LOW, SEVERITY_LOW,
                     "Grade G5: when one of these steps was taken, nobody but the thread that made the lock had been "
                     "seen to take it. If no other thread could know the lock by then, this is no danger."},
            [LOCK_GRADE_G5_SIGNALLED] = {"G5", CONFIDENCE_LOW, SEVERITY_LOW,
                                         "Grade G5: a condition variable, semaphore, barrier or future put one of "
                                         "these threads after another. If it "
                                         "always does, these steps never meet and there is no danger."},
            [LOCK_GRADE_G5_PHASES] =
                    {"G5", CONFIDENCE_LOW, SEVERITY_LOW,
                     "Grade G5: one of these steps was taken for the last time before the next was taken for the first "
                     "time, and these threads wake each other more often than is noted. If something keeps the two "
                     "apart (all of the one is waited for before the other begins), there is no danger."},
            [LOCK_GRADE_G5_TIMED] =
                    {"G5", CONFIDENCE_LOW, SEVERITY_LOW,
                     "Grade G5: one of the locks is asked for with a time limit, so the circle opens again by "
                     "itself: a stall and a failed request, not a deadlock."},
    };

    f->grade = grades[grade].name;
    f->confidence = grades[grade].confidence;
    f->severity = grades[grade].severity;
    finding_evidence(f, "%s", grades[grade].text);
}

static void report_fix(const struct lock_order *o, struct finding *f, const struct lock_cycle *c, uint32_t first)
{
    const struct lock_edge *e = cycle_edge(o, c, first);
    const char *from = wording_lock(f, e->from), *to = wording_lock(f, e->to);
    char site[WORDING_SIZE];

    wording_site(o->m, row_stack(o, e->row), row_stack(o, e->held_row), site, sizeof site);
    if (lock_same_kind(o->m, e->from, e->to))
        finding_set(
                f, &f->fix,
                "These are locks of one kind, so only the pair decides the order: at %s take the one with the lower "
                "address (or id) first, or both at once with std::scoped_lock.",
                site);
    else if (c->length == 2)
        finding_set(
                f, &f->fix,
                "Keep one order. The rarer one is at %s: take %s before %s there as well, or release %s before asking "
                "for %s.",
                site, to, from, from, to);
    else
        finding_set(
                f, &f->fix,
                "Break one step, the rarest is at %s: release %s before asking for %s there, or take %s first. Then "
                "write the order of these locks down where they are declared.",
                site, from, to, to);
}

static void report_texts(const struct lock_order *o, struct finding *f, const struct lock_cycle *c, uint32_t first)
{
    uint32_t objects[LOCK_CYCLE_MAX];
    char locks[WORDING_SIZE], title[WORDING_SIZE];

    for (uint32_t i = 0; i < c->length; i++)
        objects[i] = cycle_group(o, c, first + i)->from;
    wording_locks(f, objects, c->length, locks, sizeof locks);
    wording_title(o->m, objects, c->length, title, sizeof title);
    if (c->length == 2)
        finding_set(f, &f->title, "Taken in both orders: %s", title);
    else
        finding_set(f, &f->title, "%" PRIu32 " threads take them in a circle: %s", c->length, title);
    if (c->grade == LOCK_GRADE_G5_TIMED)
        finding_set(
                f, &f->why,
                "When these threads meet between their locks, each waits for the other until the time limit runs out: "
                "requests stall that long and then fail. It did not happen in this recording.");
    else if (c->grade == LOCK_GRADE_G5_SIGNALLED)
        finding_set(f, &f->why,
                    "In this recording one of these threads was through with its steps when it woke the other. Nothing "
                    "but that keeps them apart: when one of them comes here a second time, or the wake-up comes from "
                    "elsewhere, each has its first lock and waits for the other for good.");
    else if (c->grade == LOCK_GRADE_G5_PHASES)
        finding_set(f, &f->why,
                    "In this recording the one was over when the other began. Nothing but that keeps them apart: when "
                    "both are done at one time, each thread has its first lock and waits for the other for good.");
    else if (c->grade == LOCK_GRADE_G5_EARLY)
        finding_set(
                f, &f->why,
                "If another thread can come to know a lock while the thread that made it still takes these steps, each "
                "has its first lock and waits for the other for good. If the object is handed on only afterwards, it "
                "can not happen, and it did not in this recording.");
    else
        finding_set(
                f, &f->why,
                "It did not happen in this recording, but nothing prevents it: when each of these threads has its "
                "first lock and wants the next one, all of them stop for good, and so does everything that comes to "
                "need %s. Only a restart helps, and load makes it likelier.",
                locks);
}

static int report_merged(const struct lock_order *o, const struct merged *g, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_LOCK_ORDER_CYCLE);
    const struct lock_cycle *c = g->best;
    uint32_t first = first_link(o, c);
    uint64_t complete = 0, latest = 0;

    if (!f)
        return -1;
    f->count = g->cycles;
    f->cause = g->cause;
    for (uint32_t i = first; i < first + c->length; i++)
        finding_object(f, o->m, cycle_group(o, c, i)->from);
    wording_label(f);
    for (uint32_t i = first; i < first + c->length; i++) {
        const struct kiwi_acquisition *a = trace_acquisition(o->m->trace, cycle_edge(o, c, i)->row);

        if (i < first + WORDING_MAX_LINKS)
            report_link(o, f, c, i);
        complete = a->first_ticks > complete ? a->first_ticks : complete;
        latest = a->last_ticks > latest ? a->last_ticks : latest;
    }
    if (c->length > WORDING_MAX_LINKS)
        finding_evidence(f, "So it goes on, over %" PRIu32 " more steps, round to the first.",
                         c->length - WORDING_MAX_LINKS);
    report_other_paths(o, f, c);
    report_grade(f, c->grade);
    report_examples(o, f, g);
    report_texts(o, f, c, first);
    report_fix(o, f, c, first);
    wording_validation(f, o->m, "lock-order-cycle,deadlock", "these locks must not be reported again.");
    wording_seen(f, o->m, complete, latest);
    return 0;
}

static int report_all(struct lock_order *o, struct finding_list *list)
{
    if (lock_edges_make(&o->edges, o->m) || lock_cycles_find(&o->cycles, &o->edges, o->m) || merge_cycles(o, list))
        return -1;
    for (uint32_t i = 0; i < o->merged_count && i < FINDINGS_MAX; i++)
        if (report_merged(o, &o->merged[i], list))
            return -1;
    list->left_out += o->merged_count > FINDINGS_MAX ? o->merged_count - FINDINGS_MAX : 0;
    list->cut = list->cut || o->cycles.cut;
    return 0;
}

int detect_lock_order(struct model *m, struct finding_list *list)
{
    struct lock_order o = {.m = m};
    int result = report_all(&o, list);

    free(o.merged);
    free(o.keys);
    lock_cycles_release(&o.cycles);
    lock_edges_release(&o.edges);
    return result;
}
