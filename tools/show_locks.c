/* kiwi show locks - which locks are taken, waited for and held, how often and how long. */
#include "json_text.h"
#include "show.h"
#include "words.h"

#include "../analysis/lock_use.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define TOP_MAX 3u /* holders and waiters of each lock */

/* One of those who hold a lock most, or wait for it longest. */
struct party {
    uint32_t thread; /* row; 0 = threads of the class of that start */
    uint32_t stack;  /* where it waited; 0 for holders */
    uint64_t amount; /* ticks waited, or acquisitions estimated */
    uint64_t waits;
};

static uint64_t ns(const struct lock_uses *u, uint64_t ticks)
{
    return trace_ns(u->m->trace, ticks);
}

/* Order. */

static int compare_wait(const void *a, const void *b)
{
    const struct lock_use *x = a, *y = b;
    int order = largest_first(x->wait_ticks, y->wait_ticks);

    return order                               ? order
           : largest_first(x->count, y->count) ? largest_first(x->count, y->count)
                                               : largest_first(y->object, x->object);
}

static int compare_contended(const void *a, const void *b)
{
    int order = largest_first(((const struct lock_use *)a)->contended, ((const struct lock_use *)b)->contended);

    return order ? order : compare_wait(a, b);
}

static int compare_acquired(const void *a, const void *b)
{
    int order = largest_first(((const struct lock_use *)a)->count, ((const struct lock_use *)b)->count);

    return order ? order : compare_wait(a, b);
}

static int compare_hold(const void *a, const void *b)
{
    int order = largest_first(((const struct lock_use *)a)->held_ticks, ((const struct lock_use *)b)->held_ticks);

    return order ? order : compare_wait(a, b);
}

struct named_use {
    const char *name;
    struct lock_use use;
};

static int compare_name(const void *a, const void *b)
{
    int order = strcmp(((const struct named_use *)a)->name, ((const struct named_use *)b)->name);

    return order ? order : compare_wait(&((const struct named_use *)a)->use, &((const struct named_use *)b)->use);
}

static int sort_by_name(struct lock_uses *u)
{
    struct named_use *named = calloc((size_t)u->count + 1, sizeof *named);

    if (!named)
        return -1;
    for (uint32_t i = 0; i < u->count; i++)
        named[i] = (struct named_use){model_object_name(u->m, u->items[i].object), u->items[i]};
    qsort(named, u->count, sizeof *named, compare_name);
    for (uint32_t i = 0; i < u->count; i++)
        u->items[i] = named[i].use;
    free(named);
    return 0;
}

static const char *const sorts[] = {"wait", "contended", "acquired", "hold", "name", NULL};

static int sort_rows(void *rows, const char *word)
{
    static int (*const compare[])(const void *, const void *) = {compare_wait, compare_contended, compare_acquired,
                                                                 compare_hold};
    struct lock_uses *u = rows;

    if (strcmp(word, "name") == 0)
        return sort_by_name(u);
    for (size_t i = 0; i < sizeof compare / sizeof *compare; i++)
        if (strcmp(word, sorts[i]) == 0)
            qsort(u->items, u->count, sizeof *u->items, compare[i]);
    return 0;
}

static void *open_rows(struct model *m)
{
    return lock_uses_open(m);
}

static void close_rows(void *rows)
{
    lock_uses_close(rows);
}

static uint32_t count_rows(const void *rows)
{
    return ((const struct lock_uses *)rows)->count;
}

/* Parties. */

static void party_keep(struct party *top, unsigned *count, const struct party *p)
{
    unsigned at = *count;

    while (at > 0 && top[at - 1].amount < p->amount)
        at--;
    if (at >= TOP_MAX)
        return;
    if (*count < TOP_MAX)
        ++*count;
    memmove(&top[at + 1], &top[at], (*count - at - 1) * sizeof *top);
    top[at] = *p;
}

/* Waits of one thread at one place are one party, whatever the holders did. The charges of a lock are few. */
static unsigned top_waiters(const struct lock_uses *u, const struct lock_use *use, struct party *top)
{
    const struct lock_charge *c = &u->charges[use->first_charge];
    unsigned count = 0;

    for (uint32_t i = 0; i < use->charge_count; i++) {
        struct party p = {.thread = c[i].thread, .stack = c[i].request->stack};
        bool first = c[i].row->cause != KIWI_CAUSE_TRY;

        for (uint32_t k = 0; k < use->charge_count && first; k++) {
            if (c[k].thread != p.thread || c[k].request->stack != p.stack || c[k].row->cause == KIWI_CAUSE_TRY)
                continue;
            first = k >= i;
            p.amount += c[k].row->ticks;
            p.waits += c[k].row->count;
        }
        if (first)
            party_keep(top, &count, &p);
    }
    return count;
}

