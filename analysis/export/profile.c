#include "profile.h"

#include "../heap_use.h"

#include <stdlib.h>

static const struct profile_info infos[PROFILE_VALUES] = {
#define VALUE(enumerator, word, type, unit, summary) {word, type, unit, summary},
#include "values.def"
#undef VALUE
};

const struct profile_info *profile_info(enum profile_value v)
{
    return &infos[v];
}

int profile_open(struct profile *p, struct model *m)
{
    struct heap_uses *u = heap_uses_open(m);

    *p = (struct profile){.items = u ? calloc((size_t)u->count + 1, sizeof *p->items) : NULL};
    for (uint32_t i = 0; p->items && i < u->count; i++) {
        const struct heap_use *use = &u->items[i];

        p->items[p->count++] = (struct profile_sample){.stack = use->site->stack,
                                                       .values = {[PROFILE_ALLOCATED_BLOCKS] = use->made.blocks,
                                                                  [PROFILE_ALLOCATED] = use->made.bytes,
                                                                  [PROFILE_LIVE_BLOCKS] = use->live.blocks,
                                                                  [PROFILE_LIVE] = use->live.bytes,
                                                                  [PROFILE_LOST] = (double)use->site->lost_bytes}};
    }
    heap_uses_close(u);
    return p->items ? 0 : -1;
}

void profile_close(struct profile *p)
{
    free(p->items);
    *p = (struct profile){0};
}
