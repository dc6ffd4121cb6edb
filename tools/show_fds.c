/* kiwi show fds - what the descriptors of a process are of, who opened them where, and how old they are. */
#include "call_path.h"
#include "json_text.h"
#include "show.h"
#include "words.h"

#include "../analysis/call_kinds.h"
#include "../analysis/descriptor_use.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE 512

/* Order. The open ones stay first. */

static int compare_age(const void *a, const void *b)
{
    const struct descriptor_use *x = a, *y = b;

    if (x->open != y->open)
        return x->open ? -1 : 1;
    if (x->born_ticks != y->born_ticks) /* 0, not known: before the recording, or unseen */
        return x->born_ticks < y->born_ticks ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static int compare_exchanges(const void *a, const void *b)
{
    const struct descriptor_use *x = a, *y = b;

    if (x->open != y->open)
        return x->open ? -1 : 1;
    if (x->row->exchanges != y->row->exchanges)
        return largest_first(x->row->exchanges, y->row->exchanges);
    return (x->number > y->number) - (x->number < y->number);
}

static const char *const sorts[] = {"number", "age", "exchanges", NULL};

static int sort_rows(void *rows, const char *word)
{
    static int (*const compare[])(const void *, const void *) = {NULL, compare_age, compare_exchanges};
    struct descriptor_uses *u = rows;

    for (size_t i = 1; i < sizeof compare / sizeof *compare; i++)
        if (strcmp(word, sorts[i]) == 0)
            qsort(u->items, u->count, sizeof *u->items, compare[i]);
    return 0;
}

static void *open_rows(struct model *m)
{
    return descriptor_uses_open(m);
}

static void close_rows(void *rows)
{
    descriptor_uses_close(rows);
}

static uint32_t count_rows(const void *rows)
{
    return ((const struct descriptor_uses *)rows)->count;
}

/* Text. */

static const char *age_text(const struct descriptor_uses *u, const struct descriptor_use *use,
                            const struct trace_facts *facts, char *text)
{
    uint64_t born = trace_ns_at(u->m->trace, use->born_ticks);
    uint64_t end = use->open ? facts->duration_ns : trace_ns_at(u->m->trace, use->row->end_ticks);

    return use->born_ticks && end > born ? words_duration(end - born, text) : "-";
}

static void print_closed(const struct descriptor_uses *u, const struct descriptor_use *use, FILE *out)
{
    if (use->open)
        return;
    fprintf(out, "%6s closed at ", "");
    call_path_print(u->m, use->row->end_stack, out);
    if (use->end_thread)
        fprintf(out, " by %s", model_thread_name(u->m, use->end_thread));
    if (use->misuse)
        fprintf(out, ", and then used by %s at %s (bad-fd)", call_kind_name(use->misuse->kind),
                model_site(u->m, use->misuse->stack));
    fputc('\n', out);
}

static void print_use(const struct descriptor_uses *u, const struct descriptor_use *use,
                      const struct trace_facts *facts, FILE *out)
{
    char age[WORDS_SIZE], flags[DESCRIPTOR_FLAGS_SIZE], peer[TEXT_SIZE];

    fprintf(out, "%6" PRIu32 " %-11s %9s ", use->number, descriptor_use_kind(use), age_text(u, use, facts, age));
    if (use->row->flags & (KIWI_DESCRIPTOR_DIALLED | KIWI_DESCRIPTOR_ACCEPTED))
        fprintf(out, "%10" PRIu32 "  ", use->row->exchanges);
    else
        fprintf(out, "%10s  ", "-");
    if (use->row->birth_stack)
        call_path_print(u->m, use->row->birth_stack, out);
    else
        fputs("its opening was not seen", out);
    if (use->birth_thread)
        fprintf(out, " by %s", model_thread_name(u->m, use->birth_thread));
    fputc('\n', out);
    descriptor_use_flags(use, flags, sizeof flags);
    descriptor_use_peer(u, use, peer, sizeof peer);
    if (*flags || *peer)
        fprintf(out, "%6s %s%s%s\n", "", flags, *flags && *peer ? ", " : "", peer);
    print_closed(u, use, out);
}

static void print_heading(const struct show_view *v, FILE *out)
{
    const struct descriptor_uses *u = v->rows;

    fprintf(out, "Process %" PRIu32 " (%s), %" PRIu32 " descriptors open%s\n\n", v->facts.pid, v->facts.executable,
            u->open, v->facts.live ? "" : " at the end");
    fprintf(out, "%6s %-11s %9s %10s  %s\n", "FD", "KIND", "AGE", "EXCHANGES", "OPENED AT");
}

static int print_line(const struct show_view *v, uint32_t at, FILE *out)
{
    const struct descriptor_uses *u = v->rows;

    print_use(u, &u->items[at], &v->facts, out);
    return 0;
}

static void print_footing(const struct show_view *v, FILE *out)
{
    const struct descriptor_uses *u = v->rows;

    fprintf(out,
            "\nDescriptors of which neither the opening nor the end was seen (inherited ones, those of the C library) "
            "are not\nlisted. Of the closed ones (%" PRIu32 " numbers) only those that were used afterwards are. "
            "EXCHANGES: receives on a\nconnection, while calls on it may block.\n",
            u->closed);
}

/* JSON. */

static json_t *place_json(struct model *m, uint32_t stack, uint32_t thread)
{
    if (!stack)
        return json_null();
    return json_pack("{s:o, s:o, s:o}", "site", json_text(model_site(m, stack)), "stack", call_path_json(m, stack),
                     "thread", thread ? json_text(model_thread_name(m, thread)) : json_null());
}

static json_t *misuse_json(struct model *m, const struct descriptor_use *use)
{
    if (!use->misuse)
        return json_null();
    return json_pack("{s:s, s:o, s:I}", "call", call_kind_name(use->misuse->kind), "site",
                     json_text(model_site(m, use->misuse->stack)), "count", (json_int_t)use->misuse->count);
}

static json_t *flags_json(const struct descriptor_use *use)
{
    json_t *list = json_array();

    for (unsigned bit = 0; bit < 16 && list; bit++) {
        const char *word = use->row->flags >> bit & 1 ? descriptor_use_flag(1u << bit) : NULL;

        if (word && json_array_append_new(list, json_string(word)) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

static json_t *use_json(const struct descriptor_uses *u, const struct descriptor_use *use,
                        const struct trace_facts *facts)
{
    uint64_t born = trace_ns_at(u->m->trace, use->born_ticks);
    uint64_t end = use->open ? facts->duration_ns : trace_ns_at(u->m->trace, use->row->end_ticks);
    char peer[TEXT_SIZE];

    descriptor_use_peer(u, use, peer, sizeof peer);
    return json_pack("{s:I, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o}", "fd", (json_int_t)use->number, "open",
                     use->open, "kind", descriptor_use_kind(use), "flags", flags_json(use), "peer",
                     *peer ? json_text(peer) : json_null(), "opened",
                     place_json(u->m, use->row->birth_stack, use->birth_thread), "closed",
                     use->open ? json_null() : place_json(u->m, use->row->end_stack, use->end_thread), "age_ns",
                     use->born_ticks && end > born ? json_integer((json_int_t)(end - born)) : json_null(), "generation",
                     (json_int_t)use->row->generation, "exchanges", (json_int_t)use->row->exchanges, "used_after_close",
                     misuse_json(u->m, use));
}

static json_t *about_json(const struct show_view *v)
{
    const struct descriptor_uses *u = v->rows;

    return json_pack("{s:I, s:I, s:I}", "recorded_ns", (json_int_t)v->facts.duration_ns, "open_in_all",
                     (json_int_t)u->open, "closed_in_all", (json_int_t)u->closed);
}

static json_t *row_json(const struct show_view *v, uint32_t at)
{
    const struct descriptor_uses *u = v->rows;

    return use_json(u, &u->items[at], &v->facts);
}

const struct show_table show_fds = {
        .name = "fds",
        .what = "descriptors",
        .schema = "kiwi-fds/1",
        .list = "descriptors",
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
