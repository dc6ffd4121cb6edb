/* kiwi show calls - which blocking calls are made where, how often they wait, for how long, and how they fail. */
#include "call_path.h"
#include "json_text.h"
#include "show.h"
#include "words.h"

#include "../analysis/call_kinds.h"
#include "../analysis/call_use.h"
#include "../analysis/detectors/calls.h"
#include "../analysis/peer.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define ERRORS_MAX 3u /* kinds of errors of a line */
#define TEXT_SIZE 512

static uint64_t ns(const struct call_uses *u, uint64_t ticks)
{
    return trace_ns(u->m->trace, ticks);
}

/* Rows. */
static void *open_rows(struct model *m)
{
    return call_uses_open(m);
}

static void close_rows(void *rows)
{
    call_uses_close(rows);
}

static uint32_t count_rows(const void *rows)
{
    return ((const struct call_uses *)rows)->count;
}

static int compare_max(const void *a, const void *b)
{
    return largest_first(((const struct call_use *)a)->max, ((const struct call_use *)b)->max);
}

static int compare_count(const void *a, const void *b)
{
    return largest_first(((const struct call_use *)a)->count, ((const struct call_use *)b)->count);
}

static int compare_waited(const void *a, const void *b)
{
    return largest_first(((const struct call_use *)a)->waited, ((const struct call_use *)b)->waited);
}

static int compare_errors(const void *a, const void *b)
{
    return largest_first(((const struct call_use *)a)->errors, ((const struct call_use *)b)->errors);
}

static const char *const sorts[] = {"time", "max", "count", "waited", "errors", NULL};

/* They come in the order of their time. */
static int sort_rows(void *rows, const char *word)
{
    static int (*const compare[])(const void *, const void *) = {NULL, compare_max, compare_count, compare_waited,
                                                                 compare_errors};
    struct call_uses *u = rows;

    for (size_t i = 1; i < sizeof compare / sizeof *compare; i++)
        if (strcmp(word, sorts[i]) == 0)
            qsort(u->items, u->count, sizeof *u->items, compare[i]);
    return 0;
}

/* Text. */

/* A percentile is told only where enough samples lie above it. */
static bool tells(const struct call_uses *u, const struct call_use *use, unsigned percent)
{
    uint64_t timed = call_use_timed(u, use);

    return percent > 50 ? durations_tell(timed, percent, 100) : timed > 0;
}

static const char *quantile(const struct call_uses *u, const struct call_use *use, unsigned percent, char *text)
{
    return tells(u, use, percent) ? words_duration(ns(u, call_use_quantile(u, use, percent)), text) : "-";
}

static const char *duration_or_dash(const struct call_uses *u, uint64_t ticks, char *text)
{
    return ticks ? words_duration(ns(u, ticks), text) : "-";
}

static const char *limit_text(const struct call_use *use)
{
    uint32_t limits = use->flags & (KIWI_CALLF_UNTIMED | KIWI_CALLF_TIMED);

    return use->nonblocking                                    ? "cannot block"
           : limits == KIWI_CALLF_UNTIMED                      ? "no time limit"
           : limits == KIWI_CALLF_TIMED                        ? "with a time limit"
           : limits == (KIWI_CALLF_UNTIMED | KIWI_CALLF_TIMED) ? "some without a time limit"
                                                               : "can block";
}

static const char *loop_text(enum call_loop loop)
{
    static const char *const words[] = {[CALL_LOOP_NONE] = "",
                                        [CALL_LOOP_WAIT] = ", the wait of an event loop",
                                        [CALL_LOOP_TICKS] = ", in ticks of an event loop"};

    return words[loop];
}

static void print_about(const struct call_uses *u, const struct call_use *use, FILE *out)
{
    char text[TEXT_SIZE], bytes[WORDS_SIZE];

    fprintf(out, "%10s %s%s", "", limit_text(use), loop_text(use->loop));
    if (*call_use_descriptors(use, text, sizeof text))
        fprintf(out, "; on %s", text);
    if (use->peer)
        fprintf(out, " to %s", peer_text(u->m->trace, use->peer, text, sizeof text));
    if (use->bytes)
        fprintf(out, "; %s in those that waited", words_size(use->bytes, bytes));
    if (use->thread)
        fprintf(out, "; %s", model_thread_name(u->m, use->thread));
    fputc('\n', out);
}

