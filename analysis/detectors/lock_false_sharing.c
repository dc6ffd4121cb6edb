/*
 * lock-false-sharing: two busy locks of different threads in one cache line.
 *
 * Lying side by side costs nothing. What costs is that two processors write to one line at a high rate: each of them
 * then fetches it from the other one for every lock and unlock. So both locks must be taken very often at the same
 * time, by different threads; and where the recording shows that taking the free lock took longer than a lock of one's
 * own line does, it is MEDIUM, else (the threads had hardly ever a processor each) LOW.
 */
#include "detector.h"

#include "../place.h"
#include "lock_class.h"
#include "wording.h"

#include "../lock_use.h"

#include <inttypes.h>
#include <stdlib.h>

#define MS 1000000ull
#define LINE 64u
#define RATE 100000.0 /* acquisitions a second, of each */
#define TOGETHER_NS (50 * MS)
#define TOGETHER 0.5     /* of the shorter time of use */
#define COMMON_USERS 0.2 /* acquisitions by threads that use both */
#define TAKES 100u       /* timed, to tell how long taking it took */
#define SLOW_NS 25u      /* half of them took so long or longer: a line of one's own takes 5 to 10 ns */

struct neighbour {
    uint64_t address;
    const struct lock_use *use;
};

struct pair {
    const struct lock_use *a, *b;
    uint64_t together; /* ticks during which both were in use */
    double rate_a, rate_b;
    uint64_t take_a, take_b; /* median time to take the free lock; 0 = not known */
};

static int compare_addresses(const void *a, const void *b)
{
    const struct neighbour *x = a, *y = b;

    return (x->address > y->address) - (x->address < y->address);
}

/* The word that every lock and unlock writes is the first one. */
static bool same_line(const struct neighbour *a, const struct neighbour *b)
{
    return a->address / LINE == b->address / LINE;
}

static uint64_t user_samples(const struct lock_use *use)
{
    uint64_t all = 0;

    for (unsigned i = 0; i < KIWI_CONTENTION_USERS; i++)
        all += use->row->users[i].samples;
    return all;
}

/* The part of both locks' acquisitions that the same threads make, at the least. */
static double common_users(const struct lock_use *a, const struct lock_use *b)
{
    uint64_t all_a = user_samples(a), all_b = user_samples(b);
    double common = 0;

    for (unsigned i = 0; i < KIWI_CONTENTION_USERS; i++)
        for (unsigned k = 0; k < KIWI_CONTENTION_USERS; k++) {
            const struct kiwi_contention_user *x = &a->row->users[i], *y = &b->row->users[k];

            if (!x->samples || x->thread != y->thread || x->serial != y->serial)
                continue;
            double p = lock_use_share(x->samples, all_a), q = lock_use_share(y->samples, all_b);
            common += p < q ? p : q;
        }
    return all_a && all_b ? common : 1;
}

static double rate_of(const struct lock_uses *u, const struct lock_use *use)
{
    uint64_t ns = trace_ns(u->m->trace, use->row->last_ticks - use->row->first_ticks);

    return ns ? (double)use->count * 1e9 / (double)ns : 0;
}

static uint64_t median_take(const struct lock_uses *u, const struct lock_use *use)
{
    if (durations_count(u->durations, use->contention, KIWI_HISTOGRAM_TAKE) < TAKES)
        return 0;
    return durations_quantile(u->durations, use->contention, KIWI_HISTOGRAM_TAKE, 50, 100);
}

static bool judge(const struct lock_uses *u, const struct lock_use *a, const struct lock_use *b, struct pair *p)
{
    const struct trace *t = u->m->trace;
    uint64_t begin = a->row->first_ticks > b->row->first_ticks ? a->row->first_ticks : b->row->first_ticks;
    uint64_t end = a->row->last_ticks < b->row->last_ticks ? a->row->last_ticks : b->row->last_ticks;
    uint64_t span_a = a->row->last_ticks - a->row->first_ticks, span_b = b->row->last_ticks - b->row->first_ticks;

    *p = (struct pair){.a = a, .b = b, .together = end > begin ? end - begin : 0};
    if (trace_ns(t, p->together) < TOGETHER_NS ||
        lock_use_share(p->together, span_a < span_b ? span_a : span_b) < TOGETHER)
        return false;
    p->rate_a = rate_of(u, a);
    p->rate_b = rate_of(u, b);
    p->take_a = median_take(u, a);
    p->take_b = median_take(u, b);
    return p->rate_a >= RATE && p->rate_b >= RATE && common_users(a, b) <= COMMON_USERS;
}

static bool was_slow(const struct lock_uses *u, const struct pair *p)
{
    return trace_ns(u->m->trace, p->take_a) >= SLOW_NS || trace_ns(u->m->trace, p->take_b) >= SLOW_NS;
}

