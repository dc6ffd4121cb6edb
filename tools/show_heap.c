/* kiwi show heap - what each call path allocates and what of it lives, with how far the estimates may be off. */
#include "call_path.h"
#include "json_text.h"
#include "show.h"
#include "words.h"

#include "../analysis/allocator.h"
#include "../analysis/heap_use.h"
#include "figures.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MANY 0.05 /* a share that is worth a line */

/* Order. */

static int by_figure(double a, double b)
{
    return a < b ? 1 : a > b ? -1 : 0; /* large ones first */
}

static int compare_made(const void *a, const void *b)
{
    const struct heap_use *x = a, *y = b;
    int order = by_figure(x->made.bytes, y->made.bytes);

    return order ? order : by_figure(y->row, x->row);
}

static int compare_live(const void *a, const void *b)
{
    int order = by_figure(((const struct heap_use *)a)->live.bytes, ((const struct heap_use *)b)->live.bytes);

    return order ? order : compare_made(a, b);
}

static int compare_peak(const void *a, const void *b)
{
    int order = by_figure(((const struct heap_use *)a)->peak_bytes, ((const struct heap_use *)b)->peak_bytes);

    return order ? order : compare_made(a, b);
}

static int compare_blocks(const void *a, const void *b)
{
    int order = by_figure(((const struct heap_use *)a)->made.blocks, ((const struct heap_use *)b)->made.blocks);

    return order ? order : compare_made(a, b);
}

static const struct sort {
    const char *word;
    int (*compare)(const void *a, const void *b);
} orders[] = {{"live", compare_live}, {"allocated", compare_made}, {"blocks", compare_blocks}, {"peak", compare_peak}};

static const char *const sorts[] = {"live", "allocated", "blocks", "peak", NULL};

static int sort_rows(void *rows, const char *word)
{
    struct heap_uses *u = rows;

    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        if (strcmp(word, orders[i].word) == 0)
            qsort(u->items, u->count, sizeof *u->items, orders[i].compare);
    return 0;
}

static void *open_rows(struct model *m)
{
    return heap_uses_open(m);
}

static void close_rows(void *rows)
{
    heap_uses_close(rows);
}

static uint32_t count_rows(const void *rows)
{
    return ((const struct heap_uses *)rows)->count;
}

/* Text. */

static const char *size(double bytes, char *text)
{
    return words_size(figure_round(bytes), text);
}

static const char *lived(const struct heap_uses *u, const struct heap_use *use, unsigned percent, char *text)
{
    char time[WORDS_SIZE];
    uint64_t ticks = heap_use_lived(use, percent);

    if (!ticks || ticks == UINT64_MAX)
        return ticks ? "long" : "-";
    snprintf(text, WORDS_SIZE, "<%.*s", WORDS_SIZE - 2, words_duration(trace_ns(u->m->trace, ticks), time));
    return text;
}

static void print_threads(const struct heap_uses *u, const struct heap_use *use, FILE *out)
{
    struct model *m = u->m;

    if (use->elsewhere < MANY && use->others < MANY)
        return;
    fprintf(out, "%10s", "");
    if (use->others >= MANY)
        fprintf(out, " %.0f %% allocated by other threads than %s;", 100 * use->others,
                use->thread ? model_thread_name(m, use->thread) : "the first");
    fprintf(out, " %.0f %% of the freed ones freed by another thread than allocated them", 100 * use->elsewhere);
    if (use->free_thread)
        fprintf(out, " (%s)", model_thread_name(m, use->free_thread));
    fputc('\n', out);
}

static void print_use(const struct heap_uses *u, const struct heap_use *use, FILE *out)
{
    char a[WORDS_SIZE], b[WORDS_SIZE], c[WORDS_SIZE], d[WORDS_SIZE], e[WORDS_SIZE], f[WORDS_SIZE];

    fprintf(out, "%10s %10s %10.0f %10s %10s %10.0f %10s %9s  ", size(use->live.bytes, a),
            size(use->live.bytes_error, b), use->live.blocks, size(use->peak_bytes, c), size(use->made.bytes, d),
            use->made.blocks, size(use->freed_bytes, e), lived(u, use, 50, f));
    call_path_print(u->m, use->site->stack, out);
    fputc('\n', out);
    print_threads(u, use, out);
}

static void print_figures(const struct kiwi_allocator *a, FILE *out)
{
    char b[6][WORDS_SIZE];

    fprintf(out,
            "jemalloc says: %s allocated in %s of pages (fragmentation %.2f), %s resident (at most %s, with %s "
            "allocated), %s mapped, %s retained, %s for itself\n",
            words_size(a->allocated, b[0]), words_size(a->active, b[1]), allocator_fragmentation(a),
            words_size(a->resident, b[2]), words_size(a->resident_max, b[3]), words_size(a->allocated_then, b[4]),
            words_size(a->mapped, b[5]), words_size(a->retained, (char[WORDS_SIZE]){""}),
            words_size(a->metadata, (char[WORDS_SIZE]){""}));
}

static void print_allocator(const struct model *m, FILE *out)
{
    const struct kiwi_allocator *a = allocator_figures(m);
    char text[ALLOCATOR_TEXT];
    const char *unseen = allocator_unseen(m, text, sizeof text);

    if (a)
        print_figures(a, out);
    if (unseen)
        fprintf(out, "Note: %s.\n", unseen);
    fputc('\n', out);
}