static void print_held(const struct call_uses *u, const struct call_use *use, FILE *out)
{
    char text[TEXT_SIZE], time[WORDS_SIZE];

    if (!*call_use_held(u, use, text, sizeof text))
        return;
    fprintf(out, "%10s holding %s", "", text);
    if (use->disturbed)
        fprintf(out, ", which others waited for during %" PRIu64 " of them, %s in all", use->disturbed,
                words_duration(ns(u, use->disturbed_total), time));
    fputc('\n', out);
}

static void print_errors(const struct call_uses *u, const struct call_use *use, FILE *out)
{
    struct call_error errors[ERRORS_MAX];
    unsigned count = use->errors ? call_use_errors(u, use, errors, ERRORS_MAX) : 0;

    for (unsigned i = 0; i < count; i++)
        fprintf(out, "%s%" PRIu64 " %s", i ? ", " : "           failed: ", errors[i].count,
                calls_errno(errors[i].error));
    fputs(count ? "\n" : "", out);
}

static void print_running(const struct call_uses *u, const struct call_use *use, const struct trace_facts *facts,
                          FILE *out)
{
    uint64_t since = use->running_since ? trace_ns_at(u->m->trace, use->running_since) : 0;
    char text[WORDS_SIZE];

    if (!use->running)
        return;
    fprintf(out, "%10s %" PRIu32 " thread%s in it%s", "", use->running, use->running == 1 ? " is" : "s are",
            facts->live ? "" : " at the end");
    if (since && facts->duration_ns > since)
        fprintf(out, ", for %s%s", use->running == 1 ? "" : "up to ", words_duration(facts->duration_ns - since, text));
    fputc('\n', out);
}

static void print_use(const struct call_uses *u, const struct call_use *use, const struct trace_facts *facts, FILE *out)
{
    char a[WORDS_SIZE], b[WORDS_SIZE], c[WORDS_SIZE], d[WORDS_SIZE];

    fprintf(out, "%10" PRIu64 " %9" PRIu64 " %9s %9s %9s %9s %8" PRIu64 "  %s at ", use->count, use->waited,
            duration_or_dash(u, use->total, a), quantile(u, use, 50, b), quantile(u, use, 99, c),
            duration_or_dash(u, use->max, d), use->errors, call_kind_name(use->kind));
    call_path_print(u->m, use->stack, out);
    fputc('\n', out);
    print_about(u, use, out);
    print_held(u, use, out);
    print_errors(u, use, out);
    print_running(u, use, facts, out);
}

static void print_heading(const struct show_view *v, FILE *out)
{
    fprintf(out, "Process %" PRIu32 " (%s), %" PRIu32 " calls by place and locks held\n\n", v->facts.pid,
            v->facts.executable, count_rows(v->rows));
    fprintf(out, "%10s %9s %9s %9s %9s %9s %8s  %s\n", "CALLS", "WAITED", "TOTAL", "P50", "P99", "MAX", "FAILED",
            "CALL");
}

static int print_line(const struct show_view *v, uint32_t at, FILE *out)
{
    const struct call_uses *u = v->rows;

    print_use(u, &u->items[at], &v->facts, out);
    return 0;
}

static void print_footing(const struct show_view *v, FILE *out)
{
    (void)v;
    fputs("\nWAITED: took 100 us or more, and could block; TOTAL, P50, P99 and MAX are of these. Calls that cannot "
          "block (zero\ntimeout, O_NONBLOCK) are not timed, and estimated beyond the first 256 of a thread. FAILED: "
          "other than by EAGAIN,\nEINTR, EINPROGRESS and ETIMEDOUT. \"-\": none, or a percentile with fewer than 100 "
          "samples above it.\n",
          out);
}

/* JSON. */

static json_t *quantile_json(const struct call_uses *u, const struct call_use *use, unsigned percent)
{
    return tells(u, use, percent) ? json_integer((json_int_t)ns(u, call_use_quantile(u, use, percent))) : json_null();
}

