/*
 * hot-alloc: ordinary ticks of an event loop, or scopes, spend a good part of their time in the heap.
 *
 * An allocation in a tick is nothing by itself. It must be what most ticks do, many times in a tick and often a second,
 * and the heap must take a share of the tick: measured for some ticks (malloc and free alone), and estimated from the
 * count with what an allocation costs where its memory has to come from far. The median tick decides, so that start-up,
 * new connections and a rare large request do not. A loop that is nearly idle finds its memory cold: a few allocations
 * can be most of a short tick then, and still cost nobody anything. So what they take of a processor counts as well.
 * What libraries allocate for themselves at each call, or to serve their own loop, is not for the user to mend: it
 * counts for less. Where it is the steps of a realloc-growth that make it so, that one
 * says so, and runs first.
 */
#include "detector.h"

#include "../hot_heap.h"
#include "../place.h"
#include "hot_alloc_function.h"
#include "wording.h"
#include "../figures.h"

#include <inttypes.h>
#include <stdio.h>

#define TICKS 200u     /* that allocate */
#define ORDINARY 0.5   /* of the ticks that had events */
#define RATE 500.0     /* allocations a second, over the life of the loop */
#define MANY 8u        /* allocations of the median tick, with ... */
#define SHARE 0.03     /* ... this part of its time; or */
#define SHARE_FEW 0.15 /* this, however few they are, with ... */
#define LOAD 0.005     /* ... this part of a processor for all of them; HIGH from here on */
#define OWN 0.5        /* of the allocations, not in scopes of their own */
#define STACKS 3u      /* told, each with ... */
#define TOLD 0.05      /* ... this part of the allocations */

struct judged {
    const struct loop_uses *u;
    const struct loop_use *use;
    const struct finding_list *list;
    const struct hot_path *paths;
    const struct hot_path *worst; /* of those that realloc-growth does not tell */
    uint32_t count;
    bool scope;
    uint64_t median; /* allocations */
    double rate, share, measured, load;
    uint64_t looked;        /* allocations that those of the paths are parts of */
    uint64_t library_calls; /* by libraries for themselves */
    uint64_t growth_calls;  /* at places that realloc-growth tells, ... */
    struct finding *growth; /* ... this one the most of them; NULL = none */
};

/* Of the loop's allocations, by those that were looked at: a histogram knows their sum within a few percent. */
static double part_of(const struct judged *j, uint64_t calls)
{
    return calls < j->looked ? (double)calls / (double)j->looked : 1;
}

static double rate_of(struct model *m, const struct loop_use *use)
{
    double lived = (double)trace_ns(m->trace, use->lived) / 1e9 / use->members;

    return lived > 0 ? (double)use->heap_calls / lived : 0;
}

/* Part of a processor's time, over the life of the loop: an allocation costs what it does in the median tick. Not a
 * part of what all ticks took, for some of them may have waited. */
static double load_of(const struct judged *j)
{
    uint64_t took = loop_use_quantile_of(j->u, j->use, KIWI_HISTOGRAM_TICK_HEAP, 50);

    return j->median ? j->rate * j->share * (double)trace_ns(j->u->m->trace, took) / 1e9 / (double)j->median : 0;
}

/* With a part of the allocations. */
static bool is_high(const struct judged *j, double part)
{
    return j->share * part >= SHARE_FEW && j->load * part >= LOAD;
}

static bool is_much(const struct judged *j, double part)
{
    double share = j->share * part;

    return j->rate * part >= RATE && (((double)j->median * part >= MANY && share >= SHARE) || is_high(j, part));
}

/* A histogram knows a value by its range, which may end above all of them. */
static uint64_t quantile_of(const struct judged *j, enum kiwi_histogram_kind kind, unsigned percent)
{
    uint64_t value = loop_use_quantile_of(j->u, j->use, kind, percent);

    return kind != KIWI_HISTOGRAM_TICK_CALLS || value < j->use->heap_max ? value : j->use->heap_max;
}

/* By the library that allocates; or with nothing but libraries between the wait of the loop and the allocation. */
static bool is_library_call(const struct judged *j, const struct hot_path *p)
{
    const struct model *m = j->u->m;
    struct symbol_frame at = place_location(m->trace, m->symbols, p->stack);

    return place_is_library(&at) || (!j->scope && place_location_hash(m->trace, m->symbols, p->stack) ==
                                                          place_location_hash(m->trace, m->symbols, j->use->stack));
}

