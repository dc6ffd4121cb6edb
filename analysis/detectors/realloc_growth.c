/*
 * realloc-growth: in ticks or scopes, or all the time, buffers grow by small steps, with a realloc for each.
 *
 * A step is small when it adds less than 1/KIWI_HEAP_SMALL_STEP of what is there: growth by a factor never does that,
 * whatever the factor in use. One buffer that grows to its bound is no finding, nor is start-up: it must happen to
 * buffer after buffer, for most of the time, and often. Outside of ticks and scopes the followed blocks tell, and the
 * steps must take a share of the thread's processor time.
 */
#include "detector.h"

#include "../heap_cost.h"
#include "../hot_heap.h"
#include "../place.h"
#include "wording.h"
#include "../figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LITTLE 200u      /* small steps */
#define LITTLE_PART 0.25 /* of all steps */
#define LITTLE_EACH 6u   /* for each buffer that begins at this path */
#define BUFFERS 3u       /* that begin, in two ticks at least: each may stand for KIWI_HEAP_PATH_COUNTED */
#define TICKS 100u       /* in which it happened */
#define RATE 50.0        /* steps a second, over the life of the loop */
#define SPREAD 0.5       /* of that, between the first and the latest */

/* Of followed blocks, outside of these: */
#define SAMPLED 30u      /* small steps */
#define SAMPLED_PART 0.5 /* of all steps; large blocks are followed more often than small ones */
#define STEP_NS 60.0     /* what a step costs, without the copying, ... */
#define SHARE 0.03       /* ... of the processor time of the thread */
#define COST_S 0.02      /* in all */
#define SPAN_S 0.5       /* from the first to the latest */

struct judged {
    const struct loop_uses *u;
    const struct loop_use *use;
    const struct hot_path *path;
    bool scope;
    uint64_t buffers;
    double rate;
};

static bool judge(struct judged *j)
{
    const struct hot_path *p = j->path;
    const struct trace *t = j->u->m->trace;
    double lived = (double)trace_ns(t, j->use->last_ticks - j->use->first_ticks) / 1e9;
    double spread = (double)trace_ns(t, p->last_ticks - p->first_ticks) / 1e9;

    j->buffers = p->grown_back;
    if (p->grown_first > j->buffers && (!loop_use_is_sampled(j->use) || p->grown_first > 2 * KIWI_HEAP_PATH_COUNTED))
        j->buffers = p->grown_first;
    j->rate = lived > 0 ? (double)p->grown / lived : 0;
    return p->grown_little >= LITTLE && (double)p->grown_little >= LITTLE_PART * (double)p->grown &&
           p->grown_little >= LITTLE_EACH * p->grown_first && j->buffers >= BUFFERS && p->ticks >= TICKS &&
           j->rate >= RATE && spread >= SPREAD * lived;
}

static const char *name_loop(const struct judged *j, char *text, size_t size)
{
    if (!j->scope)
        return loop_use_text(j->u, j->use, text, size);
    snprintf(text, size, "the scope \"%s\"", trace_string(j->u->m->trace, j->use->main->name));
    return text;
}

static void report_figures(const struct judged *j, struct finding *f)
{
    const struct hot_path *p = j->path;
    char text[WORDING_SIZE];

    finding_evidence(f,
                     "In %" PRIu64 " %s of %s, realloc made a block larger %" PRIu64 " times, %.0f a second; %" PRIu64
                     " of these by less than 1/%u of its size.",
                     p->ticks, j->scope ? "runs" : "ticks", name_loop(j, text, sizeof text), p->grown, j->rate,
                     p->grown_little, KIWI_HEAP_SMALL_STEP);
    finding_evidence(f,
                     "The blocks had %" PRIu64 " bytes before, in the mean, and grew to %" PRIu64 " at most; %" PRIu64
                     " of the steps moved one, which copies it.",
                     figure_mean(p->grown_bytes, p->grown), p->grown_max, p->moved);
    if (p->grown_first)
        finding_evidence(f, "%" PRIu64 " buffers began at this path: %.0f steps for each.", p->grown_first,
                         (double)p->grown / (double)p->grown_first);
}

static void tell(struct finding *f, struct model *m)
{
    finding_set(f, &f->why,
                "Each step may copy all that the buffer holds. For a buffer of n steps that are n²/2 steps' worth of "
                "copying: twice the data takes four times as long, on the path that serves requests.");
    finding_set(f, &f->fix,
                "Keep the room beside the length and double it when it is used up; or ask for the whole size before "
                "the first byte, where it is known. Keep the buffer for the next one.");
    wording_validation(f, m, "realloc-growth", "the finding must be gone.");
}

static int report(const struct judged *j, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_REALLOC_GROWTH);
    struct model *m = j->u->m;

    if (!f)
        return -1;
    f->confidence = CONFIDENCE_HIGH;
    f->count = j->path->grown;
    f->cause = place_hash(FINDING_REALLOC_GROWTH, place_location_hash(m->trace, m->symbols, j->path->stack));
    finding_set(f, &f->title, "Buffers grow by small steps, with a realloc for each, at %s",
                model_site(m, j->path->stack));
    finding_stack(f, m, j->path->stack, j->use->thread, "makes the block larger");
    report_figures(j, f);
    tell(f, m);
    wording_seen(f, m, j->path->first_ticks, j->path->last_ticks);
    return 0;
}

