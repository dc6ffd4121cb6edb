#include "durations.h"

#include <stdlib.h>

#define EXPONENTS 60u /* a value has 64 bits; more is damage */

struct durations {
    const struct kiwi_histogram **rows; /* by contention, kind, exponent */
    uint32_t count;
};

static int compare_rows(const void *a, const void *b)
{
    const struct kiwi_histogram *x = *(const struct kiwi_histogram *const *)a,
                                *y = *(const struct kiwi_histogram *const *)b;

    if (x->contention != y->contention)
        return x->contention < y->contention ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->exponent > y->exponent) - (x->exponent < y->exponent);
}

struct durations *durations_open(const struct trace *t)
{
    uint32_t rows = trace_rows(t, KIWI_TABLE_HISTOGRAMS);
    struct durations *d = calloc(1, sizeof *d);

    if (!d || !(d->rows = calloc((size_t)rows + 1, sizeof *d->rows))) {
        free(d);
        return NULL;
    }
    for (uint32_t i = 1; i < rows; i++) {
        const struct kiwi_histogram *h = trace_histogram(t, i);

        if (h && h->exponent < EXPONENTS)
            d->rows[d->count++] = h;
    }
    qsort(d->rows, d->count, sizeof *d->rows, compare_rows);
    return d;
}

void durations_close(struct durations *d)
{
    if (!d)
        return;
    free(d->rows);
    free(d);
}

/* The rows of one histogram: the first one, and how many. */
static const struct kiwi_histogram **part(const struct durations *d, uint32_t contention, enum kiwi_histogram_kind kind,
                                          uint32_t *count)
{
    uint32_t low = 0, high = d->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct kiwi_histogram *h = d->rows[middle];

        if (h->contention < contention || (h->contention == contention && h->kind < kind))
            low = middle + 1;
        else
            high = middle;
    }
    for (*count = 0; low + *count < d->count; ++*count)
        if (d->rows[low + *count]->contention != contention || d->rows[low + *count]->kind != kind)
            break;
    return d->rows + low;
}

/* The middle of a bucket. */
static uint64_t middle_of(const struct kiwi_histogram *h, unsigned bucket)
{
    if (!h->exponent)
        return bucket;
    return ((uint64_t)(KIWI_HISTOGRAM_BUCKETS + bucket) << (h->exponent - 1)) + (1ull << (h->exponent - 1)) / 2;
}

uint64_t durations_count(const struct durations *d, uint32_t contention, enum kiwi_histogram_kind kind)
{
    uint64_t total;

    return durations_from(d, contention, kind, 0, &total);
}

uint64_t durations_from(const struct durations *d, uint32_t contention, enum kiwi_histogram_kind kind, uint64_t ticks,
                        uint64_t *total)
{
    uint32_t rows;
    const struct kiwi_histogram **h = part(d, contention, kind, &rows);
    uint64_t count = 0;

    *total = 0;
    for (uint32_t i = 0; i < rows; i++)
        for (unsigned b = 0; b < KIWI_HISTOGRAM_BUCKETS; b++) {
            if (middle_of(h[i], b) < ticks)
                continue;
            count += h[i]->counts[b];
            if (__builtin_add_overflow(*total, h[i]->counts[b] * middle_of(h[i], b), total))
                *total = UINT64_MAX;
        }
    return count;
}

uint64_t durations_quantile(const struct durations *d, uint32_t contention, enum kiwi_histogram_kind kind,
                            unsigned numerator, unsigned denominator)
{
    uint32_t rows;
    const struct kiwi_histogram **h = part(d, contention, kind, &rows);
    uint64_t wanted = durations_count(d, contention, kind), seen = 0, value = 0;

    wanted = wanted / denominator * numerator + wanted % denominator * numerator / denominator;
    for (uint32_t i = 0; i < rows; i++)
        for (unsigned b = 0; b < KIWI_HISTOGRAM_BUCKETS; b++) {
            seen += h[i]->counts[b];
            if (h[i]->counts[b])
                value = middle_of(h[i], b);
            if (seen > wanted)
                return value;
        }
    return value;
}

bool durations_tell(uint64_t count, unsigned numerator, unsigned denominator)
{
    return count / denominator * (denominator - numerator) >= DURATIONS_ABOVE;
}
