#include "allocator.h"

#include "place.h"
#include "symbols.h"

#include <stdio.h>
#include <string.h>

static const struct kiwi_allocator *row_of(const struct model *m)
{
    return trace_rows(m->trace, KIWI_TABLE_ALLOCATORS) > 1 ? trace_allocator(m->trace, 1) : NULL;
}

const struct kiwi_allocator *allocator_figures(const struct model *m)
{
    const struct kiwi_allocator *a = row_of(m);

    return a && a->figures == KIWI_FIGURES_TAKEN ? a : NULL;
}

double allocator_fragmentation(const struct kiwi_allocator *a)
{
    return a->allocated ? (double)a->active / (double)a->allocated : 0;
}

/* A malloc that stands in front of libkiwi.so may pass its calls on, to look at them alone. */
static bool any_was_seen(const struct model *m)
{
    const struct trace *t = m->trace;

    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_HEAP_SITES); i++)
        if (trace_heap_site(t, i))
            return true;
    for (uint32_t i = 1; i < trace_rows(t, KIWI_TABLE_THREADS); i++)
        if (trace_thread(t, i) && trace_thread(t, i)->heap_calls)
            return true;
    return false;
}

/* Another allocator that is linked into the program, or called by its own names. NULL = none is known. */
static const char *called_directly(const struct model *m, bool *hidden)
{
    static const char *const defined[] = {"malloc", NULL};
    static const char *const mentioned[] = {"mi_malloc",     "tc_malloc", "je_malloc", "_rjem_malloc",
                                            "_rjem_mallocx", "rpmalloc",  NULL};
    const char *name = m->symbols ? symbols_mention(m->symbols, defined, true) : NULL;

    *hidden = name != NULL;
    return name || !m->symbols ? name : symbols_mention(m->symbols, mentioned, false);
}

const char *allocator_unseen(const struct model *m, char *text, size_t size)
{
    const struct kiwi_allocator *a = row_of(m);
    const char *name;
    bool hidden;

    if (!a)
        return NULL;
    if (a->unseen != KIWI_ALLOCATOR_SEEN && any_was_seen(m))
        return NULL;
    if (a->unseen == KIWI_ALLOCATOR_LIBRARY)
        snprintf(text, size, "allocations were not seen: malloc is that of %s, which comes before libkiwi.so",
                 place_base_name(trace_string(m->trace, a->first)));
    else if (a->unseen == KIWI_ALLOCATOR_EXECUTABLE)
        snprintf(text, size, "allocations were not seen: the program has a malloc of its own");
    else if (!(name = called_directly(m, &hidden)))
        return NULL;
    else if (hidden)
        snprintf(text, size, "the program's own allocations were not seen: it has a malloc for itself alone");
    else
        snprintf(text, size, "what the program allocates by %s was not seen", name);
    return text;
}