static bool judge(struct judged *j)
{
    const struct loop_use *use = j->use;
    uint64_t own = 0, ordinary = use->served ? use->served : use->count;

    if (use->heap_ticks < TICKS || (double)use->heap_ticks < ORDINARY * (double)ordinary || !j->count)
        return false;
    for (uint32_t i = 0; i < j->count; i++) {
        own += j->paths[i].calls;
        j->library_calls += is_library_call(j, &j->paths[i]) ? j->paths[i].calls : 0;
    }
    j->looked = loop_use_heap_looked(j->u, use);
    j->rate = rate_of(j->u->m, use);
    j->share = hot_heap_share(j->u, use);
    j->measured = hot_heap_measured(j->u, use);
    j->median = quantile_of(j, KIWI_HISTOGRAM_TICK_CALLS, 50);
    j->load = load_of(j);
    return (double)own >= OWN * (double)j->looked && is_much(j, 1);
}

static struct finding *growth_at(const struct judged *j, uint32_t stack)
{
    uint64_t place = place_location_hash(j->u->m->trace, j->u->m->symbols, stack);

    for (unsigned i = 0; i < j->list->count; i++) {
        struct finding *f = j->list->items[i];
        const struct finding_stack *s = f->stacks;

        if (f->id == FINDING_REALLOC_GROWTH && place_location_hash(s->trace, s->symbols, s->stack) == place)
            return f;
    }
    return NULL;
}

static void find_growth(struct judged *j)
{
    for (uint32_t i = 0; i < j->count; i++) {
        struct finding *f = growth_at(j, j->paths[i].stack);

        if (f)
            j->growth_calls += j->paths[i].calls;
        else if (!j->worst)
            j->worst = &j->paths[i];
        if (!j->growth)
            j->growth = f;
    }
}

static const char *name_loop(const struct judged *j, char *text, size_t size)
{
    if (!j->scope)
        return loop_use_text(j->u, j->use, text, size);
    snprintf(text, size, "the scope \"%s\"", trace_string(j->u->m->trace, j->use->main->name));
    return text;
}

/* "half up to 24, 95 % up to 24, 99 % up to 30": those that enough samples lie above. */
static const char *quantiles(const struct judged *j, enum kiwi_histogram_kind kind, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < 3; i++) {
        static const unsigned percents[] = {50, 95, 99};

        if (percents[i] == 50 || durations_tell(loop_use_heap_samples(j->use), percents[i], 100))
            used += (size_t)snprintf(text + used, size - used, "%sp%u %" PRIu64, i ? ", " : "", percents[i],
                                     quantile_of(j, kind, percents[i]));
    }
    return text;
}

/* What was measured, and what follows for the memory beside the calls. */
static void report_share(const struct judged *j, struct finding *f)
{
    uint64_t took = loop_use_quantile_of(j->u, j->use, KIWI_HISTOGRAM_TICK_HEAP, 50);

    if (j->measured >= 0)
        finding_evidence(f, "In the median of those that were timed, malloc and free took %.1f %% of the time.",
                         100 * j->measured);
    finding_evidence(f,
                     "Half of them took up to %s; at about %.0f ns for an allocation and its free with the memory it "
                     "touches%s, the heap costs %.0f %% of that.",
                     model_duration(j->u->m, took), HOT_ALLOCATION_NS,
                     j->measured >= 0 ? ", and at most four times what was measured" : "", 100 * j->share);
}

static void report_figures(const struct judged *j, struct finding *f)
{
    const struct loop_use *use = j->use;
    const char *piece = j->scope ? "scopes" : "ticks";
    char text[128];

    finding_evidence(f, "%" PRIu64 " of %" PRIu64 " %s allocated: %s, at most %" PRIu64 " allocations each.",
                     use->heap_ticks, use->count, piece, quantiles(j, KIWI_HISTOGRAM_TICK_CALLS, text, sizeof text),
                     use->heap_max);
    finding_evidence(f, "Bytes in each: %s; %.0f allocations a second.",
                     quantiles(j, KIWI_HISTOGRAM_TICK_BYTES, text, sizeof text), j->rate);
    report_share(j, f);
    if (part_of(j, j->library_calls) == 1)
        finding_evidence(f, "All of the allocations are made by libraries for themselves.");
    else if (j->library_calls)
        finding_evidence(f, "%.0f %% of the allocations are made by libraries for themselves.",
                         100 * part_of(j, j->library_calls));
    finding_evidence(f, "At this rate that is %.2g %% of a processor.", 100 * j->load);
}

