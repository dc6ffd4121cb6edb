/*
 * jemalloc's own calls, mixed with malloc and free as jemalloc allows, call by call. The names are weak, as in programs
 * that work with and without: without it, those that look for all names must see that it is not there.
 *
 *     extended             everything
 *     extended again       frees a block twice, by two of the calls
 *     extended leak        loses what it made, in more than one way
 */
#include "../transcript.h"

#include <malloc.h>
#include <strings.h>

#define WEAK __attribute__((weak))
WEAK void *mallocx(size_t size, int flags);
WEAK void *rallocx(void *p, size_t size, int flags);
WEAK size_t xallocx(void *p, size_t size, size_t extra, int flags);
WEAK size_t sallocx(const void *p, int flags);
WEAK void dallocx(void *p, int flags);
WEAK void sdallocx(void *p, size_t size, int flags);
WEAK size_t nallocx(size_t size, int flags);
WEAK int mallctl(const char *name, void *old, size_t *old_size, void *new, size_t new_size);

#define ALIGNED(log) (log)
#define ZERO 0x40
#define ARENA(a) (((int)(a) + 1) << 20)
#define NO_CACHE (1 << 8)

static unsigned differing(const void *p, size_t n, unsigned char expected)
{
    const unsigned char *bytes = p;
    unsigned bad = 0;
    for (size_t i = 0; i < n; i++)
        bad += bytes[i] != expected;
    return bad;
}

static void made_each_way(void)
{
    for (int log = 0; log <= 16; log += 4)
        for (size_t size = 1; size < 5000000; size = size * 7 + 3) {
            int flags = log | ZERO;
            unsigned char *p = mallocx(size, flags);
            say("%zu bytes, aligned to %d: %d, %u not zero", size, 1 << log, (uintptr_t)p % (1u << log) == 0,
                differing(p, size, 0));
            memset(p, 0x5a, size);
            p = rallocx(p, size * 2, flags);
            say("  twice as large: aligned %d, %u lost", (uintptr_t)p % (1u << log) == 0, differing(p, size, 0x5a));
            p = rallocx(p, size / 2 + 1, log);
            say("  smaller: %u lost", differing(p, size / 2 + 1, 0x5a));
            if (size % 2)
                dallocx(p, log);
            else
                sdallocx(p, size / 2 + 1, log);
        }
}

/* Whether it can is the allocator's to say; the block must stay as good as it was. */
static void in_place(void)
{
    unsigned wrong = 0;
    for (size_t size = 8; size < 3000000; size = size * 3 / 2) {
        char *p = mallocx(size, 0);
        memset(p, 1, size);
        size_t now = xallocx(p, size * 2, size, 0);
        wrong += now < size || differing(p, size, 1);
        memset(p, 2, now);
        now = xallocx(p, size / 2 + 1, 0, 0);
        wrong += now < size / 2 + 1 || differing(p, size / 2 + 1, 2);
        free(p);
    }
    say("in place: %u wrong", wrong);
}

static void mixed(void)
{
    void *p = malloc(100);
    dallocx(p, 0);
    p = calloc(10, 10);
    sdallocx(p, 100, 0);
    p = mallocx(100, 0);
    p = realloc(p, 3000);
    free(p);
    p = malloc(50);
    p = rallocx(p, 70000, NO_CACHE);
    dallocx(p, NO_CACHE);
    errno = ENOTTY;
    dallocx(mallocx(10, 0), 0);
    say("errno is still %s", error_name(errno));
    volatile size_t huge = (size_t)1 << 62;
    p = mallocx(huge, 0);
    say("too large: %s", p ? "a block" : "NULL");
    p = mallocx(10, 0);
    void *q = rallocx(p, huge, 0);
    say("too large: %s", q ? "a block" : "NULL");
    free(p);
}

/* Its blocks go with it. */
static void own_arena(void)
{
    unsigned arena = 0;
    size_t size = sizeof arena;
    char name[64];
    if (mallctl("arenas.create", &arena, &size, NULL, 0))
        return say("cannot make an arena");
    int flags = ARENA(arena) | NO_CACHE;
    for (int round = 0; round < 20; round++) {
        void *grown = mallocx(10, flags);
        for (int i = 0; i < 200; i++)
            memset(mallocx(1000, flags), i, 1000);
        grown = rallocx(grown, 40000, flags);
        memset(grown, 1, 40000);
        void *p = mallocx(300, flags);
        dallocx(p, flags);
        snprintf(name, sizeof name, "arena.%u.reset", arena);
        if (mallctl(name, NULL, NULL, NULL, 0))
            say("cannot empty the arena");
    }
    snprintf(name, sizeof name, "arena.%u.destroy", arena);
    say("destroyed: %d", mallctl(name, NULL, NULL, NULL, 0));
}

static void *churn(void *seed)
{
    unsigned x = (unsigned)(long)seed * 2654435761u + 1;
    void *blocks[64] = {NULL};
    for (int i = 0; i < 50000; i++) {
        x = x * 1664525u + 1013904223u;
        void **b = &blocks[x >> 26];
        if (*b && x & 1024)
            *b = rallocx(*b, x % 5000 + 1, 0);
        else {
            if (*b)
                dallocx(*b, 0);
            *b = mallocx(x % 3000 + 1, x & 2048 ? ZERO : 0);
        }
    }
    for (int i = 0; i < 64; i++)
        if (blocks[i])
            dallocx(blocks[i], 0);
    return NULL;
}

__attribute__((noinline)) static void free_twice(void)
{
    void *volatile p = mallocx(120, 0);
    dallocx(p, 0);
    free(p);
}

static void *volatile last;
__attribute__((noinline)) static void lose(void)
{
    for (int i = 0; i < 1000; i++) {
        last = mallocx(200, 0);
        last = rallocx(last, 300, 0);
    }
    last = NULL;
}

__attribute__((noinline)) static void lose_none(void)
{
    for (int i = 0; i < 1000; i++) {
        last = malloc(200);
        dallocx(last, 0);
        last = mallocx(200, 0);
        xallocx(last, 224, 0, 0);
        sdallocx(last, malloc_usable_size(last), 0);
    }
    last = NULL;
}

int main(int argc, char **argv)
{
    bool all = mallocx && rallocx && xallocx && sallocx && dallocx && sdallocx && nallocx && mallctl;
    say("jemalloc: %s", all ? "yes" : "no");
    if (argc > 1 && !strcmp(argv[1], "look"))
        return 0;
    if (argc > 1) {
        strcmp(argv[1], "again") ? lose() : free_twice();
        return 0;
    }
    made_each_way();
    in_place();
    mixed();
    if (mallctl)
        own_arena();
    lose_none();
    pthread_t threads[4];
    for (long i = 0; i < 4; i++)
        threads[i] = start(churn, (void *)i);
    for (int i = 0; i < 4; i++)
        finish(threads[i]);
    return 0;
}
