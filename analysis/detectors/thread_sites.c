#include "thread_sites.h"

#include "../place.h"

#include <stdlib.h>

#define LIVES_FIRST_END 10u /* lives[0] holds what lasted less than 2^10 ticks */

/* The creating function and the started one: a function that starts threads at several lines is one site. */
static uint64_t site_key(struct model *m, const struct kiwi_thread_class *c)
{
    struct symbol_frame at = place_location(m->trace, m->symbols, c->create_stack);
    unsigned count = 0;
    const struct symbol_frame *f = m->symbols ? symbols_address(m->symbols, c->start_function, false, &count) : NULL;
    const char *start = f && count ? f[count - 1].function : NULL;
    uint64_t key = at.function ? place_hash_text(place_hash_text(0, place_base_name(at.module)), at.function)
                               : place_location_hash(m->trace, m->symbols, c->create_stack);

    return m->symbols ? place_hash_text(key, start) : place_hash(key, c->start_function);
}

static uint32_t site_find(struct thread_sites *s, uint64_t key)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (s->items[i].key == key)
            return i;
    s->items[s->count].key = key;
    return s->count++;
}

static void site_add(struct thread_site *s, const struct kiwi_thread_class *c)
{
    if (!s->stack || c->first_ticks < s->first_ticks) {
        s->stack = c->create_stack;
        s->first_ticks = c->first_ticks;
    }
    if (c->last_ticks > s->last_ticks)
        s->last_ticks = c->last_ticks;
    s->started += c->started;
    s->ended += c->ended;
    s->settled += c->settled;
    if (c->forgotten)
        s->forgotten_stack = c->create_stack;
    s->forgotten += c->forgotten;
    s->busy_started += c->busy_started;
    if (c->busy_windows > s->busy_windows)
        s->busy_windows = c->busy_windows;
    for (uint32_t i = 0; i < KIWI_CLASS_LIVES; i++)
        s->lives[i] += c->lives[i];
}

int thread_sites_make(struct thread_sites *s, struct model *m)
{
    *s = (struct thread_sites){.classes = trace_rows(m->trace, KIWI_TABLE_CLASSES)};
    s->items = calloc(s->classes + 1, sizeof *s->items);
    s->of_class = calloc(s->classes + 1, sizeof *s->of_class);
    if (!s->items || !s->of_class) {
        thread_sites_release(s);
        return -1;
    }
    for (uint32_t i = 1; i < s->classes; i++) {
        const struct kiwi_thread_class *c = trace_thread_class(m->trace, i);
        uint32_t site;

        if (!c || !c->create_stack)
            continue;
        site = site_find(s, site_key(m, c));
        site_add(&s->items[site], c);
        s->of_class[i] = site + 1;
    }
    return 0;
}

struct thread_site *thread_sites_of_class(struct thread_sites *s, uint32_t class_row)
{
    uint32_t site = class_row < s->classes ? s->of_class[class_row] : 0;

    return site ? &s->items[site - 1] : NULL;
}

void thread_sites_release(struct thread_sites *s)
{
    free(s->items);
    free(s->of_class);
    *s = (struct thread_sites){0};
}

uint64_t thread_site_life(const struct thread_site *s, unsigned percent)
{
    uint64_t total = 0, below = 0;

    for (uint32_t i = 0; i < KIWI_CLASS_LIVES; i++)
        total += s->lives[i];
    for (uint32_t i = 0; i < KIWI_CLASS_LIVES; i++) {
        below += s->lives[i];
        if (below * 100 >= total * percent)
            return 1ull << (i + LIVES_FIRST_END);
    }
    return UINT64_MAX;
}
