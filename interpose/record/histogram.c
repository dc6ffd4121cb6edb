#include "histogram.h"

struct histogram_key {
    uint32_t contention;
    uint8_t kind, exponent;
};

static bool histogram_same(uint32_t row, const void *key)
{
    const struct histogram_key *k = key;
    const struct kiwi_histogram *h = region_histogram(row);
    return h->contention == k->contention && h->kind == k->kind && h->exponent == k->exponent;
}

static uint32_t histogram_make(const void *key)
{
    const struct histogram_key *k = key;
    uint32_t row = region_claim(KIWI_TABLE_HISTOGRAMS, 1);
    if (!row)
        return 0;
    struct kiwi_histogram *h = region_histogram(row);
    h->contention = k->contention;
    h->kind = k->kind;
    h->exponent = k->exponent;
    return row;
}

static void histogram_publish(uint32_t row)
{
    region_publish(&region_histogram(row)->state, KIWI_ROW_LIVE);
}

uint32_t histogram_row(uint32_t contention, enum kiwi_histogram_kind kind, uint32_t exponent)
{
    static const struct index_ops ops = {histogram_same, histogram_make, histogram_publish};
    struct histogram_key key = {contention, (uint8_t)kind, (uint8_t)exponent};
    uint64_t h = hash_mix((uint64_t)contention << 16 | (uint64_t)key.kind << 8 | key.exponent);
    return index_get(&memory.histograms, h, &ops, &key);
}

void histogram_add_near(struct histogram_near *near, uint32_t contention, enum kiwi_histogram_kind kind, uint64_t value,
                        uint32_t times)
{
    uint32_t exponent = histogram_exponent(value);
    uint32_t *row = &near->rows[exponent % HISTOGRAM_NEAR];
    uint8_t *of = &near->exponents[exponent % HISTOGRAM_NEAR];
    if (unlikely(!*row || *of != exponent)) {
        *row = contention ? histogram_row(contention, kind, exponent) : 0;
        *of = (uint8_t)exponent;
    }
    if (!*row)
        return;
    uint32_t *count = &region_histogram(*row)->counts[histogram_bucket(value, exponent)];
    if (likely(RELAXED_LOAD(count) <= UINT32_MAX - times))
        RELAXED_ADD(count, times);
}

void histogram_add_times(uint32_t contention, enum kiwi_histogram_kind kind, uint64_t value, uint32_t times)
{
    struct histogram_near near = {0};
    histogram_add_near(&near, contention, kind, value, times);
}
