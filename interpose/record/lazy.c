#include "lazy.h"

#include "module.h"

#define LIBRARY "libglib-2.0.so"

/* How many of the innermost frames are the library's: it may have left for the lock call by a jump. */
static uint32_t library_depth(const struct kiwi_stack *s)
{
    uint32_t depth = 0;
    while (depth < s->depth && module_is_named(region_frames(s->first)[depth], LIBRARY))
        depth++;
    return depth;
}

/* Stacks are cut at a depth, so the shorter one decides. */
static bool same_callers(const struct kiwi_stack *a, uint32_t from_a, const struct kiwi_stack *b, uint32_t from_b)
{
    const uint64_t *f = region_frames(a->first), *g = region_frames(b->first);
    bool met = false;
    while (from_a < a->depth && from_b < b->depth) {
        if (f[from_a++] != g[from_b++])
            return false;
        met = true;
    }
    return met;
}

bool lazy_made(uint32_t object, uint32_t stack)
{
    uint32_t init = region_object(object)->init_stack;
    if (!init || !stack)
        return false;
    const struct kiwi_stack *made = region_stack(init), *taken = region_stack(stack);
    uint32_t depth = library_depth(made);
    return depth && same_callers(made, depth, taken, library_depth(taken));
}
