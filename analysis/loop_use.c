#include "loop_use.h"

#include "lock_use.h"
#include "call_kinds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHERS_LEAST 3u       /* a second event that came but once or twice: the end of a worker, perhaps */
#define TIMED 0.25            /* part of the waits that end by their timeout */
#define OTHERS_LEAST_EPOLL 2u /* who makes a set for it means to wait for several */

static const char *name_of(const struct trace *t, const struct kiwi_loop *l)
{
    return trace_string(t, l->name);
}

static bool same_use(const struct trace *t, const struct kiwi_loop *a, const struct kiwi_loop *b)
{
    return a->stack == b->stack && a->thread_class == b->thread_class && a->kind == b->kind &&
           strcmp(name_of(t, a), name_of(t, b)) == 0;
}

static void count_sources(struct loop_use *use, const struct kiwi_loop *l)
{
    uint64_t all = 0, most = 0;
    uint32_t different = 0;

    for (unsigned i = 0; i < KIWI_LOOP_SOURCES; i++) {
        all += l->sources[i].count;
        most = l->sources[i].count > most ? l->sources[i].count : most;
        different += l->sources[i].count != 0;
    }
    if (all - most > use->others)
        use->others = all - most;
    if (different > use->sources)
        use->sources = different;
}

static void add_member(struct loop_use *use, const struct kiwi_loop *l)
{
    use->members++;
    use->count += l->count;
    use->served += l->served;
    use->events += l->events;
    use->ready += l->ready;
    use->total += l->total_ticks;
    use->max = l->max_ticks > use->max ? l->max_ticks : use->max;
    use->over += l->over;
    use->over_total += l->over_ticks;
    use->computing += l->computing;
    use->computing_served += l->computing_served;
    use->computing_total += l->computing_ticks;
    use->computing_max = l->computing_max_ticks > use->computing_max ? l->computing_max_ticks : use->computing_max;
    use->crowded += l->crowded;
    use->blocked += l->blocked;
    use->heap_ticks += l->heap_ticks;
    use->heap_calls += l->heap_calls;
    use->heap_bytes += l->heap_bytes;
    use->heap_max = l->heap_max > use->heap_max ? l->heap_max : use->heap_max;
    use->first_ticks = use->first_ticks && use->first_ticks < l->first_ticks ? use->first_ticks : l->first_ticks;
    use->last_ticks = l->last_ticks > use->last_ticks ? l->last_ticks : use->last_ticks;
    use->lived += l->last_ticks > l->first_ticks ? l->last_ticks - l->first_ticks : 0;
    use->serves |= l->serves;
    count_sources(use, l);
    if (!use->main || l->count > use->main->count)
        use->main = l;
}

struct keyed_row {
    uint32_t thread_class, stack, row;
    const char *name;
};