/* Holds that were waited for are all counted, and sampled ones stand for them, too: together more than the lock was
 * taken. The shares of the threads are right. */
static double user_scale(const struct lock_use *use)
{
    uint64_t all = 0;

    for (unsigned i = 0; i < KIWI_CONTENTION_USERS; i++)
        all += use->row->users[i].samples;
    return all > use->count ? (double)use->count / (double)all : 1;
}

static unsigned top_users(const struct lock_uses *u, const struct lock_use *use, struct party *top)
{
    double scale = use->row ? user_scale(use) : 0;
    unsigned count = 0;

    for (unsigned i = 0; use->row && i < KIWI_CONTENTION_USERS; i++) {
        const struct kiwi_contention_user *user = &use->row->users[i];
        const struct kiwi_thread *t = trace_thread(u->m->trace, user->thread);
        struct party p = {.amount = (uint64_t)((double)user->samples * scale)};

        if (!user->samples || !t || t->serial != user->serial)
            continue;
        p.thread = user->thread;
        party_keep(top, &count, &p);
    }
    return count;
}

/* Text. */

/* A percentile is told only where enough samples lie above it. */
static const char *quantile(const struct lock_uses *u, const struct lock_use *use, enum kiwi_histogram_kind kind,
                            unsigned percent, char *text)
{
    uint64_t count = use->contention ? durations_count(u->durations, use->contention, kind) : 0;

    if (!durations_tell(count, percent, 100))
        return "-";
    return words_duration(ns(u, durations_quantile(u->durations, use->contention, kind, percent, 100)), text);
}

static const char *duration_or_dash(const struct lock_uses *u, uint64_t ticks, char *text)
{
    return ticks ? words_duration(ns(u, ticks), text) : "-";
}

static void print_parties(const struct lock_uses *u, const struct lock_use *use, FILE *out)
{
    struct party top[TOP_MAX + 1];
    char text[WORDS_SIZE];
    unsigned count = top_users(u, use, top);

    for (unsigned i = 0; i < count; i++)
        fprintf(out, "%10s taken about %" PRIu64 " times by %s\n", "", top[i].amount,
                model_thread_name(u->m, top[i].thread));
    count = top_waiters(u, use, top);
    for (unsigned i = 0; i < count; i++)
        fprintf(out, "%10s waited for %s in %" PRIu64 " waits at %s by %s\n", "",
                words_duration(ns(u, top[i].amount), text), top[i].waits, model_site(u->m, top[i].stack),
                top[i].thread ? model_thread_name(u->m, top[i].thread) : "several threads");
}

static void print_use(const struct lock_uses *u, const struct lock_use *use, FILE *out)
{
    char a[WORDS_SIZE], b[WORDS_SIZE], c[WORDS_SIZE], d[WORDS_SIZE], e[WORDS_SIZE], f[WORDS_SIZE];
    double share = use->count ? 100.0 * (double)use->contended / (double)use->count : 0;

    fprintf(out, "%10" PRIu64 " %8.2f%% %9s %9s %9s %9s %9s %9s %7" PRIu64 "  %s (%s)\n", use->count,
            share > 100 ? 100 : share, duration_or_dash(u, use->wait_ticks, a),
            quantile(u, use, KIWI_HISTOGRAM_WAIT, 99, b), duration_or_dash(u, use->wait_max_ticks, c),
            quantile(u, use, KIWI_HISTOGRAM_HOLD, 50, d), quantile(u, use, KIWI_HISTOGRAM_HOLD, 99, e),
            duration_or_dash(u, use->row ? use->row->hold_max_ticks : 0, f), use->row ? use->row->holds : 0,
            model_object_name(u->m, use->object), model_object_kind(u->m, use->object));
    if (use->wait_ticks)
        print_parties(u, use, out);
}

