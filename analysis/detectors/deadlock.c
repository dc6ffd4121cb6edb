/*
 * deadlock: threads that wait for each other in a circle at the moment the trace was read.
 *
 * Observed, not predicted: every link is a thread that asked for a lock (or for a thread's end) and the thread that has
 * it. A lock is in a thread's held list only between the return of the real lock call and the start of the unlock, so
 * in a process that is dead a circle of links can not come apart, even where a thread has only just asked. A running
 * process is copied slot by slot while it goes on; there a circle counts only if the state of every member was settled.
 */
#include "detector.h"

#include "../graph.h"
#include "lock_class.h"
#include "standstill.h"
#include "waits.h"
#include "wording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORTH_TELLING_NS 100000000u /* a hung process writes no later time by which to tell how long it has hung */

struct deadlock {
    struct model *m;
    struct waits waits;
    struct graph graph; /* nodes: rows of SLOTS; labels: entries of waits */
    uint32_t *component, *size;
    uint32_t *from; /* search: the wait by which a slot was reached */
    uint32_t *queue;
    uint32_t *cycle; /* waits of the cycle at hand; waiter of [i+1] is the holder of [i] */
    uint32_t cycle_count;
};

#define NOT_REACHED UINT32_MAX

static int deadlock_graph(struct deadlock *d)
{
    uint32_t nodes = trace_rows(d->m->trace, KIWI_TABLE_SLOTS), count = 0;
    struct graph_edge *edges = calloc(d->waits.count + 1ul, sizeof *edges);
    int result;

    if (!edges)
        return -1;
    for (uint32_t i = 0; i < d->waits.count; i++) {
        const struct wait *w = &d->waits.items[i];

        if (w->waiter != w->holder) /* a thread that waits for itself is self-deadlock's */
            edges[count++] = (struct graph_edge){w->waiter, w->holder, i};
    }
    result = graph_make(&d->graph, nodes, edges, count);
    free(edges);
    return result;
}

/* Writes the waits from start around to start, found backwards through `from`. */
static void deadlock_unwind(struct deadlock *d, uint32_t closing, uint32_t start)
{
    uint32_t length = 1, at = closing;

    for (uint32_t node = d->waits.items[closing].waiter; node != start; node = d->waits.items[d->from[node]].waiter)
        length++;
    d->cycle_count = length;
    for (uint32_t i = length; i-- > 0;) {
        d->cycle[i] = at;
        if (i)
            at = d->from[d->waits.items[at].waiter];
    }
}

/* A shortest circle through start inside its component, by breadth-first search. */
static bool deadlock_find_cycle(struct deadlock *d, uint32_t start)
{
    uint32_t head = 0, tail = 0;

    for (uint32_t n = 0; n < d->graph.nodes; n++)
        d->from[n] = NOT_REACHED;
    d->queue[tail++] = start;
    while (head < tail) {
        uint32_t node = d->queue[head++];

        for (uint32_t e = d->graph.first[node]; e < d->graph.first[node + 1]; e++) {
            uint32_t to = d->graph.to[e];

            if (d->component[to] != d->component[start])
                continue;
            if (to == start) {
                deadlock_unwind(d, d->graph.label[e], start);
                return true;
            }
            if (d->from[to] == NOT_REACHED) {
                d->from[to] = d->graph.label[e];
                d->queue[tail++] = to;
            }
        }
    }
    return false;
}

static uint32_t slot_thread(const struct deadlock *d, uint32_t slot)
{
    const struct kiwi_slot *s = trace_slot(d->m->trace, slot);

    return s ? s->thread : 0;
}

static const struct wait *cycle_wait(const struct deadlock *d, uint32_t i)
{
    return &d->waits.items[d->cycle[i % d->cycle_count]];
}

/* See the top of the file. */
static bool deadlock_is_settled(const struct deadlock *d)
{
    for (uint32_t i = 0; i < d->cycle_count; i++)
        if (!trace_slot_settled(d->m->trace, cycle_wait(d, i)->waiter))
            return false;
    return true;
}

/* Threads outside the component that wait, directly or not, for one inside. */
static uint32_t deadlock_victims(struct deadlock *d, uint32_t component)
{
    uint32_t victims = 0;
    bool more = true;

    for (uint32_t n = 0; n < d->graph.nodes; n++)
        d->from[n] = d->component[n] == component;
    while (more) {
        more = false;
        for (uint32_t i = 0; i < d->waits.count; i++) {
            const struct wait *w = &d->waits.items[i];

            if (!d->from[w->waiter] && d->from[w->holder]) {
                d->from[w->waiter] = 1;
                victims++;
                more = true;
            }
        }
    }
    return victims;
}

static void describe_wait(const struct deadlock *d, const struct finding *f, const struct wait *w, char *text,
                          size_t size)
{
    if (w->object)
        snprintf(text, size, "%s", wording_lock(f, w->object));
    else if (w->call)
        snprintf(text, size, "somebody to end its %s", model_call(d->m, w->call, w->want_stack));
    else
        snprintf(text, size, "the end of %s", wording_thread(d->m, slot_thread(d, w->holder)));
}

