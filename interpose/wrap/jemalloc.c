/*
 * jemalloc.c - jemalloc's own calls (mallocx and its kind), in programs that have it.
 *
 * That these names are exported must not make a program believe in a jemalloc that is not there: `mallctl`, without
 * which the calls are of little use and which such programs ask for as well, is not, nor are the calls that only tell
 * sizes, which other allocators have too. One that looks for no more than a name here gets what the names promise, made
 * of malloc.
 */
#include "heap_follow.h"

#include "../record/heap_path.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

/* jemalloc's flags: the alignment's logarithm, zeroes, a thread cache, and an arena. */
#define FLAG_ALIGNMENT 0x3f
#define FLAG_ZERO 0x40
#define FLAG_ARENA_SHIFT 20
#define ALIGNMENT_ALWAYS 16u /* of glibc's malloc and of those that take its place */

void *mallocx(size_t size, int flags);
void *rallocx(void *old, size_t size, int flags);
size_t xallocx(void *p, size_t size, size_t extra, int flags);
void dallocx(void *p, int flags);
void sdallocx(void *p, size_t size, int flags);

/* A library that was opened for a plugin alone may have brought it. */
#define ENSURE(name)                                                                                                   \
    do {                                                                                                               \
        if (unlikely(!real.name))                                                                                      \
            find_late(#name, (void **)&real.name, (void *)stand_in_##name, __builtin_return_address(0));               \
    } while (0)

/* What the calls mean, made of malloc. */

static size_t alignment_of(int flags)
{
    return (size_t)1 << (flags & FLAG_ALIGNMENT);
}

static void *stand_in_mallocx(size_t size, int flags)
{
    void *p = NULL;
    if (alignment_of(flags) <= ALIGNMENT_ALWAYS)
        return flags & FLAG_ZERO ? real.calloc(1, size) : real.malloc(size);
    if (real.posix_memalign(&p, alignment_of(flags), size))
        return NULL;
    return flags & FLAG_ZERO ? memset(p, 0, size) : p;
}

static void *stand_in_rallocx(void *old, size_t size, int flags)
{
    size_t before = malloc_usable_size(old);
    void *p = alignment_of(flags) <= ALIGNMENT_ALWAYS ? real.realloc(old, size) : stand_in_mallocx(size, flags);
    if (!p)
        return NULL;
    if (alignment_of(flags) > ALIGNMENT_ALWAYS) {
        memcpy(p, old, before < size ? before : size);
        real.free(old);
    } else if (flags & FLAG_ZERO && size > before) {
        memset((char *)p + before, 0, size - before);
    }
    return p;
}

/* May always leave the block as it is. */
static size_t stand_in_xallocx(void *p, size_t size, size_t extra, int flags)
{
    (void)size, (void)extra, (void)flags;
    return malloc_usable_size(p);
}

static void stand_in_dallocx(void *p, int flags)
{
    (void)flags;
    real.free(p);
}

static void stand_in_sdallocx(void *p, size_t size, int flags)
{
    (void)size, (void)flags;
    real.free(p);
}

static COLD void find_late(const char *name, void **place, void *stand_in, const void *caller)
{
    int saved = errno;
    void *none = NULL;
    real_find_late(name, NULL, caller);
    __atomic_compare_exchange_n(place, &none, stand_in, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    errno = saved;
}

/* Blocks of an arena that the program has made may vanish with it, at one call: they are counted, and not followed. */
static bool follows(int flags)
{
    return !((unsigned)flags >> FLAG_ARENA_SHIFT);
}

EXPORT void *mallocx(size_t size, int flags)
{
    struct thread *t = thread_enter();
    ENSURE(mallocx);
    void *p = real.mallocx(size, flags);
    if (unlikely(!t || !p))
        return heap_got_unseen(p);
    if (likely(follows(flags)))
        return heap_got(t, p, size, CALL_SITE());
    heap_counted(t, p, size, CALL_SITE());
    return p;
}

EXPORT void *rallocx(void *old, size_t size, int flags)
{
    struct thread *t = thread_enter();
    struct heap_moving m;
    ENSURE(rallocx);
    if (unlikely(!heap_move_starts(&m, t, old, size, CALL_SITE())))
        return m.instead;
    void *p = real.rallocx(old, size, flags);
    m.unfollowed = !follows(flags);
    heap_move_ends(&m, p, size);
    return p;
}

/* In its place, or not at all. */
EXPORT size_t xallocx(void *p, size_t size, size_t extra, int flags)
{
    struct thread *t = thread_enter();
    struct heap_moving m;
    ENSURE(xallocx);
    if (unlikely(!heap_move_starts(&m, t, p, size, CALL_SITE()))) {
        real.free(m.instead);
        return real.xallocx(p, size, extra, flags);
    }
    size_t result = real.xallocx(p, size, extra, flags);
    m.unfollowed = !follows(flags);
    heap_move_ends(&m, result >= size ? p : NULL, size);
    return result;
}

static ALWAYS_INLINE bool keeps(void *p, struct call_site site)
{
    struct thread *t = thread_enter();
    if (unlikely(!t))
        return heap_keeps_unseen(p);
    return suspect_block((uintptr_t)p) && heap_fate_of(t, p, site) == HEAP_KEPT;
}

EXPORT void dallocx(void *p, int flags)
{
    ENSURE(dallocx);
    if (!keeps(p, CALL_SITE()))
        real.dallocx(p, flags);
}

EXPORT void sdallocx(void *p, size_t size, int flags)
{
    ENSURE(sdallocx);
    if (!keeps(p, CALL_SITE()))
        real.sdallocx(p, size, flags);
}
