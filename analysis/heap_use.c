#include "heap_use.h"

#include <math.h>
#include <stdlib.h>

#define VARIANCE_UNIT 1024.0 /* square bytes */

/* What is left: the parts are added to while the process runs, so a moment may show more gone than made. */
static double rest(uint64_t made, uint64_t freed, uint64_t unfollowed)
{
    double left = (double)made - (double)freed - (double)unfollowed;

    return left > 0 ? left : 0;
}

/*
 * Two standard deviations of what there was, not of what was met: where few samples were drawn by chance, the sum of
 * their variances is small by the same chance. For n samples of one kind, the largest number that is within two of its
 * own standard deviations of n is n + 2 + 2 sqrt(n + 1): the score interval of a Poisson variable. `one`: the variance
 * of one sample.
 */
static double error(struct heap_spread s)
{
    return 2 * sqrt(s.variance + s.one) + 2 * sqrt(s.one);
}

static void fill_errors(struct heap_amount *a)
{
    a->bytes_error = error(a->bytes_spread);
    a->blocks_error = error(a->blocks_spread);
}

static double per_sample(uint64_t variance, uint64_t samples)
{
    return samples ? (double)variance / (double)samples : 0;
}

static void fill_amounts(struct heap_use *use, const struct kiwi_heap_site *s)
{
    double one = VARIANCE_UNIT * per_sample(s->made_variance, s->samples);
    double one_block = per_sample(s->made_blocks_variance, s->samples) / KIWI_HEAP_UNIT;

    use->made.blocks = (double)s->blocks / KIWI_HEAP_UNIT;
    use->made.bytes = (double)s->bytes;
    use->made.bytes_spread = (struct heap_spread){VARIANCE_UNIT * (double)s->made_variance, one};
    use->made.blocks_spread = (struct heap_spread){(double)s->made_blocks_variance / KIWI_HEAP_UNIT, one_block};
    use->live.blocks = rest(s->blocks, s->freed_blocks, s->unfollowed_blocks) / KIWI_HEAP_UNIT;
    use->live.bytes = rest(s->bytes, s->freed_bytes, s->unfollowed_bytes);
    use->live.bytes_spread = (struct heap_spread){VARIANCE_UNIT * rest(s->made_variance, s->freed_variance, 0), one};
    use->live.blocks_spread = (struct heap_spread){
            rest(s->made_blocks_variance, s->freed_blocks_variance, 0) / KIWI_HEAP_UNIT, one_block};
    fill_errors(&use->made);
    fill_errors(&use->live);
}

static double share(uint64_t part, uint64_t whole)
{
    double value = whole ? (double)part / (double)whole : 0;

    return value > 1 ? 1 : value;
}

static uint32_t thread_row(const struct model *m, uint32_t row, uint32_t serial)
{
    const struct kiwi_thread *t = row ? trace_thread(m->trace, row) : NULL;

    return t && t->serial == serial ? row : 0;
}

void heap_use_fill(struct heap_use *use, const struct model *m, const struct kiwi_heap_site *s)
{
    use->site = s;
    fill_amounts(use, s);
    use->freed_blocks = (double)s->freed_blocks / KIWI_HEAP_UNIT;
    use->freed_bytes = (double)s->freed_bytes;
    use->unfollowed_bytes = (double)s->unfollowed_bytes;
    use->peak_bytes = (double)s->peak_bytes;
    use->elsewhere = share(s->elsewhere, s->freed_blocks);
    use->others = share(s->others, s->blocks);
    use->thread = thread_row(m, s->thread, s->serial);
    use->free_thread = thread_row(m, s->free_thread, s->free_serial);
}

/* Errors of sites are independent of each other: their variances add up. */
static void add_spread(struct heap_spread *sum, struct heap_spread one)
{
    sum->variance += one.variance;
    sum->one = one.one > sum->one ? one.one : sum->one;
}

static void add_amount(struct heap_amount *sum, const struct heap_amount *one)
{
    sum->blocks += one->blocks;
    sum->bytes += one->bytes;
    add_spread(&sum->blocks_spread, one->blocks_spread);
    add_spread(&sum->bytes_spread, one->bytes_spread);
}

struct heap_uses *heap_uses_open(struct model *m)
{
    uint32_t rows = trace_rows(m->trace, KIWI_TABLE_HEAP_SITES);
    struct heap_uses *u = calloc(1, sizeof *u);

    if (!u || !(u->items = calloc((size_t)rows + 1, sizeof *u->items))) {
        free(u);
        return NULL;
    }
    u->m = m;
    for (uint32_t i = 1; i < rows; i++) {
        const struct kiwi_heap_site *s = trace_heap_site(m->trace, i);

        if (!s || !s->samples)
            continue;
        u->items[u->count].row = i;
        u->items[u->count].paths = 1;
        heap_use_fill(&u->items[u->count], m, s);
        add_amount(&u->live, &u->items[u->count].live);
        add_amount(&u->made, &u->items[u->count].made);
        u->count++;
    }
    fill_errors(&u->live);
    fill_errors(&u->made);
    return u;
}

void heap_uses_close(struct heap_uses *u)
{
    if (u) {
        free(u->items);
        free(u->sums);
    }
    free(u);
}

uint64_t heap_use_lived(const struct heap_use *use, unsigned percent)
{
    const uint64_t *lives = use->site->lives;
    double sum = 0, below = 0;

    for (unsigned i = 0; i < KIWI_HEAP_LIVES; i++)
        sum += (double)lives[i];
    if (sum <= 0)
        return 0;
    for (unsigned i = 0; i < KIWI_HEAP_LIVES; i++) {
        below += (double)lives[i];
        if (below * 100 >= sum * percent)
            return i + 1 < KIWI_HEAP_LIVES ? UINT64_C(1) << 2 * (i + 5) : UINT64_MAX;
    }
    return UINT64_MAX;
}

bool heap_uses_exact(const struct heap_uses *u)
{
    return u->made.bytes_error <= 0 && u->made.blocks_error <= 0;
}