/* One member: what it waits for, and what it took that the member before it waits for. */
static void report_member(const struct deadlock *d, struct finding *f, uint32_t i)
{
    const struct wait *w = cycle_wait(d, i), *before = cycle_wait(d, i + d->cycle_count - 1);
    const char *thread = wording_thread(d->m, slot_thread(d, w->waiter));
    uint64_t now = trace_end_ticks(d->m->trace);
    char wanted[WORDING_SIZE], at[WORDING_SIZE], taken[WORDING_SIZE];

    describe_wait(d, f, w, wanted, sizeof wanted);
    wording_site(d->m, w->want_stack, before->held_stack, at, sizeof at);
    finding_stack(f, d->m, w->want_stack, slot_thread(d, w->waiter), "waits for %s", wanted);
    if (before->object && !before->unseen) {
        const char *held = wording_lock(f, before->object);

        finding_evidence(f, "%s holds %s, taken at %s, and waits for %s at %s.", thread, held,
                         wording_site(d->m, before->held_stack, w->want_stack, taken, sizeof taken), wanted, at);
        finding_stack(f, d->m, before->held_stack, slot_thread(d, w->waiter), "took %s", held);
    } else if (before->call || before->unseen) {
        finding_evidence(f, "%s waits for %s at %s.", thread, wanted, at);
    } else {
        finding_evidence(f, "%s is to be joined and waits for %s at %s.", thread, wanted, at);
    }
    if (w->since && now > w->since && trace_ns(d->m->trace, now - w->since) >= WORTH_TELLING_NS)
        finding_evidence(f, "It had waited for %s when the trace was %s.", model_duration(d->m, now - w->since),
                         trace_is_live(d->m->trace) ? "read" : "last written to");
}

/* A wait that only a wake-up would end: then it is made the first, since it is to blame. NULL = none. */
static const struct wait *cycle_sleep(struct deadlock *d)
{
    for (uint32_t i = 0; i < d->cycle_count && !cycle_wait(d, 0)->call; i++) {
        uint32_t first = d->cycle[0];

        memmove(d->cycle, d->cycle + 1, (d->cycle_count - 1) * sizeof *d->cycle);
        d->cycle[d->cycle_count - 1] = first;
    }
    return cycle_wait(d, 0)->call ? cycle_wait(d, 0) : NULL;
}

static bool cycle_is_unseen(const struct deadlock *d)
{
    for (uint32_t i = 0; i < d->cycle_count; i++)
        if (cycle_wait(d, i)->unseen)
            return true;
    return false;
}

static void report_unseen(struct finding *f)
{
    f->confidence = CONFIDENCE_MEDIUM;
    finding_set(f, &f->why,
                "Every thread of the process waits, and nobody is left to release what they wait for: it "
                "has stopped until it is killed.");
    finding_evidence(
            f, "Kiwi does not see who takes a lock made of a futex (a Rust Mutex is one), only who waits for it "
               "while it is taken. But all threads that Kiwi has seen wait for a lock or for the end of a thread: "
               "who has it is one of them.");
}

/* Who has that semaphore waits for it once more. */
static bool was_not_given_back(const struct model *m, const struct wait *sleep)
{
    const struct kiwi_slot *holder = trace_slot(m->trace, sleep->holder);

    return holder && holder->call_kind == KIWI_CALL_SEM_WAIT &&
           model_object_at(m, holder->call_object) == sleep->object;
}

static void report_sleep(struct model *m, const struct wait *sleep, struct finding *f, const char *title,
                         const char *locks)
{
    const char *call = model_call(m, sleep->call, sleep->want_stack);

    f->confidence = CONFIDENCE_MEDIUM;
    finding_evidence(f, "All threads that Kiwi has seen wait for a lock, for the end of a thread, or to be woken: none "
                        "of them is left to do that.");
    if (sleep->object && was_not_given_back(m, sleep)) {
        finding_set(f, &f->title, "Deadlock: %s was taken and not given back, and all wait for it", title);
        finding_set(f, &f->fix,
                    "Find the way on which a thread that has taken %s leaves without sem_post: an early return, an "
                    "error, a thrown exception.",
                    locks);
        return;
    }
    if (sleep->object) { /* a semaphore that serves as a lock */
        finding_set(f, &f->fix, "Take %s in one order everywhere.", locks);
        return;
    }
    finding_set(f, &f->title, "Deadlock: %s is held in %s, and nobody else can go on without it", title, call);
    finding_set(f, &f->fix,
                "Release %s before %s: whoever is to end that wait must not need a lock that is held meanwhile.", locks,
                call);
}

