/* kiwi show ticks - which threads run event loops, how long their ticks are, and what the longest ones did. */
#include "heap_lines.h"
#include "json_text.h"
#include "loop_rows.h"
#include "show.h"
#include "words.h"

#include "../analysis/lock_use.h"
#include "../analysis/loop_use.h"
#include "../analysis/call_kinds.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 3u /* of the longest ticks, in text */

static uint64_t ns(const struct loop_uses *u, uint64_t ticks)
{
    return trace_ns(u->m->trace, ticks);
}

static const char *const sorts[] = {"time", "max", "count", NULL};

static int sort_rows(void *rows, const char *word)
{
    static int (*const compare[])(const void *, const void *) = {loop_rows_by_time, loop_rows_by_max,
                                                                 loop_rows_by_count};
    struct loop_uses *u = ((struct loop_rows *)rows)->loops;

    for (size_t i = 0; i < sizeof compare / sizeof *compare; i++)
        if (strcmp(word, sorts[i]) == 0)
            qsort(u->items, u->count, sizeof *u->items, compare[i]);
    return 0;
}

static void *open_rows(struct model *m)
{
    return loop_rows_open(loop_uses_open(m));
}

/* The longest ticks of all members. */

static int compare_tick(const void *a, const void *b)
{
    return largest_first((*(const struct kiwi_tick *const *)a)->ticks, (*(const struct kiwi_tick *const *)b)->ticks);
}

/* Into an array for KIWI_LOOP_WORST of each member; returns their number, NULL-safe. */
static unsigned worst_ticks(const struct loop_uses *u, const struct loop_use *use, const struct kiwi_tick **worst)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < use->members; i++) {
        const struct kiwi_loop *l = trace_loop(u->m->trace, u->rows[use->first + i]);

        for (uint32_t k = 0; l && l->worst && k < KIWI_LOOP_WORST; k++) {
            const struct kiwi_tick *t = trace_tick(u->m->trace, l->worst + k);

            if (t && t->begin_ticks)
                worst[count++] = t;
        }
    }
    qsort(worst, count, sizeof *worst, compare_tick);
    return count < KIWI_LOOP_WORST ? count : KIWI_LOOP_WORST;
}

static const struct kiwi_tick **worst_open(const struct loop_use *use)
{
    return calloc((size_t)use->members * KIWI_LOOP_WORST + 1, sizeof(struct kiwi_tick *));
}

/* What a tick waited for: "usleep at throttle server.c:12". */
static const char *part_text(struct model *m, const struct kiwi_tick_part *p, char *text, size_t size)
{
    if (p->kind == KIWI_STALL_CALL) {
        const struct kiwi_call *c = trace_call(m->trace, p->row);

        snprintf(text, size, "%s at %s", call_kind_name(c ? c->kind : 0), model_site(m, c ? c->stack : 0));
    } else {
        const struct kiwi_acquisition *a = trace_acquisition(m->trace, p->row);

        snprintf(text, size, "%s at %s", a ? model_object_name(m, a->object) : "a lock",
                 model_site(m, a ? a->stack : 0));
    }
    return text;
}

/* Text. */

static void print_tick(const struct loop_uses *u, const struct kiwi_tick *t, FILE *out)
{
    char a[WORDS_SIZE], b[WORDS_SIZE], c[WORDS_SIZE], what[512];

    fprintf(out, "%8s tick of %s after %s, %" PRIu32 " events", "", words_duration(ns(u, t->ticks), a),
            words_duration(trace_ns_at(u->m->trace, t->begin_ticks), b), t->events);
    if (t->cpu_ticks != KIWI_TICK_UNKNOWN)
        fprintf(out, ", %s on the processor", words_duration(ns(u, t->cpu_ticks), c));
    if (t->heap_calls)
        fprintf(out, ", %" PRIu64 " allocations", t->heap_calls);
    fputc('\n', out);
    for (unsigned i = 0; i < KIWI_TICK_PARTS; i++)
        if (t->parts[i].kind)
            fprintf(out, "%10s waited for %s: %s\n", "", words_duration(ns(u, t->parts[i].ticks), a),
                    part_text(u->m, &t->parts[i], what, sizeof what));
}

static int print_use(const struct loop_uses *u, const struct hot_heap *h, const struct loop_use *use, FILE *out)
{
    char a[WORDS_SIZE], b[WORDS_SIZE], c[WORDS_SIZE], d[WORDS_SIZE], text[512];
    const struct kiwi_tick **worst = worst_open(use);
    unsigned count = worst ? worst_ticks(u, use, worst) : 0;

    fprintf(out, "%8" PRIu64 " %7.1f %9s %9s %9s %9s %7" PRIu64 " %7" PRIu64 "  %s, %s\n", use->count,
            use->served ? (double)use->events / (double)use->served : 0.0, loop_rows_quantile(u, use, 50, a),
            loop_rows_quantile(u, use, 95, b), loop_rows_quantile(u, use, 99, c), words_duration(ns(u, use->max), d),
            use->over, use->ready, loop_use_text(u, use, text, sizeof text),
            use->thread && use->members == 1 ? model_thread_name(u->m, use->thread) : "several threads");
    heap_lines_print(h, u, use, out);
    for (unsigned i = 0; i < count && i < SHOWN; i++)
        print_tick(u, worst[i], out);
    free(worst);
    return worst ? 0 : -1;
}

static void print_heading(const struct show_view *v, FILE *out)
{
    fprintf(out, "Process %" PRIu32 " (%s), %" PRIu32 " loops\n\n", v->facts.pid, v->facts.executable,
            loop_rows_count(v->rows));
    fprintf(out, "%8s %7s %9s %9s %9s %9s %7s %7s  %s\n", "TICKS", "EVENTS", "P50", "P95", "P99", "MAX", "OVER",
            "READY", "LOOP");
}