static void print_heading(const struct show_view *v, FILE *out)
{
    const struct heap_uses *u = v->rows;
    char a[WORDS_SIZE], b[WORDS_SIZE], c[WORDS_SIZE];

    fprintf(out, "Process %" PRIu32 " (%s), %" PRIu32 " call paths that allocate\n", v->facts.pid, v->facts.executable,
            u->count);
    fprintf(out, "Live: %s +- %s in %.0f blocks; allocated in all: %s\n", size(u->live.bytes, a),
            size(u->live.bytes_error, b), u->live.blocks, size(u->made.bytes, c));
    print_allocator(u->m, out);
    fprintf(out, "%32s %10s %21s %10s\n", "LIVE", "", "ALLOCATED", "FREED");
    fprintf(out, "%10s %10s %10s %10s %10s %10s %10s %9s  %s\n", "BYTES", "+-", "BLOCKS", "PEAK", "BYTES", "BLOCKS",
            "BYTES", "LIVED", "SITE");
}

static int print_line(const struct show_view *v, uint32_t at, FILE *out)
{
    const struct heap_uses *u = v->rows;

    print_use(u, &u->items[at], out);
    return 0;
}

static void print_footing(const struct show_view *v, FILE *out)
{
    const struct heap_uses *u = v->rows;

    if (!u->count)
        fputs("\nNo allocation was looked at (heap=sample or heap=exact does so).\n", out);
    else if (heap_uses_exact(u))
        fputs("\nEvery allocation was looked at. LIVED: half of the freed blocks lived for less.\n", out);
    else
        fputs("\nEstimated from a sample (heap=exact looks at all): the truth is within +- in 19 of 20 cases. Do not "
              "rank\nsites whose intervals overlap. LIVED: half of the freed blocks lived for less.\n",
              out);
}

/* JSON. */

static json_t *amount_json(const struct heap_amount *a)
{
    return json_pack("{s:f, s:f, s:f, s:f}", "bytes", a->bytes, "bytes_error", a->bytes_error, "blocks", a->blocks,
                     "blocks_error", a->blocks_error);
}

static json_t *lived_json(const struct heap_uses *u, const struct heap_use *use, unsigned percent)
{
    uint64_t ticks = heap_use_lived(use, percent);

    return ticks && ticks != UINT64_MAX ? json_integer((json_int_t)trace_ns(u->m->trace, ticks)) : json_null();
}

static json_t *thread_json(struct model *m, uint32_t thread)
{
    return thread ? json_text(model_thread_name(m, thread)) : json_null();
}

static json_t *use_json(const struct heap_uses *u, const struct heap_use *use)
{
    struct model *m = u->m;
    json_t *freed =
            json_pack("{s:f, s:f, s:f, s:o, s:o, s:o}", "bytes", use->freed_bytes, "blocks", use->freed_blocks,
                      "share_by_other_threads", use->elsewhere, "other_thread", thread_json(m, use->free_thread),
                      "lived_p50_below_ns", lived_json(u, use, 50), "lived_p99_below_ns", lived_json(u, use, 99));

    return json_pack("{s:o, s:o, s:o, s:o, s:f, s:o, s:f, s:o, s:I, s:f}", "site",
                     json_text(model_site(m, use->site->stack)), "stack", call_path_json(m, use->site->stack), "live",
                     amount_json(&use->live), "allocated", amount_json(&use->made), "peak_bytes", use->peak_bytes,
                     "freed", freed, "share_of_other_threads", use->others, "thread", thread_json(m, use->thread),
                     "samples", (json_int_t)use->site->samples, "unfollowed_bytes", use->unfollowed_bytes);
}

static json_t *figures_json(const struct kiwi_allocator *a)
{
    if (!a)
        return json_null();
    return json_pack("{s:s, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "name", "jemalloc", "allocated",
                     (json_int_t)a->allocated, "active", (json_int_t)a->active, "fragmentation",
                     allocator_fragmentation(a), "metadata", (json_int_t)a->metadata, "resident",
                     (json_int_t)a->resident, "mapped", (json_int_t)a->mapped, "retained", (json_int_t)a->retained,
                     "resident_max", (json_int_t)a->resident_max, "allocated_then", (json_int_t)a->allocated_then,
                     "looks", (json_int_t)a->looks);
}

static json_t *about_json(const struct show_view *v)
{
    const struct heap_uses *u = v->rows;
    char text[ALLOCATOR_TEXT];
    const char *unseen = allocator_unseen(u->m, text, sizeof text);

    return json_pack("{s:o, s:o, s:b, s:o, s:o, s:I}", "allocator", figures_json(allocator_figures(u->m)), "unseen",
                     unseen ? json_text(unseen) : json_null(), "exact", heap_uses_exact(u), "live",
                     amount_json(&u->live), "allocated", amount_json(&u->made), "sites_in_all", (json_int_t)u->count);
}

static json_t *row_json(const struct show_view *v, uint32_t at)
{
    const struct heap_uses *u = v->rows;

    return use_json(u, &u->items[at]);
}

const struct show_table show_heap = {
        .name = "heap",
        .what = "call paths",
        .schema = "kiwi-heap/1",
        .list = "sites",
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
