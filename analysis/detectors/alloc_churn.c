/*
 * alloc-churn: one call path allocates blocks that it, or its caller, frees at once, all the time. Paths that differ by
 * recursion alone count as one.
 *
 * From the sampled blocks: how many the path allocates and how long they live. It is a finding when that goes on, and
 * when it takes a share of the processor time of the thread that does it: a program that allocates on many paths, or
 * has more to do between two blocks, has none that does.
 */
#include "detector.h"

#include "../heap_cost.h"
#include "../heap_recursion.h"
#include "../lock_use.h"
#include "../place.h"
#include "heap_place.h"
#include "wording.h"

#include <inttypes.h>

#define AT_ONCE_NS 200000u /* the longest life of ... */
#define SHORT 80u          /* ... so many of a hundred */
#define FREED 0.9          /* of the blocks: freed by now, ... */
#define ELSEWHERE 0.2      /* ... not by another thread */
#define RESIZED 0.2
#define SAMPLES 30u
#define SPAN_S 0.5       /* from the first to the latest */
#define COST_S 0.02      /* of processor time, estimated from: */
#define SMALL_NS 20.0    /* an allocation and its free, from the thread's own list, ... */
#define LARGE_NS 60.0    /* ... or not */
#define SMALL_BYTES 1024 /* glibc keeps lists for blocks up to so many */
#define SHARE 0.03       /* of the thread's processor time */
#define PARTS 64         /* of paths that recursion tells apart: the least is such a part of COST_S */

struct judged {
    const struct heap_use *use;
    double span_s, cost_s, share; /* share: of the processor time of `thread`, or of the process */
    uint32_t thread;              /* 0: of the process */
};

static double block_ns(const struct heap_use *use)
{
    return use->made.bytes / use->made.blocks <= SMALL_BYTES ? SMALL_NS : LARGE_NS;
}

/* Its blocks are freed at once, where they were made. */
static bool dies_young(const struct heap_use *use, const void *model)
{
    uint64_t lived = heap_use_lived(use, SHORT);

    return use->freed_blocks >= FREED * use->made.blocks && use->elsewhere <= ELSEWHERE &&
           (double)use->site->resized <= RESIZED * (double)use->site->blocks && lived &&
           lived <= lock_use_ticks(model, AT_ONCE_NS);
}

/* Worth a look at its path: of those with less it would take too many to come to something. */
static bool may_be_part(const struct heap_use *use, const void *model)
{
    return use->made.blocks * block_ns(use) / 1e9 >= COST_S / PARTS && dies_young(use, model);
}

static bool judge(const struct heap_cost *cost, struct judged *j)
{
    const struct heap_use *use = j->use;
    const struct kiwi_heap_site *s = use->site;
    const struct model *m = cost->m;

    j->span_s = s->last_ticks > s->first_ticks ? (double)trace_ns(m->trace, s->last_ticks - s->first_ticks) / 1e9 : 0;
    j->cost_s = use->made.blocks * block_ns(use) / 1e9;
    if (s->samples < SAMPLES || j->span_s < SPAN_S || j->cost_s < COST_S || !dies_young(use, m))
        return false;
    j->share = heap_cost_share(cost, use, j->cost_s, &j->thread);
    return j->share >= SHARE;
}

static void report_figures(struct model *m, struct finding *f, const struct judged *j)
{
    const struct heap_use *use = j->use;

    finding_evidence(f, "About %.0f blocks (give or take %.0f) of %.0f bytes, %.0f a second.", use->made.blocks,
                     use->made.blocks_error, use->made.bytes / use->made.blocks, use->made.blocks / j->span_s);
    if (use->paths > 1)
        finding_evidence(f, "On %u call paths, which differ by recursion alone; the one with most of them is shown.",
                         use->paths);
    finding_evidence(f, "%u %% of the freed ones lived less than %s; %.0f %% were freed by the thread that made them.",
                     SHORT, model_duration(m, heap_use_lived(use, SHORT)), 100 - 100 * use->elsewhere);
    finding_evidence(f, "At about %.0f ns for an allocation and its free that is %.0f %% of the processor time of %s.",
                     block_ns(j->use), 100 * j->share,
                     j->thread ? wording_thread(m, j->thread) : "the process, as far as it allocates");
}

static int report(struct model *m, const struct judged *j, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_ALLOC_CHURN);
    uint32_t stack = j->use->site->stack;

    if (!f)
        return -1;
    f->confidence = CONFIDENCE_MEDIUM;
    f->count = (uint64_t)j->use->made.blocks;
    f->cause = place_hash(FINDING_ALLOC_CHURN, place_location_hash(m->trace, m->symbols, stack));
    finding_set(f, &f->title, "%.0f blocks a second are allocated and freed at once at %s",
                j->use->made.blocks / j->span_s, model_site(m, stack));
    finding_stack(f, m, stack, j->use->thread, "allocates");
    report_figures(m, f, j);
    finding_set(f, &f->why,
                "The allocator is asked for the same block again and again. That takes processor time each time, keeps "
                "fresh lines coming into the cache, and makes threads meet in the allocator.");
    finding_set(f, &f->fix,
                "Keep the block and use it again: a buffer in the object or thread that does the work, on the stack if "
                "it is small, or cleared instead of made anew (std::string and std::vector keep their memory).");
    wording_validation(f, m, "alloc-churn",
                       "the finding must be gone, and `kiwi show heap` must show fewer blocks there.");
    wording_seen(f, m, j->use->site->first_ticks, j->use->site->last_ticks);
    return 0;
}

int detect_alloc_churn(struct model *m, struct finding_list *list)
{
    struct heap_uses *u = heap_uses_open(m);
    struct heap_cost cost = heap_cost_of(m);
    int result = u && (cost.batch || !heap_uses_recursion(u, may_be_part, m)) ? 0 : -1;

    for (uint32_t i = 0; u && !cost.batch && i < u->count && !result; i++) {
        struct judged j = {.use = &u->items[i]};

        if (judge(&cost, &j) && !heap_place_is_told(m, j.use->site->stack, list))
            result = report(m, &j, list);
    }
    heap_uses_close(u);
    return result;
}
