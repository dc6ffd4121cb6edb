/*
 * heap-leak: heap blocks that nothing referred to any more when the process exited.
 *
 * The recorder looked for references in all of the process's memory, and was told of every doubt as of a reference.
 * What is left to decide is what is worth a finding: a place that goes on losing blocks, and not the few that a
 * start-up forgets, or that a thread which still ran at the exit had in its registers alone.
 */
#include "detector.h"

#include "../heap_use.h"
#include "../place.h"
#include "wording.h"
#include "../figures.h"

#include <inttypes.h>
#include <stdlib.h>

#define SAMPLES_MIN 3u       /* lost ones that were looked at */
#define BLOCKS_MIN 10.0      /* lost ones, or ... */
#define BYTES_MIN 65536.0    /* ... bytes in them */
#define BLOCKS_MANY 100.0    /* so many at once are no oversight of a start-up */
#define SPREAD_MIN 0.05      /* of the recording, between the first and the last lost one */
#define SHORT_NS 1000000000u /* a shorter recording says nothing about that */
#define STACKS_MAX 4u

/* Sites of one place. */
struct leak {
    uint64_t key;
    uint32_t first, count; /* sites, side by side */
    uint64_t samples, held;
    double blocks, bytes, made;
    uint64_t first_ticks, last_ticks;
};

struct leaky_site {
    uint64_t key;
    const struct kiwi_heap_site *site;
};

struct leaks {
    struct model *m;
    struct leaky_site *sites;
    uint32_t count;
    bool exact;
    uint64_t lasted;  /* ticks */
    uint32_t threads; /* others that still ran at the exit */
};

static int compare_sites(const void *a, const void *b)
{
    const struct leaky_site *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->site->lost_bytes != y->site->lost_bytes)
        return x->site->lost_bytes < y->site->lost_bytes ? 1 : -1; /* most bytes first */
    return x->site < y->site ? -1 : x->site > y->site;
}

static void collect(struct leaks *l, const struct heap_uses *u)
{
    const struct model *m = l->m;

    for (uint32_t i = 0; i < u->count; i++) {
        const struct kiwi_heap_site *s = u->items[i].site;

        if (s->lost_samples)
            l->sites[l->count++] = (struct leaky_site){place_location_hash(m->trace, m->symbols, s->stack), s};
    }
    qsort(l->sites, l->count, sizeof *l->sites, compare_sites);
    l->exact = heap_uses_exact(u);
}

/* Without the one that exits. */
static uint32_t threads_running(const struct trace *t)
{
    uint32_t count = 0;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_THREADS); i++) {
        const struct kiwi_thread *thread = trace_thread(t, i);

        count += thread && thread->state == KIWI_ROW_LIVE && !thread->end_ticks;
    }
    return count ? count - 1 : 0;
}

static void leak_add(struct leak *leak, const struct kiwi_heap_site *s)
{
    leak->count++;
    leak->samples += s->lost_samples;
    leak->held += s->lost_held;
    leak->blocks += (double)s->lost_blocks / KIWI_HEAP_UNIT;
    leak->bytes += (double)s->lost_bytes;
    leak->made += (double)s->blocks / KIWI_HEAP_UNIT;
    if (s->lost_first_ticks < leak->first_ticks)
        leak->first_ticks = s->lost_first_ticks;
    if (s->lost_last_ticks > leak->last_ticks)
        leak->last_ticks = s->lost_last_ticks;
}

static bool goes_on(const struct leaks *l, const struct leak *leak)
{
    uint64_t spread = leak->last_ticks > leak->first_ticks ? leak->last_ticks - leak->first_ticks : 0;

    return leak->blocks >= BLOCKS_MANY || (double)spread >= SPREAD_MIN * (double)l->lasted ||
           trace_ns(l->m->trace, l->lasted) < SHORT_NS;
}

