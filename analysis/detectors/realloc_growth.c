/*
 * realloc-growth: in ticks or scopes, buffers grow by small steps, with a realloc for each.
 *
 * A step is small when it adds less than 1/KIWI_HEAP_SMALL_STEP of what is there: growth by a factor never does that,
 * whatever the factor in use. One buffer that grows to its bound is no finding, nor is start-up: it must happen to
 * buffer after buffer, for most of the time, and often.
 */
#include "detector.h"

#include "../hot_heap.h"
#include "../place.h"
#include "wording.h"

#include <inttypes.h>
#include <stdio.h>

#define LITTLE 200u      /* small steps */
#define LITTLE_PART 0.25 /* of all steps */
#define LITTLE_EACH 6u   /* for each buffer that begins at this path */
#define BUFFERS 3u       /* that begin */
#define TICKS 100u       /* in which it happened */
#define RATE 50.0        /* steps a second, over the life of the loop */
#define SPREAD 0.5       /* of that, between the first and the latest */

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

    j->buffers = p->grown_first > p->grown_back ? p->grown_first : p->grown_back;
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
                     p->grown_bytes / p->grown, p->grown_max, p->moved);
    if (p->grown_first)
        finding_evidence(f, "%" PRIu64 " buffers began at this path: %.0f steps for each.", p->grown_first,
                         (double)p->grown / (double)p->grown_first);
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
    finding_set(f, &f->why,
                "Each step may copy all that the buffer holds. For a buffer of n steps that are n²/2 steps' worth of "
                "copying: twice the data takes four times as long, on the path that serves requests.");
    finding_set(f, &f->fix,
                "Keep the room beside the length and double it when it is used up; or ask for the whole size before "
                "the first byte, where it is known. Keep the buffer for the next one.");
    wording_validation(f, m, "realloc-growth", "the finding must be gone.");
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

int detect_realloc_growth(struct model *m, struct finding_list *list)
{
    return look_at(loop_uses_open(m), false, list) || look_at(loop_uses_open_scopes(m), true, list) ? -1 : 0;
}
