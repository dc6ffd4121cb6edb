#include "heap_place.h"

#include "../place.h"

/* The service's own function that allocates, and what called it: one wrapper around malloc is no place. */
static uint64_t place_and_caller(const struct model *m, uint32_t stack)
{
    unsigned count = place_frames(m->trace, m->symbols, stack), own = 0;
    uint64_t key = 0;

    for (unsigned i = 0; i < count && own < 2; i++) {
        struct symbol_frame f = place_frame(m->trace, m->symbols, stack, i);

        if (f.internal)
            continue;
        key = place_hash(place_hash_text(key, f.function), f.offset);
        own++;
    }
    return key;
}

bool heap_place_is_told(const struct model *m, uint32_t stack, const struct finding_list *list)
{
    uint64_t here = place_and_caller(m, stack);

    for (unsigned i = 0; i < list->count; i++) {
        const struct finding *f = list->items[i];

        if (f->id != FINDING_HOT_ALLOC && f->id != FINDING_REALLOC_GROWTH)
            continue;
        for (unsigned k = 0; k < f->stack_count; k++)
            if (place_and_caller(m, f->stacks[k].stack) == here)
                return true;
    }
    return false;
}
