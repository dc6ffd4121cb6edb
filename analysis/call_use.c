#include "call_use.h"

#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Putting rows together. */

struct keyed_row {
    uint64_t held; /* hash of the held set */
    uint32_t kind, stack, row;
    bool nonblocking;
};

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_keys(const struct keyed_row *x, const struct keyed_row *y)
{
    int order = compare_numbers(x->kind, y->kind);

    order = order ? order : compare_numbers(x->stack, y->stack);
    order = order ? order : compare_numbers(x->held, y->held);
    return order ? order : compare_numbers(x->nonblocking, y->nonblocking);
}

static int compare_rows(const void *a, const void *b)
{
    const struct keyed_row *x = a, *y = b;
    int order = compare_keys(x, y);

    return order ? order : compare_numbers(x->row, y->row);
}

static uint64_t held_key(const struct model *m, uint32_t chain)
{
    struct model_held held[MODEL_MAX_HELD];
    unsigned count = chain ? model_held_set(m, chain, held, MODEL_MAX_HELD) : 0;
    uint64_t hash = 0;

    for (unsigned i = 0; i < count; i++)
        hash = place_hash(hash, (uint64_t)held[i].object << 8 | held[i].mode);
    return hash;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a && a < b ? a : b;
}

static uint32_t thread_of(const struct trace *t, const struct kiwi_call *c)
{
    const struct kiwi_thread *thread = c->waited ? trace_thread(t, c->thread) : NULL;

    return thread && thread->serial == c->serial ? c->thread : 0;
}

static void add_member(struct call_uses *u, struct call_use *use, uint32_t row)
{
    const struct kiwi_call *c = trace_call(u->m->trace, row);

    use->members++;
    use->count += u->m->call_counts[row];
    use->waited += c->waited;
    use->total += c->ticks;
    use->max = c->max_ticks > use->max ? c->max_ticks : use->max;
    use->bytes += c->bytes;
    use->disturbed += c->disturbed;
    use->disturbed_total += c->disturbed_ticks;
    use->tiny += c->tiny;
    use->first_ticks = earlier(use->first_ticks, c->first_ticks);
    use->flags |= c->flags;
    use->peer = use->peer ? use->peer : c->peer;
    use->last_errno = c->errors ? c->last_errno : use->last_errno;
    use->errors += c->errors;
    if (c->last_ticks >= use->last_ticks) {
        use->last_ticks = c->last_ticks;
        use->thread = c->waited ? thread_of(u->m->trace, c) : use->thread;
    }
}

static void make_items(struct call_uses *u, const struct keyed_row *keyed)
{
    for (uint32_t i = 0; i < u->row_count; i++) {
        const struct kiwi_call *c = trace_call(u->m->trace, keyed[i].row);

        u->rows[i] = keyed[i].row;
        if (!i || compare_keys(&keyed[i - 1], &keyed[i]) != 0)
            u->items[u->count++] = (struct call_use){.kind = c->kind,
                                                     .stack = c->stack,
                                                     .held = c->held,
                                                     .nonblocking = (c->flags & KIWI_CALLF_NONBLOCKING) != 0,
                                                     .first = i};
        add_member(u, &u->items[u->count - 1], keyed[i].row);
        u->of_row[keyed[i].row] = u->count;
    }
}

static int find_items(struct call_uses *u)
{
    const struct trace *t = u->m->trace;
    struct keyed_row *keyed = calloc((size_t)u->m->call_count + 1, sizeof *keyed);

    if (!keyed)
        return -1;
    for (uint32_t i = 1; i < u->m->call_count; i++) {
        const struct kiwi_call *c = trace_call(t, i);

        if (c && (u->m->call_counts[i] || c->waited || c->errors))
            keyed[u->row_count++] = (struct keyed_row){held_key(u->m, c->held), c->kind, c->stack, i,
                                                       (c->flags & KIWI_CALLF_NONBLOCKING) != 0};
    }
    qsort(keyed, u->row_count, sizeof *keyed, compare_rows);
    make_items(u, keyed);
    free(keyed);
    return 0;
}

/* What goes on at the moment of the trace. */

static struct call_use *use_of_row(struct call_uses *u, uint32_t row)
{
    return row < u->m->call_count && u->of_row[row] ? &u->items[u->of_row[row] - 1] : NULL;
}

static void find_running(struct call_uses *u)
{
    const struct trace *t = u->m->trace;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_SLOTS); i++) {
        const struct kiwi_slot *s = trace_slot(t, i);
        struct call_use *use = s && s->state == KIWI_ROW_LIVE && s->call_kind ? use_of_row(u, s->call_row) : NULL;

        if (!use || use->kind != s->call_kind)
            continue;
        use->running++;
        use->running_since = earlier(use->running_since, s->call_since);
    }
}

/* Loops. A loop that waits at two paths which end in the same two frames is one place to the recorder. */

#define SITE_FRAMES 2u

static bool same_site(const struct trace *t, uint32_t a, uint32_t b)
{
    uint32_t m = 0, n = 0;
    const uint64_t *x = trace_frames(t, a, &m), *y = trace_frames(t, b, &n);

    return a == b || (m >= SITE_FRAMES && n >= SITE_FRAMES && memcmp(x, y, SITE_FRAMES * sizeof *x) == 0);
}