static void report_texts(const struct deadlock *d, struct finding *f, const uint32_t *objects, unsigned count,
                         const struct wait *sleep, uint32_t victims)
{
    char locks[WORDING_SIZE], title[WORDING_SIZE];
    bool joins = count < d->cycle_count;

    wording_title(d->m, objects, count, title, sizeof title);
    wording_locks(f, objects, count, locks, sizeof locks);
    finding_set(f, &f->title,
                joins ? "Deadlock: %u threads wait for each other over %s and pthread_join"
                      : "Deadlock: %u threads wait for each other over %s",
                d->cycle_count, title);
    finding_set(f, &f->why,
                "None of these threads can ever go on: each has what the next one waits for. Whatever they serve has "
                "stopped, and every thread that comes to need %s stops behind them until the process is killed.",
                locks);
    if (victims)
        finding_evidence(f, "%u more thread%s already stopped behind them.", victims, victims == 1 ? " has" : "s have");
    if (joins)
        finding_set(f, &f->fix,
                    "Release %s before pthread_join, or let the joined thread finish without it: a thread must not be "
                    "joined by one that holds what it still needs.",
                    locks);
    else
        finding_set(f, &f->fix,
                    "Take these locks in one order everywhere (%s, say; for locks of one kind the order of their "
                    "addresses will do), or release the first before asking for the second.",
                    locks);
    if (sleep)
        report_sleep(d->m, sleep, f, title, locks);
    else if (cycle_is_unseen(d))
        report_unseen(f);
}

static uint64_t deadlock_cause(const struct deadlock *d)
{
    struct lock_link links[LOCK_LINKS_MAX];
    uint32_t count = d->cycle_count < LOCK_LINKS_MAX ? d->cycle_count : LOCK_LINKS_MAX;

    for (uint32_t i = 0; i < count; i++) {
        const struct wait *w = cycle_wait(d, i), *before = cycle_wait(d, i + d->cycle_count - 1);

        links[i] = (struct lock_link){before->object, w->object, before->held_stack, w->want_stack};
    }
    return lock_links_cause(d->m, links, count);
}

static int deadlock_report(struct deadlock *d, struct finding_list *list, uint32_t component)
{
    struct finding *f = finding_add(list, FINDING_DEADLOCK);
    uint32_t *objects = calloc(d->cycle_count, sizeof *objects);
    const struct wait *sleep = cycle_sleep(d);
    uint64_t closed = 0;
    unsigned count = 0;

    if (!f || !objects) {
        free(objects);
        return -1;
    }
    f->grade = "G1";
    f->confidence = CONFIDENCE_HIGH;
    f->cause = deadlock_cause(d);
    for (uint32_t i = 0; i < d->cycle_count; i++) {
        const struct wait *w = cycle_wait(d, i);

        if (w->object)
            objects[count++] = w->object;
        closed = w->since > closed ? w->since : closed;
    }
    for (unsigned i = 0; i < count; i++)
        finding_object(f, d->m, objects[i]);
    wording_label(f);
    for (uint32_t i = 0; i < d->cycle_count && i < WORDING_MAX_LINKS; i++)
        report_member(d, f, i);
    if (d->cycle_count > WORDING_MAX_LINKS)
        finding_evidence(f, "So it goes on, over %u more, round to the first.", d->cycle_count - WORDING_MAX_LINKS);
    report_texts(d, f, objects, count, sleep, deadlock_victims(d, component));
    wording_validation(f, d->m, "deadlock,lock-order-cycle", "it must neither hang nor report these locks.");
    wording_seen(f, d->m, closed, trace_last_ticks(d->m->trace));
    free(objects);
    return 0;
}

static int deadlock_search(struct deadlock *d, struct finding_list *list)
{
    if (graph_components(&d->graph, d->component, d->size) < 0)
        return -1;
    for (uint32_t n = 0; n < d->graph.nodes; n++) {
        uint32_t component = d->component[n];

        if (d->size[component] < 2)
            continue;
        d->size[component] = 0; /* each once */
        if (deadlock_find_cycle(d, n) && deadlock_is_settled(d) && deadlock_report(d, list, component))
            return -1;
    }
    return 0;
}

int detect_deadlock(struct model *m, struct finding_list *list)
{
    struct deadlock d = {.m = m};
    uint32_t nodes = trace_rows(m->trace, KIWI_TABLE_SLOTS);
    uint32_t *room = NULL;
    int result = -1;

    if (waits_make(&d.waits, m))
        return -1;
    if (standstill_add(&d.waits, m)) {
        waits_release(&d.waits);
        return -1;
    }
    room = calloc(5ul * nodes + 1, sizeof *room);
    if (!room || deadlock_graph(&d))
        goto out;
    d.component = room;
    d.size = d.component + nodes;
    d.from = d.size + nodes;
    d.queue = d.from + nodes;
    d.cycle = d.queue + nodes;
    result = deadlock_search(&d, list);
out:
    free(room);
    graph_release(&d.graph);
    waits_release(&d.waits);
    return result;
}