static bool is_worth_it(const struct leaks *l, const struct leak *leak)
{
    return leak->samples >= SAMPLES_MIN + l->threads && (leak->blocks >= BLOCKS_MIN || leak->bytes >= BYTES_MIN) &&
           goes_on(l, leak);
}

static void describe(const struct leaks *l, const struct leak *leak, struct finding *f)
{
    struct model *m = l->m;
    const char *about = l->exact ? "" : "about ";

    finding_evidence(f,
                     "At the exit nothing referred to %s%.0f of the %.0f blocks that were allocated here: all memory "
                     "of the process was searched for values that point into them.",
                     about, leak->blocks, leak->made);
    if (leak->held)
        finding_evidence(f,
                         "Another %" PRIu64 " block%s, allocated elsewhere or here, could be reached from them alone.",
                         leak->held, wording_plural(leak->held));
    finding_evidence(f, "Together they take %s%.1f KiB.", about, leak->bytes / 1024);
    finding_evidence(
            f,
            "The oldest was allocated %s after the recording began, the youngest %s after it; the recording took %s.",
            model_duration(m, leak->first_ticks - trace_header(m->trace)->start_ticks),
            model_duration(m, leak->last_ticks - trace_header(m->trace)->start_ticks), model_duration(m, l->lasted));
    if (!l->exact)
        finding_evidence(f, "Estimated from %" PRIu64 " sampled blocks; heap=exact looks at every one.", leak->samples);
}

static int report(const struct leaks *l, const struct leak *leak, struct finding_list *list)
{
    struct model *m = l->m;
    const struct kiwi_heap_site *first = l->sites[leak->first].site;
    struct finding *f = finding_add(list, FINDING_HEAP_LEAK);

    if (!f)
        return -1;
    f->confidence = l->exact ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM;
    f->count = figure_round(leak->blocks);
    f->cause = leak->key;
    finding_set(f, &f->title, "%s%.0f blocks allocated at %s are lost: nothing refers to them",
                l->exact ? "" : "about ", leak->blocks, model_site(m, first->stack));
    finding_set(
            f, &f->why,
            "Nobody can use or free them any more. Every pass through this code may lose another one, so the process "
            "grows for as long as it runs.");
    finding_set(
            f, &f->fix,
            "Free the block on the path that drops the last pointer to it: mostly an early return or an error path, a "
            "pointer that is overwritten, or an element that is taken out of a container. In C++ let a "
            "std::unique_ptr own it.");
    for (uint32_t i = 0; i < leak->count && i < STACKS_MAX; i++) {
        const struct kiwi_heap_site *s = l->sites[leak->first + i].site;

        finding_stack(f, m, s->stack, wording_thread_row(m, s->thread, s->serial), "allocates them");
    }
    describe(l, leak, f);
    wording_validation_exact(f, m, finding_info(f->id)->id, "every block is looked at, and it must be silent.");
    wording_seen(f, m, leak->first_ticks, leak->last_ticks);
    return 0;
}

int detect_heap_leak(struct model *m, struct finding_list *list)
{
    const struct kiwi_header *h = trace_header(m->trace);
    struct heap_uses *u = heap_uses_open(m);
    struct leaks l = {.m = m, .threads = threads_running(m->trace)};
    uint64_t end = h->end_ticks ? h->end_ticks : trace_last_ticks(m->trace);
    int result = 0;

    l.lasted = end > h->start_ticks ? end - h->start_ticks : 0;
    l.sites = u ? calloc((size_t)u->count + 1, sizeof *l.sites) : NULL;
    if (l.sites)
        collect(&l, u);
    for (uint32_t i = 0; i < l.count && !result;) {
        struct leak leak = {.key = l.sites[i].key, .first = i, .first_ticks = UINT64_MAX};

        for (; i < l.count && l.sites[i].key == leak.key; i++)
            leak_add(&leak, l.sites[i].site);
        if (is_worth_it(&l, &leak))
            result = report(&l, &leak, list);
    }
    result = l.sites ? result : -1;
    free(l.sites);
    heap_uses_close(u);
    return result;
}
