/* kiwi show hot - what the functions allocate that hot= named when the trace was recorded. */
#include "call_path.h"
#include "json_text.h"
#include "show.h"
#include "trace_facts.h"
#include "words.h"

#include "../analysis/hot_function.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 5u /* call paths of a function, in text */

static int compare_calls(const void *a, const void *b)
{
    return largest_first(((const struct hot_function *)a)->calls, ((const struct hot_function *)b)->calls);
}

static int compare_bytes(const void *a, const void *b)
{
    return largest_first(((const struct hot_function *)a)->bytes, ((const struct hot_function *)b)->bytes);
}

static const char *const sorts[] = {"allocations", "bytes", NULL};

static void *open_rows(struct model *m)
{
    return hot_functions_open(m);
}

static void close_rows(void *rows)
{
    hot_functions_close(rows);
}

static uint32_t count_rows(const void *rows)
{
    return ((const struct hot_functions *)rows)->count;
}

static int sort_rows(void *rows, const char *word)
{
    struct hot_functions *h = rows;

    qsort(h->items, h->count, sizeof *h->items, strcmp(word, "bytes") == 0 ? compare_bytes : compare_calls);
    return 0;
}

/* Too short a time tells no rate. */
static double rate_of(const struct hot_functions *h, const struct hot_function *f)
{
    double span = hot_function_span(h, f);

    return span >= 0.01 ? (double)f->calls / span : 0;
}

static const char *rate_text(double rate, char *text)
{
    if (rate > 0)
        snprintf(text, WORDS_SIZE, "%.0f", rate);
    else
        snprintf(text, WORDS_SIZE, "-");
    return text;
}

static void print_function(const struct hot_functions *h, const struct hot_function *f, FILE *out)
{
    const struct hot_function_path *paths = hot_function_paths(h, f);
    char a[WORDS_SIZE], b[WORDS_SIZE];

    fprintf(out, "%12" PRIu64 " %10s %10s  %s%s\n", f->calls, words_size(f->bytes, a), rate_text(rate_of(h, f), b),
            f->pattern, f->calls ? "" : ": no allocation was seen in a function of that name");
    for (uint32_t i = 0; i < f->count && i < SHOWN; i++) {
        fprintf(out, "%12" PRIu64 " %10s %10s    ", paths[i].calls, words_size(paths[i].bytes, a), "");
        call_path_print(h->m, paths[i].stack, out);
        fputc('\n', out);
    }
    if (f->count > SHOWN)
        fprintf(out, "%37s %" PRIu32 " more call paths (--format=json has them)\n", "", f->count - SHOWN);
}

static void print_heading(const struct show_view *v, FILE *out)
{
    const struct hot_functions *h = v->rows;

    fprintf(out, "Process %" PRIu32 " (%s), %" PRIu32 " hot functions\n\n", v->facts.pid, v->facts.executable,
            h->count);
    fprintf(out, "%12s %10s %10s  %s\n", "ALLOCATIONS", "BYTES", "A SECOND", "FUNCTION");
}

static int print_line(const struct show_view *v, uint32_t at, FILE *out)
{
    const struct hot_functions *h = v->rows;

    print_function(h, &h->items[at], out);
    return 0;
}

static void print_footing(const struct show_view *v, FILE *out)
{
    if (!count_rows(v->rows))
        fputs("\nNone were named: record with hot=FUNCTION,... (kiwi run --hot=FUNCTION,...).\n", out);
}

static json_t *path_json(struct model *m, const struct hot_function_path *p)
{
    return json_pack("{s:o, s:o, s:I, s:I}", "site", json_text(model_site(m, p->stack)), "stack",
                     call_path_json(m, p->stack), "allocations", (json_int_t)p->calls, "bytes", (json_int_t)p->bytes);
}

static json_t *function_json(const struct hot_functions *h, const struct hot_function *f)
{
    double rate = rate_of(h, f);
    json_t *paths = json_array();

    for (uint32_t i = 0; i < f->count && paths; i++)
        if (json_array_append_new(paths, path_json(h->m, &hot_function_paths(h, f)[i])) != 0) {
            json_decref(paths);
            paths = NULL;
        }
    return json_pack("{s:o, s:I, s:I, s:o, s:o}", "function", json_text(f->pattern), "allocations",
                     (json_int_t)f->calls, "bytes", (json_int_t)f->bytes, "allocations_per_second",
                     rate > 0 ? json_real(rate) : json_null(), "paths", paths);
}

static json_t *about_json(const struct show_view *v)
{
    return json_pack("{s:I}", "functions_in_all", (json_int_t)count_rows(v->rows));
}

static json_t *row_json(const struct show_view *v, uint32_t at)
{
    const struct hot_functions *h = v->rows;

    return function_json(h, &h->items[at]);
}

const struct show_table show_hot = {
        .name = "hot",
        .what = "functions",
        .schema = "kiwi-hot/1",
        .list = "functions",
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