static void find_loops(struct call_uses *u)
{
    const struct trace *t = u->m->trace;

    for (uint32_t i = 0; i < u->count; i++) {
        struct call_use *use = &u->items[i];

        use->loop = use->flags & KIWI_CALLF_TICK ? CALL_LOOP_TICKS : CALL_LOOP_NONE;
        for (uint32_t k = 1; k < trace_rows(t, KIWI_TABLE_LOOPS); k++) {
            const struct kiwi_loop *l = trace_loop(t, k);

            if (l && l->kind == KIWI_LOOP_FOUND && l->call_kind == use->kind && same_site(t, l->stack, use->stack))
                use->loop = CALL_LOOP_WAIT;
        }
    }
}

uint64_t call_use_total(const struct call_use *use, uint64_t now)
{
    uint64_t since = use->running_since, running = since && now > since ? now - since : 0, total;

    return __builtin_add_overflow(use->total, running, &total) ? UINT64_MAX : total;
}

static int compare_total(const void *a, const void *b, void *now)
{
    const struct call_use *x = a, *y = b;
    int order = compare_numbers(call_use_total(y, *(uint64_t *)now), call_use_total(x, *(uint64_t *)now));

    order = order ? order : compare_numbers(y->count, x->count);
    return order ? order : compare_numbers(x->first, y->first);
}

struct call_uses *call_uses_open(struct model *m)
{
    struct call_uses *u = calloc(1, sizeof *u);
    uint64_t now = trace_end_ticks(m->trace);

    if (!u)
        return NULL;
    u->m = m;
    u->items = calloc((size_t)m->call_count + 1, sizeof *u->items);
    u->rows = calloc((size_t)m->call_count + 1, sizeof *u->rows);
    u->of_row = calloc((size_t)m->call_count + 1, sizeof *u->of_row);
    u->durations = durations_open(m->trace);
    if (!u->items || !u->rows || !u->of_row || !u->durations || find_items(u)) {
        call_uses_close(u);
        return NULL;
    }
    find_running(u);
    find_loops(u);
    qsort_r(u->items, u->count, sizeof *u->items, compare_total, &now);
    return u;
}

void call_uses_close(struct call_uses *u)
{
    if (!u)
        return;
    durations_close(u->durations);
    free(u->items);
    free(u->rows);
    free(u->of_row);
    free(u);
}

/* Durations. */

static uint64_t count_from(const struct call_uses *u, const struct call_use *use, uint64_t ticks)
{
    uint64_t count = 0, total;

    for (uint32_t i = 0; i < use->members; i++)
        count += durations_from(u->durations, u->rows[use->first + i], KIWI_HISTOGRAM_CALL, ticks, &total);
    return count;
}

uint64_t call_use_timed(const struct call_uses *u, const struct call_use *use)
{
    return count_from(u, use, 0);
}

uint64_t call_use_quantile(const struct call_uses *u, const struct call_use *use, unsigned percent)
{
    uint64_t low = 0, high = use->max + use->max / 32 + 1, all = count_from(u, use, 0), above;

    if (!all)
        return 0;
    above = all - (all / 100 * percent + all % 100 * percent / 100); /* so many are that long, or longer */
    while (low < high) {                                             /* the largest value that so many reach */
        uint64_t middle = low + (high - low + 1) / 2;

        if (count_from(u, use, middle) >= above)
            low = middle;
        else
            high = middle - 1;
    }
    return low < use->max ? low : use->max; /* the middle of a bucket may lie above what fell into it */
}

/* Words. */

static void error_keep(struct call_error *errors, unsigned *count, unsigned max, const struct kiwi_failure *f)
{
    unsigned at = 0;

    while (at < *count && errors[at].error != f->error)
        at++;
    if (at == *count && at == max)
        return;
    if (at == *count)
        errors[(*count)++] = (struct call_error){.error = f->error};
    errors[at].count += f->count;
    for (; at && errors[at - 1].count < errors[at].count; at--) {
        struct call_error less = errors[at - 1];

        errors[at - 1] = errors[at];
        errors[at] = less;
    }
}

unsigned call_use_errors(const struct call_uses *u, const struct call_use *use, struct call_error *errors, unsigned max)
{
    const struct trace *t = u->m->trace;
    unsigned count = 0;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_FAILURES); i++) {
        const struct kiwi_failure *f = trace_failure(t, i);

        if (f && f->kind == use->kind && f->stack == use->stack &&
            !(f->flags & (KIWI_FAILURE_BAD_DESCRIPTOR | KIWI_FAILURE_SPIN)))
            error_keep(errors, &count, max, f);
    }
    if (!count && use->errors && max) { /* kinds that are not followed by error */
        errors[0] = (struct call_error){use->last_errno, use->errors};
        count = 1;
    }
    return count;
}

const char *call_use_descriptors(const struct call_use *use, char *text, size_t size)
{
    static const char *const words[] = {
#define X(id, name, word) [id] = (word),
            KIWI_DESCRIPTOR_KINDS(X)
#undef X
    };
    size_t length = 0;

    text[0] = '\0';
    for (unsigned kind = 1; kind < sizeof words / sizeof *words && length < size; kind++)
        if (words[kind] && (use->flags & KIWI_CALLF_DESCRIPTOR(kind)))
            length += (size_t)snprintf(text + length, size - length, "%s%s", length ? ", " : "", words[kind]);
    return text;
}

const char *call_use_held(const struct call_uses *u, const struct call_use *use, char *text, size_t size)
{
    struct model_held held[MODEL_MAX_HELD];
    unsigned count = use->held ? model_held_set(u->m, use->held, held, MODEL_MAX_HELD) : 0;
    size_t length = 0;

    text[0] = '\0';
    for (unsigned i = 0; i < count && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i ? ", " : "",
                                   model_object_name(u->m, held[i].object));
    return text;
}
