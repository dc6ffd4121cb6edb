#include "heap_lines.h"

#include "json_text.h"
#include "figures.h"

#include <inttypes.h>

#define SHOWN 3u       /* call paths, in text */
#define SHOWN_JSON 16u /* and in JSON */

static bool is_told(const struct loop_use *use, unsigned percent)
{
    return percent <= 50 || durations_tell(loop_use_heap_samples(use), percent, 100);
}

static void print_quantile(const struct loop_uses *u, const struct loop_use *use, enum kiwi_histogram_kind kind,
                           unsigned percent, FILE *out)
{
    if (is_told(use, percent))
        fprintf(out, ", p%u %" PRIu64, percent, loop_use_quantile_of(u, use, kind, percent));
}

static void print_path(const struct loop_uses *u, const struct hot_path *p, FILE *out)
{
    fprintf(out, "%10s %" PRIu64 " allocations of %" PRIu64 " bytes, at most %" PRIu64 " at once: %s\n", "", p->calls,
            figure_mean(p->bytes, p->calls), p->max, model_site(u->m, p->stack));
}

void heap_lines_print(const struct hot_heap *h, const struct loop_uses *u, const struct loop_use *use, FILE *out)
{
    uint32_t count;
    const struct hot_path *p = hot_heap_paths(h, use, &count);

    if (!use->heap_ticks)
        return;
    fprintf(out, "%8s allocations in %" PRIu64 " of %" PRIu64 ": p50 %" PRIu64, "", use->heap_ticks, use->count,
            loop_use_quantile_of(u, use, KIWI_HISTOGRAM_TICK_CALLS, 50));
    print_quantile(u, use, KIWI_HISTOGRAM_TICK_CALLS, 95, out);
    print_quantile(u, use, KIWI_HISTOGRAM_TICK_CALLS, 99, out);
    fprintf(out, ", at most %" PRIu64 "; bytes p50 %" PRIu64, use->heap_max,
            loop_use_quantile_of(u, use, KIWI_HISTOGRAM_TICK_BYTES, 50));
    print_quantile(u, use, KIWI_HISTOGRAM_TICK_BYTES, 95, out);
    print_quantile(u, use, KIWI_HISTOGRAM_TICK_BYTES, 99, out);
    fprintf(out, "; %.0f %% of the time\n", 100 * hot_heap_share(u, use));
    for (uint32_t i = 0; i < count && i < SHOWN; i++)
        print_path(u, &p[i], out);
}

static json_t *quantile_json(const struct loop_uses *u, const struct loop_use *use, enum kiwi_histogram_kind kind,
                             unsigned percent)
{
    if (!use->heap_ticks || !is_told(use, percent))
        return json_null();
    return json_integer((json_int_t)loop_use_quantile_of(u, use, kind, percent));
}

static json_t *quantiles_json(const struct loop_uses *u, const struct loop_use *use, enum kiwi_histogram_kind kind)
{
    return json_pack("{s:o, s:o, s:o}", "p50", quantile_json(u, use, kind, 50), "p95", quantile_json(u, use, kind, 95),
                     "p99", quantile_json(u, use, kind, 99));
}

static json_t *path_json(const struct loop_uses *u, const struct hot_path *p)
{
    return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "site", json_text(model_site(u->m, p->stack)),
                     "allocations", (json_int_t)p->calls, "bytes", (json_int_t)p->bytes, "times", (json_int_t)p->ticks,
                     "max", (json_int_t)p->max, "grown", (json_int_t)p->grown, "grown_little",
                     (json_int_t)p->grown_little);
}

json_t *heap_lines_json(const struct hot_heap *h, const struct loop_uses *u, const struct loop_use *use)
{
    uint32_t count;
    const struct hot_path *p = hot_heap_paths(h, use, &count);
    json_t *paths = json_array();

    for (uint32_t i = 0; i < count && i < SHOWN_JSON && paths; i++)
        if (json_array_append_new(paths, path_json(u, &p[i])) != 0) {
            json_decref(paths);
            return NULL;
        }
    return json_pack("{s:I, s:I, s:I, s:I, s:f, s:o, s:o, s:o}", "times", (json_int_t)use->heap_ticks, "allocations",
                     (json_int_t)use->heap_calls, "bytes", (json_int_t)use->heap_bytes, "max",
                     (json_int_t)use->heap_max, "share", use->heap_ticks ? hot_heap_share(u, use) : 0.0,
                     "allocations_each", quantiles_json(u, use, KIWI_HISTOGRAM_TICK_CALLS), "bytes_each",
                     quantiles_json(u, use, KIWI_HISTOGRAM_TICK_BYTES), "paths", paths);
}
