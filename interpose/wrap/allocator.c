/*
 * allocator.c - who serves malloc, and jemalloc's statistics.
 *
 * `mallctl` is only called where it lies in the same module as the malloc that serves the process, which makes it
 * jemalloc's. It takes jemalloc's own locks one after another, and never for long.
 */
#include "allocator.h"

#include "../base/exports.h"
#include "../base/real.h"
#include "../record/allocator.h"
#include "heap_follow.h"

#include <link.h>

static int (*mallctl)(const char *name, void *old, size_t *old_size, void *new, size_t new_size);

static bool read_size(const char *name, size_t *to)
{
    size_t size = sizeof *to;
    return mallctl(name, to, &size, NULL, 0) == 0 && size == sizeof *to;
}

static bool ask_jemalloc(struct allocator_figures *f)
{
    uint64_t epoch = 1; /* any value brings the figures up to date */
    if (mallctl("epoch", NULL, NULL, &epoch, sizeof epoch) || !read_size("stats.allocated", &f->allocated) ||
        !read_size("stats.active", &f->active))
        return false;
    read_size("stats.metadata", &f->metadata); /* these came one by one with later versions */
    read_size("stats.resident", &f->resident);
    read_size("stats.mapped", &f->mapped);
    read_size("stats.retained", &f->retained);
    return true;
}

static bool is_its_code(uintptr_t address)
{
    return real_module_of((const void *)address) == real_module_of((const void *)mallctl);
}

static const char *path_of(const struct link_map *module)
{
    return module && module->l_name[0] ? module->l_name : NULL;
}

static void learn_first(const struct link_map *first)
{
    allocator_facts.first = path_of(first);
    allocator_facts.unseen = allocator_facts.first ? KIWI_ALLOCATOR_LIBRARY : KIWI_ALLOCATOR_EXECUTABLE;
}

static bool is_ours(const void *function)
{
    return real_module_of(function) == real_module_of((const void *)allocator_learn);
}

void allocator_learn(void)
{
    const void *in_front = heap_in_front(is_ours);
    const struct link_map *serves = real_module_of(in_front ? in_front : (const void *)real.malloc);
    if (in_front)
        learn_first(serves);
    allocator_facts.serves = path_of(real_module_of((const void *)real.malloc));
    if (exports_anywhere("mallctl"))
        *(void **)&mallctl = dlsym(RTLD_DEFAULT, "mallctl");
    if (mallctl && serves && real_module_of((const void *)mallctl) == serves) {
        allocator_facts.ask = ask_jemalloc;
        allocator_facts.is_its_code = is_its_code;
    }
}