static void report_stacks(const struct judged *j, struct finding *f)
{
    uint32_t told = 0;

    for (const struct hot_path *p = j->worst; p < j->paths + j->count && told < STACKS; p++) {
        if (told && part_of(j, p->calls) < TOLD)
            break;
        if (growth_at(j, p->stack))
            continue;
        told++;
        finding_stack(f, j->u->m, p->stack, j->use->thread,
                      "%" PRIu64 " allocations of %" PRIu64 " bytes, up to %" PRIu64 " at once",
                      p->calls < j->use->heap_calls ? p->calls : j->use->heap_calls, figure_mean(p->bytes, p->calls),
                      p->max);
    }
}

/* As the user's own allocations make it; or one less, if these alone would be no finding. */
static enum severity severity_of(const struct judged *j)
{
    double own = 1 - part_of(j, j->library_calls);

    if (is_much(j, own))
        return is_high(j, own) ? SEVERITY_HIGH : SEVERITY_MEDIUM;
    return is_high(j, 1) ? SEVERITY_MEDIUM : SEVERITY_LOW;
}

static int report(const struct judged *j, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_HOT_ALLOC);
    char text[WORDING_SIZE];

    if (!f)
        return -1;
    f->severity = severity_of(j);
    f->confidence = j->measured >= 0 ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
    f->count = j->use->heap_calls;
    f->cause = place_hash(place_hash(FINDING_HOT_ALLOC, place_stack_hash(j->u->m->trace, j->use->stack)),
                          place_location_hash(j->u->m->trace, j->u->m->symbols, j->worst->stack));
    finding_set(f, &f->title, "Half of the %s of %s make %" PRIu64 " allocation%s or more", j->scope ? "runs" : "ticks",
                name_loop(j, text, sizeof text), j->median, wording_plural(j->median));
    report_stacks(j, f);
    report_figures(j, f);
    finding_set(f, &f->why,
                "Every %s pays for allocating, for freeing, and for memory that is not in the cache; and now and then "
                "one pays much more, when the allocator asks the kernel or waits for a lock of its own.",
                j->scope ? "run of the scope" : "tick");
    finding_set(f, &f->fix,
                "Allocate once, before the loop, and use the memory again: a buffer or container kept by the handler "
                "and cleared, a pool, or an arena that is reset for each %s.",
                j->scope ? "run" : "tick");
    wording_validation(f, j->u->m, "hot-alloc",
                       j->scope ? "the finding must be gone, and `kiwi show scopes` must show fewer allocations."
                                : "the finding must be gone, and `kiwi show ticks` must show fewer allocations.");
    wording_seen(f, j->u->m, j->use->first_ticks, j->use->last_ticks);
    return 0;
}

/* Without these steps it would be none. */
static bool is_growth(const struct judged *j)
{
    return j->growth && (!j->worst || !is_much(j, 1 - part_of(j, j->growth_calls)));
}

static void report_growth(const struct judged *j)
{
    char text[WORDING_SIZE];

    if (is_high(j, 1))
        j->growth->severity = SEVERITY_HIGH;
    finding_evidence(j->growth,
                     "The steps are %.0f %% of the allocations in the %s of %s; the heap takes about %.0f %% of their "
                     "time.",
                     100 * part_of(j, j->growth_calls), j->scope ? "runs" : "ticks", name_loop(j, text, sizeof text),
                     100 * j->share);
}

static int look_at(struct loop_uses *u, bool scopes, struct finding_list *list)
{
    struct hot_heap *h = u ? hot_heap_open(u) : NULL;
    int result = h ? 0 : -1;

    for (uint32_t i = 0; h && i < u->count && !result; i++) {
        struct judged j = {.u = u, .use = &u->items[i], .scope = scopes, .list = list};

        j.paths = hot_heap_paths(h, j.use, &j.count);
        if (!judge(&j))
            continue;
        find_growth(&j);
        if (is_growth(&j))
            report_growth(&j);
        else
            result = report(&j, list);
    }
    hot_heap_close(h);
    loop_uses_close(u);
    return result;
}

int detect_hot_alloc(struct model *m, struct finding_list *list)
{
    if (look_at(loop_uses_open(m), false, list) || look_at(loop_uses_open_scopes(m), true, list))
        return -1;
    return hot_alloc_functions(m, list);
}
