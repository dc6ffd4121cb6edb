/*
 * lock_class.h - which locks are one and the same to a reader of the source: the same variable, or made at the same
 * place.
 */
#ifndef KIWI_LOCK_CLASS_H
#define KIWI_LOCK_CLASS_H

#include "../model.h"

/*
 * Equal for two locks of one class, in one trace or in traces of the same binaries: a global lock is its own class, the
 * elements of a global array are one; so are locks in blocks allocated, or initialised, or first used at one place.
 */
uint64_t lock_class(struct model *m, uint32_t object);

/* Of one class, or initialised at one place as elements of an array: only a pair of them has an order. */
bool lock_same_kind(struct model *m, uint32_t a, uint32_t b);

/*
 * The same for the cause of a finding. A lock of which nothing but its first use is known has none (0): which of
 * several sites met it first is chance, and the sites of the finding tell more.
 */
uint64_t lock_cause(struct model *m, uint32_t object);

/* The row stands for many locks that were not told apart (KIWI_OBJECT_CLASS): two mentions of it may be two locks. */
bool lock_is_class(const struct model *m, uint32_t object);

/* A thread other than `thread` (row) that uses the object and was alive in [first_ticks, last_ticks]; 0 = none
 * known, or nobody ever does more than try to take it. */
uint32_t lock_other_user(const struct model *m, uint32_t object, uint32_t thread, uint64_t first_ticks,
                         uint64_t last_ticks);

/* One step of a circle: a thread wanted `to` at `wanted_stack` while it held `from`, taken at `held_stack`. */
struct lock_link {
    uint32_t from, to;
    uint32_t held_stack, wanted_stack;
};

#define LOCK_LINKS_MAX 64u /* the others do not change the cause */

/* What a circle of links comes from, whichever locks of the same classes met in it: equal for equal code. Never 0. */
uint64_t lock_links_cause(struct model *m, const struct lock_link *links, unsigned count);
#endif
