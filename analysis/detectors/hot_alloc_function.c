#include "hot_alloc_function.h"

#include "../heap_cost.h"
#include "../hot_function.h"
#include "../hot_heap.h"
#include "../place.h"
#include "heap_place.h"
#include "wording.h"
#include "../figures.h"

#include <inttypes.h>

#define SPAN_S 0.5      /* from the first to the latest allocation */
#define MOMENTS 40u     /* in which one path allocated: not at start-up alone */
#define RATE 500.0      /* allocations a second in that time */
#define SHARE 0.03      /* of the processor time; ... */
#define SHARE_HIGH 0.15 /* ... HIGH from here on */
#define STACKS 3u       /* told, each with ... */
#define TOLD 0.05       /* ... this part of the allocations */

struct judged {
    const struct hot_functions *h;
    const struct hot_function *f;
    double span_s, rate, share; /* share: of the processor time of `thread`, or of the process */
    uint32_t thread;            /* 0: of the process */
};

static const struct heap_use *use_of(const struct heap_uses *u, uint32_t stack)
{
    for (uint32_t i = 0; i < u->count; i++)
        if (u->items[i].site->stack == stack)
            return &u->items[i];
    return NULL;
}

/* The samples tell who allocates: the thread of the path that does most. */
static uint32_t thread_of(const struct judged *j, const struct heap_uses *u)
{
    const struct heap_use *use = use_of(u, hot_function_paths(j->h, j->f)->stack);

    return use ? use->thread : 0;
}

static double thread_share(const struct judged *j, const struct heap_uses *u, uint32_t thread)
{
    const struct hot_function_path *paths = hot_function_paths(j->h, j->f);
    const struct kiwi_thread *t = trace_thread(j->h->m->trace, thread);
    double calls = 0;

    for (uint32_t i = 0; i < j->f->count; i++) {
        const struct heap_use *use = use_of(u, paths[i].stack);

        if (use && use->thread == thread)
            calls += (double)paths[i].calls * (1 - use->others);
    }
    return t && t->cpu_ns ? calls * HOT_ALLOCATION_NS / (double)t->cpu_ns : 0;
}

static bool goes_on(const struct judged *j)
{
    const struct hot_function_path *paths = hot_function_paths(j->h, j->f);

    for (uint32_t i = 0; i < j->f->count; i++)
        if (paths[i].moments >= MOMENTS)
            return true;
    return false;
}

static bool judge(struct judged *j, const struct heap_uses *u)
{
    struct heap_cost cost = heap_cost_of(j->h->m);
    double cost_s = (double)j->f->calls * HOT_ALLOCATION_NS / 1e9, own;
    uint32_t thread;

    j->span_s = hot_function_span(j->h, j->f);
    if (j->span_s < SPAN_S || !goes_on(j))
        return false;
    j->rate = (double)j->f->calls / j->span_s;
    j->share = cost.cpu_s > 0 ? cost_s / cost.cpu_s : 0;
    thread = thread_of(j, u);
    own = thread ? thread_share(j, u, thread) : 0;
    if (own > j->share) {
        j->share = own;
        j->thread = thread;
    }
    if (j->share > 1)
        j->share = 1;
    return j->rate >= RATE && j->share >= SHARE;
}

/* In a tick or scope, which is judged by more, or by the steps of a growing buffer. */
static bool is_told(const struct judged *j, const struct finding_list *list)
{
    return heap_place_is_told(j->h->m, hot_function_paths(j->h, j->f)->stack, list);
}

static void report_stacks(const struct judged *j, struct finding *f)
{
    const struct hot_function_path *paths = hot_function_paths(j->h, j->f);

    for (uint32_t i = 0; i < j->f->count && i < STACKS; i++) {
        if ((double)paths[i].calls < TOLD * (double)j->f->calls)
            break;
        finding_stack(f, j->h->m, paths[i].stack, j->thread, "%" PRIu64 " allocations of %" PRIu64 " bytes",
                      paths[i].calls, figure_mean(paths[i].bytes, paths[i].calls));
    }
}

static int report(const struct judged *j, struct finding_list *list)
{
    struct finding *f = finding_add(list, FINDING_HOT_ALLOC);
    struct model *m = j->h->m;

    if (!f)
        return -1;
    f->severity = j->share >= SHARE_HIGH ? SEVERITY_HIGH : SEVERITY_MEDIUM;
    f->confidence = CONFIDENCE_MEDIUM;
    f->count = j->f->calls;
    f->cause = place_hash(place_hash(FINDING_HOT_ALLOC, place_hash_text(0, j->f->pattern)),
                          place_location_hash(m->trace, m->symbols, hot_function_paths(j->h, j->f)->stack));
    finding_set(f, &f->title, "The hot function %s makes %.0f allocations a second", j->f->pattern, j->rate);
    report_stacks(j, f);
    finding_evidence(f, "%" PRIu64 " allocations of %" PRIu64 " bytes in all, by %" PRIu32 " call path%s in %.1f s.",
                     j->f->calls, j->f->bytes, j->f->count, wording_plural(j->f->count), j->span_s);
    finding_evidence(f,
                     "At about %.0f ns for an allocation and its free with the memory it touches, that is %.0f %% of "
                     "the processor time of %s.",
                     HOT_ALLOCATION_NS, 100 * j->share,
                     j->thread ? wording_thread(m, j->thread) : "the process, as far as it allocates");
    finding_set(f, &f->why,
                "It was named as hot (hot=). Every call of it pays for allocating, for freeing, and for memory that is "
                "not in the cache; and now and then one pays much more, when the allocator asks the kernel or waits "
                "for a lock of its own.");
    finding_set(f, &f->fix,
                "Allocate once and use the memory again: a buffer or container kept by the caller and cleared, a pool, "
                "or an arena that is reset.");
    wording_validation(f, m, "hot-alloc", "the finding must be gone, and `kiwi show hot` must show fewer allocations.");
    wording_seen(f, m, j->f->first_ticks, j->f->last_ticks);
    return 0;
}

int hot_alloc_functions(struct model *m, struct finding_list *list)
{
    struct hot_functions *h = hot_functions_open(m);
    struct heap_uses *u = h && h->count ? heap_uses_open(m) : NULL;
    int result = h && (u || !h->count) ? 0 : -1;

    for (uint32_t i = 0; u && i < h->count && !result; i++) {
        struct judged j = {.h = h, .f = &h->items[i]};

        if (j.f->count && judge(&j, u) && !is_told(&j, list))
            result = report(&j, list);
    }
    heap_uses_close(u);
    hot_functions_close(h);
    return result;
}
