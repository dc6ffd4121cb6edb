/* kiwi show scopes - the pieces of work that a program names through kiwi.h: how often and how long. */
#include "heap_lines.h"
#include "json_text.h"
#include "loop_rows.h"
#include "show.h"
#include "words.h"

#include "../analysis/loop_use.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static uint64_t ns(const struct loop_uses *u, uint64_t ticks)
{
    return trace_ns(u->m->trace, ticks);
}

static const char *const sorts[] = {"time", "count", NULL};

static int sort_rows(void *rows, const char *word)
{
    struct loop_uses *u = ((struct loop_rows *)rows)->loops;

    qsort(u->items, u->count, sizeof *u->items, strcmp(word, "count") == 0 ? loop_rows_by_count : loop_rows_by_time);
    return 0;
}

static void *open_rows(struct model *m)
{
    return loop_rows_open(loop_uses_open_scopes(m));
}

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

static void print_use(const struct loop_uses *u, const struct hot_heap *h, const struct loop_use *use, FILE *out)
{
    char a[WORDS_SIZE], b[WORDS_SIZE], c[WORDS_SIZE], d[WORDS_SIZE], e[WORDS_SIZE], text[64];

    fprintf(out, "%10" PRIu64 " %9s %9s %9s %9s %9s  %s, %s\n", use->count, words_duration(ns(u, use->total), a),
            loop_rows_quantile(u, use, 50, b), loop_rows_quantile(u, use, 95, c), loop_rows_quantile(u, use, 99, d),
            words_duration(ns(u, use->max), e), name_of(u, use), thread_of(u, use, text, sizeof text));
    heap_lines_print(h, u, use, out);
}

static void print_heading(const struct show_view *v, FILE *out)
{
    fprintf(out, "Process %" PRIu32 " (%s), %" PRIu32 " scopes\n\n", v->facts.pid, v->facts.executable,
            loop_rows_count(v->rows));
    fprintf(out, "%10s %9s %9s %9s %9s %9s  %s\n", "COUNT", "TOTAL", "P50", "P95", "P99", "MAX", "SCOPE");
}

static int print_line(const struct show_view *v, uint32_t at, FILE *out)
{
    const struct loop_rows *r = v->rows;

    print_use(r->loops, r->heap, &r->loops->items[at], out);
    return 0;
}

static void print_footing(const struct show_view *v, FILE *out)
{
    if (!loop_rows_count(v->rows))
        fputs("\nA program names its scopes by kiwi_scope_begin and kiwi_scope_end of <kiwi.h>.\n", out);
}

static json_t *use_json(const struct loop_uses *u, const struct hot_heap *h, const struct loop_use *use)
{
    json_t *thread = use->thread && use->members == 1 ? json_text(model_thread_name(u->m, use->thread)) : json_null();

    return json_pack("{s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:I, s:o}", "name", json_text(name_of(u, use)), "thread",
                     thread, "count", (json_int_t)use->count, "total_ns", (json_int_t)ns(u, use->total), "p50_ns",
                     loop_rows_quantile_json(u, use, 50), "p95_ns", loop_rows_quantile_json(u, use, 95), "p99_ns",
                     loop_rows_quantile_json(u, use, 99), "max_ns", (json_int_t)ns(u, use->max), "heap",
                     heap_lines_json(h, u, use));
}

static json_t *about_json(const struct show_view *v)
{
    return json_pack("{s:I}", "scopes_in_all", (json_int_t)loop_rows_count(v->rows));
}

static json_t *row_json(const struct show_view *v, uint32_t at)
{
    const struct loop_rows *r = v->rows;

    return use_json(r->loops, r->heap, &r->loops->items[at]);
}

const struct show_table show_scopes = {
        .name = "scopes",
        .what = "scopes",
        .schema = "kiwi-scopes/1",
        .list = "scopes",
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