static json_t *errors_json(const struct call_uses *u, const struct call_use *use)
{
    struct call_error errors[ERRORS_MAX];
    unsigned count = use->errors ? call_use_errors(u, use, errors, ERRORS_MAX) : 0;
    json_t *list = json_array();

    for (unsigned i = 0; i < count && list; i++)
        if (json_array_append_new(list, json_pack("{s:s, s:I}", "errno", calls_errno(errors[i].error), "count",
                                                  (json_int_t)errors[i].count)) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static json_t *held_json(const struct call_uses *u, const struct call_use *use)
{
    struct model_held held[MODEL_MAX_HELD];
    unsigned count = use->held ? model_held_set(u->m, use->held, held, MODEL_MAX_HELD) : 0;
    json_t *list = json_array();

    for (unsigned i = 0; i < count && list; i++)
        if (json_array_append_new(list, json_text(model_object_name(u->m, held[i].object))) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static json_t *limit_json(const struct call_use *use)
{
    uint32_t limits = use->flags & (KIWI_CALLF_UNTIMED | KIWI_CALLF_TIMED);

    return limits == KIWI_CALLF_UNTIMED ? json_string("none")
           : limits == KIWI_CALLF_TIMED ? json_string("all")
           : limits                     ? json_string("some")
                                        : json_null();
}

static json_t *wait_json(const struct call_uses *u, const struct call_use *use)
{
    return json_pack("{s:I, s:I, s:I, s:o, s:o, s:I, s:I}", "count", (json_int_t)use->waited, "timed",
                     (json_int_t)call_use_timed(u, use), "total_ns", (json_int_t)ns(u, use->total), "p50_ns",
                     quantile_json(u, use, 50), "p99_ns", quantile_json(u, use, 99), "max_ns",
                     (json_int_t)ns(u, use->max), "bytes", (json_int_t)use->bytes);
}

static json_t *running_json(const struct call_uses *u, const struct call_use *use, const struct trace_facts *facts)
{
    uint64_t since = use->running_since ? trace_ns_at(u->m->trace, use->running_since) : 0;

    return json_pack("{s:I, s:o}", "threads", (json_int_t)use->running, "for_ns",
                     since && facts->duration_ns > since ? json_integer((json_int_t)(facts->duration_ns - since))
                                                         : json_null());
}

static json_t *use_json(const struct call_uses *u, const struct call_use *use, const struct trace_facts *facts)
{
    static const char *const loops[] = {
            [CALL_LOOP_NONE] = "outside", [CALL_LOOP_WAIT] = "wait", [CALL_LOOP_TICKS] = "ticks"};
    char text[TEXT_SIZE], peer[PEER_TEXT];
    json_t *kinds = *call_use_descriptors(use, text, sizeof text) ? json_text(text) : json_null();
    json_t *where = json_pack("{s:s, s:o, s:o, s:o}", "call", call_kind_name(use->kind), "site",
                              json_text(model_site(u->m, use->stack)), "stack", call_path_json(u->m, use->stack),
                              "holding", held_json(u, use));
    json_t *figures = json_pack(
            "{s:s, s:b, s:o, s:I, s:o, s:I, s:o, s:I, s:I, s:o, s:o, s:o, s:o}", "loop", loops[use->loop],
            "nonblocking", use->nonblocking, "time_limit", limit_json(use), "count", (json_int_t)use->count, "wait",
            wait_json(u, use), "errors", (json_int_t)use->errors, "errors_by_errno", errors_json(u, use), "disturbed",
            (json_int_t)use->disturbed, "disturbed_ns", (json_int_t)ns(u, use->disturbed_total), "descriptors", kinds,
            "peer", use->peer ? json_text(peer_text(u->m->trace, use->peer, peer, sizeof peer)) : json_null(), "thread",
            use->thread ? json_text(model_thread_name(u->m, use->thread)) : json_null(), "running",
            running_json(u, use, facts));
    int failed = !where || !figures ? -1 : json_object_update(where, figures);

    json_decref(figures);
    if (!failed)
        return where;
    json_decref(where);
    return NULL;
}

static json_t *about_json(const struct show_view *v)
{
    return json_pack("{s:I, s:I}", "recorded_ns", (json_int_t)v->facts.duration_ns, "calls_in_all",
                     (json_int_t)count_rows(v->rows));
}

static json_t *row_json(const struct show_view *v, uint32_t at)
{
    const struct call_uses *u = v->rows;

    return use_json(u, &u->items[at], &v->facts);
}

const struct show_table show_calls = {
        .name = "calls",
        .what = "calls",
        .schema = "kiwi-calls/1",
        .list = "calls",
        .sorts = sorts,
        .open = open_rows,
        .close = close_rows,
        .count = count_rows,
        .sort = sort_rows,
        .heading = print_heading,
        .line = print_line,
        .footing = print_footing,
        .about = about_json,
        .row = row_json,
};
