#include "heap_recursion.h"

#include "place.h"

#include <stdlib.h>
#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

/* Static functions of two files may have one name. */
static bool same_function(const struct symbol_frame *a, const struct symbol_frame *b)
{
    return a->function && b->function && !strcmp(a->function, b->function) && same_text(a->file, b->file) &&
           same_text(a->module, b->module);
}

/* The outermost frame of the same function as frame i; i itself if there is none further out. */
static unsigned outermost(const struct model *m, uint32_t stack, unsigned i, unsigned count)
{
    struct symbol_frame f = place_frame(m->trace, m->symbols, stack, i);

    for (unsigned k = count; f.function && !f.internal && k-- > i + 1;) {
        struct symbol_frame other = place_frame(m->trace, m->symbols, stack, k);

        if (same_function(&f, &other))
            return k;
    }
    return i;
}

/* The same for paths that differ by recursion alone. */
static uint64_t path_key(const struct model *m, uint32_t stack)
{
    unsigned count = place_frames(m->trace, m->symbols, stack);
    uint64_t key = 0;

    for (unsigned i = 0; i < count; i++) {
        struct symbol_frame f = place_frame(m->trace, m->symbols, stack, i);

        key = place_hash(place_hash_text(place_hash_text(key, f.function), f.module), f.offset);
        i = outermost(m, stack, i, count);
    }
    return key;
}

struct keyed {
    uint64_t key;
    uint32_t item;
    double blocks;
};

/* Of one key, who allocated most comes first. */
static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->blocks > y->blocks || x->blocks < y->blocks)
        return x->blocks > y->blocks ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

static void add_site(struct kiwi_heap_site *sum, const struct kiwi_heap_site *s)
{
    bool same = s->thread == sum->thread && s->serial == sum->serial;

    sum->others += same ? s->others : s->blocks - (s->others < s->blocks ? s->others : s->blocks);
    sum->samples += s->samples;
    sum->blocks += s->blocks;
    sum->bytes += s->bytes;
    sum->freed_samples += s->freed_samples;
    sum->freed_blocks += s->freed_blocks;
    sum->freed_bytes += s->freed_bytes;
    sum->elsewhere += s->elsewhere;
    sum->resized += s->resized;
    sum->unfollowed_blocks += s->unfollowed_blocks;
    sum->unfollowed_bytes += s->unfollowed_bytes;
    sum->peak_bytes += s->peak_bytes;
    sum->made_variance += s->made_variance;
    sum->freed_variance += s->freed_variance;
    sum->made_blocks_variance += s->made_blocks_variance;
    sum->freed_blocks_variance += s->freed_blocks_variance;
    for (unsigned i = 0; i < KIWI_HEAP_LIVES; i++)
        sum->lives[i] += s->lives[i];
    if (s->first_ticks < sum->first_ticks)
        sum->first_ticks = s->first_ticks;
    if (s->last_ticks > sum->last_ticks)
        sum->last_ticks = s->last_ticks;
}

/* Those of one key, the first of which stands for all. */
static void merge(struct heap_uses *u, const struct keyed *of, uint32_t count, struct kiwi_heap_site *sum)
{
    struct heap_use *use = &u->items[of->item];

    *sum = *use->site;
    for (uint32_t i = 1; i < count; i++) {
        add_site(sum, u->items[of[i].item].site);
        u->items[of[i].item].site = NULL;
    }
    use->paths = count;
    heap_use_fill(use, u->m, sum);
}

static void close_up(struct heap_uses *u)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < u->count; i++)
        if (u->items[i].site)
            u->items[kept++] = u->items[i];
    u->count = kept;
}

int heap_uses_recursion(struct heap_uses *u, bool (*wanted)(const struct heap_use *use, const void *facts),
                        const void *facts)
{
    struct keyed *keys = malloc(((size_t)u->count + 1) * sizeof *keys);
    struct kiwi_heap_site *sums = malloc(((size_t)u->count + 1) * sizeof *sums);
    uint32_t count = 0, end;

    if (!keys || !sums || u->sums) {
        free(keys);
        free(sums);
        return -1;
    }
    for (uint32_t i = 0; i < u->count; i++)
        if (wanted(&u->items[i], facts))
            keys[count++] = (struct keyed){path_key(u->m, u->items[i].site->stack), i, u->items[i].made.blocks};
    qsort(keys, count, sizeof *keys, by_key);
    for (uint32_t i = 0; i < count; i = end) {
        for (end = i + 1; end < count && keys[end].key == keys[i].key; end++)
            ;
        if (end > i + 1)
            merge(u, &keys[i], end - i, &sums[i]);
    }
    u->sums = sums;
    close_up(u);
    free(keys);
    return 0;
}