static int compare_rows(const void *a, const void *b)
{
    const struct keyed_row *x = a, *y = b;

    if (x->thread_class != y->thread_class)
        return x->thread_class < y->thread_class ? -1 : 1;
    if (x->stack != y->stack)
        return x->stack < y->stack ? -1 : 1;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* Those that had a tick, so that the members of a use lie side by side. */
static int find_rows(struct loop_uses *u, uint32_t rows, bool scopes)
{
    struct keyed_row *keyed = calloc((size_t)rows + 1, sizeof *keyed);

    if (!keyed)
        return -1;
    for (uint32_t i = 1; i < rows; i++) {
        const struct kiwi_loop *l = trace_loop(u->m->trace, i);

        if (l && l->count && (l->kind == KIWI_LOOP_SCOPE) == scopes)
            keyed[u->row_count++] = (struct keyed_row){l->thread_class, l->stack, i, name_of(u->m->trace, l)};
    }
    qsort(keyed, u->row_count, sizeof *keyed, compare_rows);
    for (uint32_t i = 0; i < u->row_count; i++)
        u->rows[i] = keyed[i].row;
    free(keyed);
    return 0;
}

static void make_items(struct loop_uses *u)
{
    const struct trace *t = u->m->trace;

    for (uint32_t i = 0; i < u->row_count; i++) {
        const struct kiwi_loop *l = trace_loop(t, u->rows[i]);
        struct loop_use *use = u->count ? &u->items[u->count - 1] : NULL;

        if (!use || !same_use(t, use->main, l)) {
            use = &u->items[u->count++];
            *use = (struct loop_use){
                    .index = u->count - 1, .stack = l->stack, .thread_class = l->thread_class, .first = i};
        }
        add_member(use, l);
        u->of_row[u->rows[i]] = u->count;
    }
    for (uint32_t i = 0; i < u->count; i++) {
        const struct kiwi_loop *l = u->items[i].main;
        const struct kiwi_thread *thread = trace_thread(t, l->thread);

        u->items[i].budget = lock_use_ticks(u->m, l->budget_ns);
        u->items[i].thread = thread && thread->serial == l->serial ? l->thread : 0;
    }
}

static struct loop_uses *uses_open(struct model *m, bool scopes)
{
    uint32_t rows = trace_rows(m->trace, KIWI_TABLE_LOOPS);
    struct loop_uses *u = calloc(1, sizeof *u);

    if (!u)
        return NULL;
    u->m = m;
    u->items = calloc((size_t)rows + 1, sizeof *u->items);
    u->rows = calloc((size_t)rows + 1, sizeof *u->rows);
    u->of_row = calloc((size_t)rows + 1, sizeof *u->of_row);
    u->durations = durations_open(m->trace);
    if (!u->items || !u->rows || !u->of_row || !u->durations || find_rows(u, rows, scopes)) {
        loop_uses_close(u);
        return NULL;
    }
    make_items(u);
    return u;
}

struct loop_uses *loop_uses_open(struct model *m)
{
    return uses_open(m, false);
}

struct loop_uses *loop_uses_open_scopes(struct model *m)
{
    return uses_open(m, true);
}

void loop_uses_close(struct loop_uses *u)
{
    if (!u)
        return;
    durations_close(u->durations);
    free(u->items);
    free(u->rows);
    free(u->of_row);
    free(u);
}

static bool is_epoll(uint32_t kind)
{
    return kind == KIWI_CALL_EPOLL_WAIT || kind == KIWI_CALL_EPOLL_PWAIT || kind == KIWI_CALL_EPOLL_PWAIT2;
}

/* One at a time, but each for its own time: a connection to serve, then the next one. */
static bool is_in_turn(const struct loop_use *use)
{
    return (use->serves & ~KIWI_LOOP_SHARED) && !(use->serves & KIWI_LOOP_SEVERAL);
}

/* Whenever it might have kept others waiting there were none. Timeouts may be timers, which are served as well. */
static bool is_client(const struct loop_use *use)
{
    return (use->serves & ~KIWI_LOOP_SHARED) == KIWI_LOOP_CLIENT &&
           (double)(use->count - use->served) < TIMED * (double)use->count;
}

enum loop_serves loop_use_serves(const struct loop_use *use)
{
    bool epoll = is_epoll(use->main->call_kind);

    if (use->main->kind == KIWI_LOOP_SAID)
        return LOOP_SERVES_MANY; /* the program says so */
    if (is_client(use))
        return LOOP_SERVES_CLIENT;
    if (is_in_turn(use) && !epoll)
        return LOOP_SERVES_ONE;
    if (use->sources < 2 || use->others < (epoll ? OTHERS_LEAST_EPOLL : OTHERS_LEAST))
        return LOOP_SERVES_ONE;
    return use->sources > 2 || epoll ? LOOP_SERVES_MANY : LOOP_SERVES_TWO;
}

static uint64_t count_from(const struct loop_uses *u, const struct loop_use *use, enum kiwi_histogram_kind kind,
                           uint64_t ticks)
{
    uint64_t count = 0, total;

    for (uint32_t i = 0; i < use->members; i++)
        count += durations_from(u->durations, u->rows[use->first + i], kind, ticks, &total);
    return count;
}

static uint64_t most_of(const struct loop_use *use, enum kiwi_histogram_kind kind)
{
    return kind == KIWI_HISTOGRAM_TICK_CALLS   ? use->heap_max
           : kind == KIWI_HISTOGRAM_TICK_BYTES ? use->heap_bytes
           : kind == KIWI_HISTOGRAM_TICK_SHARE ? KIWI_TICK_SHARE_ONE
                                               : use->max;
}

uint64_t loop_use_count_of(const struct loop_uses *u, const struct loop_use *use, enum kiwi_histogram_kind kind)
{
    return count_from(u, use, kind, 0);
}

bool loop_use_is_sampled(const struct loop_use *use)
{
    return use->heap_calls >= KIWI_HEAP_PATH_EXACT && !use->main->name;
}

uint64_t loop_use_heap_looked(const struct loop_uses *u, const struct loop_use *use)
{
    uint64_t calls = 0, of_member;

    if (!loop_use_is_sampled(use))
        return use->heap_calls;
    for (uint32_t i = 0; i < use->members; i++) {
        durations_from(u->durations, u->rows[use->first + i], KIWI_HISTOGRAM_TICK_CALLS, 0, &of_member);
        calls += of_member;
    }
    return calls;
}

uint64_t loop_use_heap_samples(const struct loop_use *use)
{
    return loop_use_is_sampled(use) ? use->heap_ticks / KIWI_HEAP_PATH_COUNTED : use->heap_ticks;
}

uint64_t loop_use_quantile_of(const struct loop_uses *u, const struct loop_use *use, enum kiwi_histogram_kind kind,
                              unsigned percent)
{
    uint64_t most = most_of(use, kind), low = 0, high = most + most / 32 + 1, all = count_from(u, use, kind, 0), above;

    if (!all)
        return 0;
    above = all - (all / 100 * percent + all % 100 * percent / 100); /* so many are that long, or longer */
    while (low < high) {                                             /* the largest value that so many reach */
        uint64_t middle = low + (high - low + 1) / 2;

        if (count_from(u, use, kind, middle) >= above)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

uint64_t loop_use_quantile(const struct loop_uses *u, const struct loop_use *use, unsigned percent)
{
    return loop_use_quantile_of(u, use, KIWI_HISTOGRAM_TICK, percent);
}

const char *loop_use_wait(const struct loop_use *use)
{
    return use->main->call_kind ? call_kind_name(use->main->call_kind) : "event";
}

const char *loop_use_durations(const struct loop_uses *u, const struct loop_use *use, char *text, size_t size)
{
    char p99[64] = "";

    if (durations_tell(use->count, 99, 100))
        snprintf(p99, sizeof p99, ", 99 %% up to %s", model_duration(u->m, loop_use_quantile(u, use, 99)));
    snprintf(text, size, "Half of %" PRIu64 " ticks took up to %s%s, the longest %s.", use->count,
             model_duration(u->m, loop_use_quantile(u, use, 50)), p99, model_duration(u->m, use->max));
    return text;
}

const char *loop_use_text(const struct loop_uses *u, const struct loop_use *use, char *text, size_t size)
{
    const char *name = trace_string(u->m->trace, use->main->name);

    if (*name)
        snprintf(text, size, "the loop \"%s\" at %s", name, model_inner_site(u->m, use->stack));
    else
        snprintf(text, size, "the %s loop at %s", loop_use_wait(use), model_inner_site(u->m, use->stack));
    return text;
}