static void print_heading(const struct show_view *v, FILE *out)
{
    fprintf(out, "Process %" PRIu32 " (%s), %" PRIu32 " locks\n\n", v->facts.pid, v->facts.executable,
            count_rows(v->rows));
    fprintf(out, "%10s %9s %29s %29s\n", "", "", "WAITED", "HELD");
    fprintf(out, "%10s %9s %9s %9s %9s %9s %9s %9s %7s  %s\n", "ACQUIRED", "CONTENDED", "TOTAL", "P99", "MAX", "P50",
            "P99", "MAX", "TIMED", "LOCK");
}

static int print_line(const struct show_view *v, uint32_t at, FILE *out)
{
    const struct lock_uses *u = v->rows;

    print_use(u, &u->items[at], out);
    return 0;
}

static void print_footing(const struct show_view *v, FILE *out)
{
    (void)v;
    fputs("\nAcquisitions beyond the first 256 of each call path are estimated. Of the holds a sample is timed, and "
          "every\none that follows a wait. \"-\": none, or a percentile with fewer than 100 samples above it.\n",
          out);
}

/* JSON. */

static json_t *quantile_json(const struct lock_uses *u, const struct lock_use *use, enum kiwi_histogram_kind kind,
                             unsigned percent)
{
    uint64_t count = use->contention ? durations_count(u->durations, use->contention, kind) : 0;

    if (!durations_tell(count, percent, 100))
        return json_null();
    return json_integer((json_int_t)ns(u, durations_quantile(u->durations, use->contention, kind, percent, 100)));
}

static json_t *parties_json(const struct lock_uses *u, const struct lock_use *use, bool waiters)
{
    struct party top[TOP_MAX + 1];
    unsigned count = waiters ? top_waiters(u, use, top) : top_users(u, use, top);
    json_t *list = json_array();

    for (unsigned i = 0; i < count && list; i++) {
        json_t *thread = top[i].thread ? json_text(model_thread_name(u->m, top[i].thread)) : json_null();
        json_t *one = waiters ? json_pack("{s:o, s:o, s:I, s:I}", "thread", thread, "site",
                                          json_text(model_site(u->m, top[i].stack)), "waits", (json_int_t)top[i].waits,
                                          "wait_ns", (json_int_t)ns(u, top[i].amount))
                              : json_pack("{s:o, s:I}", "thread", thread, "acquired", (json_int_t)top[i].amount);

        if (json_array_append_new(list, one) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *use_json(const struct lock_uses *u, const struct lock_use *use)
{
    const struct kiwi_object *o = trace_object(u->m->trace, use->object);
    json_t *wait = json_pack(
            "{s:I, s:I, s:o, s:I}", "count", (json_int_t)use->contended, "total_ns", (json_int_t)ns(u, use->wait_ticks),
            "p99_ns", quantile_json(u, use, KIWI_HISTOGRAM_WAIT, 99), "max_ns", (json_int_t)ns(u, use->wait_max_ticks));
    json_t *hold = json_pack("{s:I, s:I, s:o, s:o, s:I}", "timed", (json_int_t)(use->row ? use->row->holds : 0),
                             "total_estimated_ns", (json_int_t)ns(u, use->held_ticks), "p50_ns",
                             quantile_json(u, use, KIWI_HISTOGRAM_HOLD, 50), "p99_ns",
                             quantile_json(u, use, KIWI_HISTOGRAM_HOLD, 99), "max_ns",
                             (json_int_t)ns(u, use->row ? use->row->hold_max_ticks : 0));

    return json_pack("{s:o, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "name",
                     json_text(model_object_name(u->m, use->object)), "kind", model_object_kind(u->m, use->object),
                     "address", (json_int_t)(o ? o->address : 0), "acquired", (json_int_t)use->count, "failed_tries",
                     (json_int_t)use->failed_tries, "wait", wait, "hold", hold, "users", parties_json(u, use, false),
                     "waiters", parties_json(u, use, true));
}

static json_t *about_json(const struct show_view *v)
{
    const struct lock_uses *u = v->rows;

    return json_pack("{s:I, s:I}", "recorded_ns", (json_int_t)ns(u, lock_use_recorded(u->m)), "locks_in_all",
                     (json_int_t)u->count);
}

static json_t *row_json(const struct show_view *v, uint32_t at)
{
    const struct lock_uses *u = v->rows;

    return use_json(u, &u->items[at]);
}

const struct show_table show_locks = {
        .name = "locks",
        .what = "locks",
        .schema = "kiwi-locks/1",
        .list = "locks",
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