static int print_line(const struct show_view *v, uint32_t at, FILE *out)
{
    const struct loop_rows *r = v->rows;

    return print_use(r->loops, r->heap, &r->loops->items[at], out);
}

static void print_footing(const struct show_view *v, FILE *out)
{
    (void)v;
    fputs("\nA tick runs from the return of the loop's wait to its next wait. EVENTS: on average, of the waits that "
          "brought\nany. OVER: longer than tick-budget. READY: waits that found events at once. \"-\": a percentile "
          "with fewer than\n100 samples above it. A thread that merely waits for its input with poll is listed as "
          "well.\n",
          out);
}

/* JSON. */

static json_t *parts_json(const struct loop_uses *u, const struct kiwi_tick *t)
{
    json_t *list = json_array();
    char what[512];

    for (unsigned i = 0; i < KIWI_TICK_PARTS && list; i++) {
        json_t *one = t->parts[i].kind ? json_pack("{s:s, s:o, s:I}", "kind",
                                                   t->parts[i].kind == KIWI_STALL_CALL ? "call" : "lock", "what",
                                                   json_text(part_text(u->m, &t->parts[i], what, sizeof what)),
                                                   "wait_ns", (json_int_t)ns(u, t->parts[i].ticks))
                                       : NULL;

        if (t->parts[i].kind && json_array_append_new(list, one)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *tick_json(const struct loop_uses *u, const struct kiwi_tick *t)
{
    json_t *cpu = t->cpu_ticks == KIWI_TICK_UNKNOWN ? json_null() : json_integer((json_int_t)ns(u, t->cpu_ticks));

    return json_pack("{s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:o}", "at_ns",
                     (json_int_t)trace_ns_at(u->m->trace, t->begin_ticks), "duration_ns", (json_int_t)ns(u, t->ticks),
                     "cpu_ns", cpu, "events", (json_int_t)t->events, "blocked_ns", (json_int_t)ns(u, t->blocked_ticks),
                     "lock_wait_ns", (json_int_t)ns(u, t->lock_ticks), "allocations", (json_int_t)t->heap_calls,
                     "waits", parts_json(u, t));
}

static json_t *worst_json(const struct loop_uses *u, const struct loop_use *use)
{
    const struct kiwi_tick **worst = worst_open(use);
    unsigned count = worst ? worst_ticks(u, use, worst) : 0;
    json_t *list = worst ? json_array() : NULL;

    for (unsigned i = 0; i < count && list; i++)
        if (json_array_append_new(list, tick_json(u, worst[i]))) {
            json_decref(list);
            list = NULL;
        }
    free(worst);
    return list;
}

static json_t *use_json(const struct loop_uses *u, const struct hot_heap *h, const struct loop_use *use)
{
    static const char *const serves[] = {[LOOP_SERVES_CLIENT] = "client",
                                         [LOOP_SERVES_ONE] = "one",
                                         [LOOP_SERVES_TWO] = "two",
                                         [LOOP_SERVES_MANY] = "many"};
    json_t *duration = json_pack("{s:I, s:o, s:o, s:o, s:I}", "total_ns", (json_int_t)ns(u, use->total), "p50_ns",
                                 loop_rows_quantile_json(u, use, 50), "p95_ns", loop_rows_quantile_json(u, use, 95),
                                 "p99_ns", loop_rows_quantile_json(u, use, 99), "max_ns", (json_int_t)ns(u, use->max));
    json_t *over = json_pack("{s:I, s:I, s:I, s:I, s:I}", "count", (json_int_t)use->over, "total_ns",
                             (json_int_t)ns(u, use->over_total), "blocked", (json_int_t)use->blocked, "computing",
                             (json_int_t)use->computing, "crowded", (json_int_t)use->crowded);

    return json_pack("{s:s, s:o, s:o, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "call",
                     loop_use_wait(use), "site", json_text(model_site(u->m, use->stack)), "thread",
                     use->thread && use->members == 1 ? json_text(model_thread_name(u->m, use->thread)) : json_null(),
                     "threads", (json_int_t)use->members, "serves", serves[loop_use_serves(use)], "budget_ns",
                     (json_int_t)use->main->budget_ns, "ticks", (json_int_t)use->count, "ticks_with_events",
                     (json_int_t)use->served, "events", (json_int_t)use->events, "ready", (json_int_t)use->ready,
                     "duration", duration, "over_budget", over, "longest", worst_json(u, use), "heap",
                     heap_lines_json(h, u, use));
}

static json_t *about_json(const struct show_view *v)
{
    const struct loop_uses *u = ((const struct loop_rows *)v->rows)->loops;

    return json_pack("{s:I, s:I}", "recorded_ns", (json_int_t)ns(u, lock_use_recorded(u->m)), "loops_in_all",
                     (json_int_t)u->count);
}

static json_t *row_json(const struct show_view *v, uint32_t at)
{
    const struct loop_rows *r = v->rows;

    return use_json(r->loops, r->heap, &r->loops->items[at]);
}

const struct show_table show_ticks = {
        .name = "ticks",
        .what = "loops",
        .schema = "kiwi-ticks/1",
        .list = "loops",
        .sorts = sorts,
        .open = open_rows,
        .close = loop_rows_close,
        .count = loop_rows_count,
        .sort = sort_rows,
        .heading = print_heading,
        .line = print_line,
        .footing = print_footing,
        .about = about_json,
        .row = row_json,
};
