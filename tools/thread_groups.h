/*
 * thread_groups.h - threads that do the same: a pool of a hundred idle workers is one paragraph of a dump, not a
 * hundred.
 *
 *     struct thread_groups g;
 *     if (thread_groups_make(&g, model, now_ns)) out of memory;
 *     if (thread_groups_first(&g, row) == row) ... print it, and thread_groups_others(&g, row) more do the same
 *     thread_groups_release(&g);
 *
 * Alike are threads that hold nothing and are in the same call, or wait for the same lock, at the same stack, on
 * whichever descriptor. Few of them are not put together.
 */
#ifndef KIWI_THREAD_GROUPS_H
#define KIWI_THREAD_GROUPS_H

#include "../analysis/model.h"

struct thread_groups {
    struct thread_group *items; /* by thread row */
    uint32_t rows;
};

int thread_groups_make(struct thread_groups *g, const struct model *m, uint64_t now_ns); /* -1 when out of memory */
void thread_groups_release(struct thread_groups *g);

uint32_t thread_groups_first(const struct thread_groups *g,
                             uint32_t row); /* row itself unless it goes with an earlier one */
uint32_t thread_groups_others(const struct thread_groups *g, uint32_t row); /* how many go with row, 0 = none */
#endif