static int look_at(struct loop_uses *u, bool scopes, struct finding_list *list)
{
    struct hot_heap *h = u ? hot_heap_open(u) : NULL;
    int result = h ? 0 : -1;

    for (uint32_t i = 0; h && i < u->count; i++) {
        uint32_t count;
        const struct hot_path *paths = hot_heap_paths(h, &u->items[i], &count);

        for (uint32_t k = 0; k < count && !result; k++) {
            struct judged j = {.u = u, .use = &u->items[i], .path = &paths[k], .scope = scopes};

            if (judge(&j))
                result = report(&j, list);
        }
    }
    hot_heap_close(h);
    loop_uses_close(u);
    return result;
}

/* Outside of ticks and scopes. */

struct sampled {
    const struct kiwi_heap_path *path;
    const struct heap_use *use;
    double span_s, share;
    uint32_t thread; /* whose time `share` is of; 0 = of the process */
};

static bool judge_sampled(const struct heap_cost *cost, struct sampled *s)
{
    const struct kiwi_heap_path *p = s->path;
    const struct kiwi_heap_site *site = s->use->site;
    double cost_s = s->use->made.blocks * STEP_NS / 1e9;

    s->span_s = site->last_ticks > site->first_ticks
                        ? (double)trace_ns(cost->m->trace, site->last_ticks - site->first_ticks) / 1e9
                        : 0;
    if (p->grown_little < SAMPLED || (double)p->grown_little < SAMPLED_PART * (double)p->grown ||
        p->grown_back < BUFFERS || s->span_s < SPAN_S || cost_s < COST_S)
        return false;
    s->share = heap_cost_share(cost, s->use, cost_s, &s->thread);
    return s->share >= SHARE;
}

static int report_sampled(struct model *m, const struct sampled *s, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_REALLOC_GROWTH);
    const struct kiwi_heap_path *p = s->path;

    if (!f)
        return -1;
    f->confidence = CONFIDENCE_MEDIUM;
    f->count = (uint64_t)s->use->made.blocks;
    f->cause = place_hash(FINDING_REALLOC_GROWTH, place_location_hash(m->trace, m->symbols, p->stack));
    finding_set(f, &f->title, "Buffers grow by small steps, with a realloc for each, at %s", model_site(m, p->stack));
    finding_stack(f, m, p->stack, s->use->thread, "makes the block larger");
    finding_evidence(f,
                     "Of %" PRIu64 " blocks that were followed until realloc made them larger here, %" PRIu64
                     " grew by less than 1/%u of their size; they reached %" PRIu64 " bytes at most.",
                     p->grown, p->grown_little, KIWI_HEAP_SMALL_STEP, p->grown_max);
    finding_evidence(f,
                     "About %.0f steps, %.0f a second; at about %.0f ns for each, without the copying, that is %.0f %% "
                     "of the processor time of %s.",
                     s->use->made.blocks, s->use->made.blocks / s->span_s, STEP_NS, 100 * s->share,
                     s->thread ? wording_thread(m, s->thread) : "the process, as far as it allocates");
    tell(f, m);
    wording_seen(f, m, s->use->site->first_ticks, s->use->site->last_ticks);
    return 0;
}

/* 1 + the index of the use of each call path, by stack row; 0 = none. */
static uint32_t *uses_by_stack(const struct heap_uses *u)
{
    uint32_t stacks = trace_rows(u->m->trace, KIWI_TABLE_STACKS);
    uint32_t *of = calloc((size_t)stacks + 1, sizeof *of);

    for (uint32_t i = 0; of && i < u->count; i++)
        if (u->items[i].site->stack < stacks)
            of[u->items[i].site->stack] = i + 1;
    return of;
}

static int look_at_samples(struct model *m, struct finding_list *list)
{
    struct heap_uses *u = heap_uses_open(m);
    uint32_t *of = u ? uses_by_stack(u) : NULL, stacks = trace_rows(m->trace, KIWI_TABLE_STACKS);
    struct heap_cost cost = heap_cost_of(m);
    int result = of ? 0 : -1;

    for (uint32_t i = 1; of && !cost.batch && i < trace_rows(m->trace, KIWI_TABLE_HEAP_PATHS) && !result; i++) {
        struct sampled s = {.path = trace_heap_path(m->trace, i)};
        uint32_t use = s.path && !s.path->loop && s.path->stack < stacks ? of[s.path->stack] : 0;

        if (!use)
            continue;
        s.use = &u->items[use - 1];
        if (judge_sampled(&cost, &s))
            result = report_sampled(m, &s, list);
    }
    free(of);
    heap_uses_close(u);
    return result;
}

int detect_realloc_growth(struct model *m, struct finding_list *list)
{
    if (look_at(loop_uses_open(m), false, list) || look_at(loop_uses_open_scopes(m), true, list))
        return -1;
    return look_at_samples(m, list);
}