static uint32_t top_user(const struct lock_uses *u, const struct lock_use *use)
{
    const struct kiwi_contention_user *top = &use->row->users[0];

    for (unsigned i = 1; i < KIWI_CONTENTION_USERS; i++)
        if (use->row->users[i].samples > top->samples)
            top = &use->row->users[i];
    return wording_thread_row(u->m, top->thread, top->serial);
}

/* Where it is taken most. */
static uint32_t busiest_stack(const struct model *m, uint32_t object)
{
    uint32_t stack = 0;
    uint64_t most = 0;

    for (uint32_t i = 1; i < m->acquisition_count; i++) {
        const struct kiwi_acquisition *a = m->acquisitions[i].row;

        if (a && a->object == object && m->acquisitions[i].count > most) {
            most = m->acquisitions[i].count;
            stack = a->stack;
        }
    }
    return stack;
}

static void report_one(const struct lock_uses *u, struct finding *f, const struct lock_use *use, double rate,
                       uint64_t take)
{
    struct model *m = u->m;
    uint32_t thread = top_user(u, use);

    finding_evidence(f, "%s was taken %.0f times a second (about %" PRIu64 " times), most by %s.",
                     wording_lock(f, use->object), rate, use->count, wording_thread(m, thread));
    if (take)
        finding_evidence(f, "Of %" PRIu64 " times that taking it free was timed, half took up to %s.", use->row->takes,
                         model_duration(m, take));
    finding_stack(f, m, busiest_stack(m, use->object), thread, "%s is taken here", wording_lock(f, use->object));
}

static int report(const struct lock_uses *u, const struct pair *p, struct finding_list *list)
{
    struct model *m = u->m;
    struct finding *f = finding_add(list, FINDING_LOCK_FALSE_SHARING);
    const struct kiwi_object *a = trace_object(m->trace, p->a->object), *b = trace_object(m->trace, p->b->object);
    uint32_t objects[] = {p->a->object, p->b->object};
    char names[WORDING_SIZE];

    if (!f)
        return -1;
    f->severity = was_slow(u, p) ? SEVERITY_MEDIUM : SEVERITY_LOW;
    f->confidence = was_slow(u, p) ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
    f->cause = place_hash(place_hash(FINDING_LOCK_FALSE_SHARING, lock_cause(m, p->a->object)),
                          lock_cause(m, p->b->object));
    finding_object(f, m, p->a->object);
    finding_object(f, m, p->b->object);
    wording_label(f);
    finding_set(f, &f->title, "Different threads keep taking %s, which share a cache line",
                wording_title(m, objects, 2, names, sizeof names));
    finding_evidence(f, "They lie %" PRIu64 " bytes apart in one line of %u bytes, at 0x%" PRIx64 ".",
                     b->address - a->address, LINE, a->address / LINE * LINE);
    report_one(u, f, p->a, p->rate_a, p->take_a);
    report_one(u, f, p->b, p->rate_b, p->take_b);
    if (!was_slow(u, p))
        finding_evidence(f, "Taking them was not slow in this recording: the two threads hardly ever ran at the same "
                            "time, or on processors that share their cache.");
    finding_set(f, &f->why,
                "Both threads write to the same cache line for each lock and unlock, and a line can be written by one "
                "processor at a time: it travels between them with each operation, though the locks have nothing to do "
                "with each other. More threads make it slower.");
    finding_set(f, &f->fix,
                "Give each lock, together with the data that it protects, a line of its own: align the "
                "structure to 64 bytes (alignas(64)), or move the locks apart.");
    wording_validation(f, m, "lock-false-sharing", "the finding must be gone, and both threads faster.");
    wording_seen(f, m, p->a->row->first_ticks, p->a->row->last_ticks);
    return 0;
}

/* Locks in the order of their addresses; of those in one line each is compared with the next ones. */
static int judge_all(const struct lock_uses *u, struct neighbour *n, uint32_t count, struct finding_list *list)
{
    struct pair p;

    qsort(n, count, sizeof *n, compare_addresses);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = i + 1; k < count && same_line(&n[i], &n[k]); k++)
            if (judge(u, n[i].use, n[k].use, &p) && report(u, &p, list))
                return -1;
    return 0;
}

int detect_lock_false_sharing(struct model *m, struct finding_list *list)
{
    struct lock_uses *u = lock_uses_open(m);
    struct neighbour *n = u ? calloc((size_t)u->count + 1, sizeof *n) : NULL;
    uint32_t count = 0;
    int result = n ? 0 : -1;

    for (uint32_t i = 0; n && i < u->count; i++) {
        const struct kiwi_object *o = trace_object(m->trace, u->items[i].object);

        if (u->items[i].row && u->items[i].row->last_ticks > u->items[i].row->first_ticks && o->address)
            n[count++] = (struct neighbour){o->address, &u->items[i]};
    }
    if (n)
        result = judge_all(u, n, count, list);
    free(n);
    lock_uses_close(u);
    return result;
}
