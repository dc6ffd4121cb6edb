#include "heap_place.h"

#include "../place.h"

bool heap_place_is_told(const struct model *m, uint32_t stack, const struct finding_list *list)
{
    uint64_t here = place_location_hash(m->trace, m->symbols, stack);

    for (unsigned i = 0; i < list->count; i++) {
        const struct finding *f = list->items[i];

        if (f->id != FINDING_HOT_ALLOC && f->id != FINDING_REALLOC_GROWTH)
            continue;
        for (unsigned k = 0; k < f->stack_count; k++)
            if (place_location_hash(m->trace, m->symbols, f->stacks[k].stack) == here)
                return true;
    }
    return false;
}
