/* kiwi show scopes - the pieces of work that a program names through kiwi.h: how often and how long. */
#include "heap_lines.h"
#include "json_text.h"
#include "show.h"
#include "trace_facts.h"
#include "words.h"

#include "../analysis/loop_use.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static uint64_t ns(const struct loop_uses *u, uint64_t ticks)
{
    return trace_ns(u->m->trace, ticks);
}

static int compare_time(const void *a, const void *b)
{
    return largest_first(((const struct loop_use *)a)->total, ((const struct loop_use *)b)->total);
}

static int compare_count(const void *a, const void *b)
{
    return largest_first(((const struct loop_use *)a)->count, ((const struct loop_use *)b)->count);
}

static const char *const sorts[] = {"time", "count", NULL};

static const char *name_of(const struct loop_uses *u, const struct loop_use *use)
{
    return trace_string(u->m->trace, use->main->name);
}

/* One thread by name, or how many there are. */
static const char *thread_of(const struct loop_uses *u, const struct loop_use *use, char *text, size_t size)
{
    if (use->thread && use->members == 1)
        return model_thread_name(u->m, use->thread);
    snprintf(text, size, "several threads of one kind");
    return text;
}

/* A percentile is told only where enough samples lie above it. */
static bool is_told(const struct loop_use *use, unsigned percent)
{
    return percent <= 50 || durations_tell(use->count, percent, 100);
}

static const char *quantile(const struct loop_uses *u, const struct loop_use *use, unsigned percent, char *text)
{
    return is_told(use, percent) ? words_duration(ns(u, loop_use_quantile(u, use, percent)), text) : "-";
}

static void print_use(const struct loop_uses *u, const struct hot_heap *h, const struct loop_use *use, FILE *out)
{
    char a[WORDS_SIZE], b[WORDS_SIZE], c[WORDS_SIZE], d[WORDS_SIZE], e[WORDS_SIZE], text[64];

    fprintf(out, "%10" PRIu64 " %9s %9s %9s %9s %9s  %s, %s\n", use->count, words_duration(ns(u, use->total), a),
            quantile(u, use, 50, b), quantile(u, use, 95, c), quantile(u, use, 99, d),
            words_duration(ns(u, use->max), e), name_of(u, use), thread_of(u, use, text, sizeof text));
    heap_lines_print(h, u, use, out);
}

static void print_text(const struct loop_uses *u, const struct hot_heap *h, const struct show_request *q)
{
    struct trace_facts facts;

    trace_facts_read(&facts, u->m->trace);
    fprintf(q->out, "Process %" PRIu32 " (%s), %" PRIu32 " scopes\n\n", facts.pid, facts.executable, u->count);
    fprintf(q->out, "%10s %9s %9s %9s %9s %9s  %s\n", "COUNT", "TOTAL", "P50", "P95", "P99", "MAX", "SCOPE");
    for (uint32_t i = 0; i < u->count && (!q->top || i < q->top); i++)
        print_use(u, h, &u->items[i], q->out);
    if (q->top && u->count > q->top)
        fprintf(q->out, "\n%" PRIu32 " more scopes: --top=0 shows them all.\n", u->count - q->top);
    if (!u->count)
        fputs("\nA program names its scopes by kiwi_scope_begin and kiwi_scope_end of <kiwi.h>.\n", q->out);
}

static json_t *quantile_json(const struct loop_uses *u, const struct loop_use *use, unsigned percent)
{
    return is_told(use, percent) ? json_integer((json_int_t)ns(u, loop_use_quantile(u, use, percent))) : json_null();
}

static json_t *use_json(const struct loop_uses *u, const struct hot_heap *h, const struct loop_use *use)
{
    json_t *thread = use->thread && use->members == 1 ? json_text(model_thread_name(u->m, use->thread)) : json_null();

    return json_pack("{s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:I, s:o}", "name", json_text(name_of(u, use)), "thread",
                     thread, "count", (json_int_t)use->count, "total_ns", (json_int_t)ns(u, use->total), "p50_ns",
                     quantile_json(u, use, 50), "p95_ns", quantile_json(u, use, 95), "p99_ns",
                     quantile_json(u, use, 99), "max_ns", (json_int_t)ns(u, use->max), "heap",
                     heap_lines_json(h, u, use));
}

static json_t *process_json(const struct loop_uses *u, const struct hot_heap *h, unsigned top)
{
    struct trace_facts facts;
    json_t *scopes = json_array();

    trace_facts_read(&facts, u->m->trace);
    for (uint32_t i = 0; i < u->count && scopes && (!top || i < top); i++)
        if (json_array_append_new(scopes, use_json(u, h, &u->items[i])) != 0) {
            json_decref(scopes);
            scopes = NULL;
        }
    return json_pack("{s:i, s:o, s:I, s:o}", "pid", (int)facts.pid, "executable", json_text(facts.executable),
                     "scopes_in_all", (json_int_t)u->count, "scopes", scopes);
}

static int print_process(const struct show_request *q, struct model *m, json_t *processes)
{
    struct loop_uses *u = loop_uses_open_scopes(m);
    struct hot_heap *h = u ? hot_heap_open(u) : NULL;
    int result = h ? 0 : -1;

    if (h) {
        qsort(u->items, u->count, sizeof *u->items,
              q->sort && strcmp(q->sort, "count") == 0 ? compare_count : compare_time);
        if (q->json)
            result = json_array_append_new(processes, process_json(u, h, q->top));
        else
            print_text(u, h, q);
    }
    hot_heap_close(h);
    loop_uses_close(u);
    if (result)
        errno = ENOMEM;
    return result;
}

const struct show_table show_scopes = {
        .name = "scopes",
        .sorts = sorts,
        .schema = "kiwi-scopes/1",
        .print = print_process,
};
