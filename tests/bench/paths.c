#include "paths.h"

#ifdef __clang__
#define FRAME_ATTRIBUTES __attribute__((noinline))
#else
#define FRAME_ATTRIBUTES __attribute__((noinline, noclone))
#endif

/* Something after the last call, or it would be a jump and its frame missing. */
#define KEEP_FRAME() __asm__ volatile("" ::: "memory")

typedef void path_function(struct walk *walk);

static inline pthread_mutex_t *walk_next_lock(struct walk *walk)
{
    unsigned long next = walk->lock_next;
    walk->lock_next = next + 1 < walk->lock_count ? next + 1 : 0;
    return &walk->locks[next].mutex;
}

/*
 * The body of every site. It is expanded in each, because what tells sites apart is the return address of the call.
 */
static inline __attribute__((always_inline)) void site_body(struct walk *walk)
{
    if (walk->probe != 0)
        walk->probe();
    for (unsigned long i = 0; i < walk->repeat; i++) {
        pthread_mutex_t *outer = walk_next_lock(walk);
        pthread_mutex_lock(outer);
        if (walk->nested) {
            pthread_mutex_t *inner = &walk->locks[walk->lock_next].mutex;
            pthread_mutex_lock(inner);
            pthread_mutex_unlock(inner);
        }
        pthread_mutex_unlock(outer);
    }
}

static FRAME_ATTRIBUTES void common_site(struct walk *walk)
{
    site_body(walk);
    KEEP_FRAME();
}

/* The 64 sites have octal names, 00 to 77. */
#define EIGHT(X, a) X(a##0) X(a##1) X(a##2) X(a##3) X(a##4) X(a##5) X(a##6) X(a##7)
#define SITES(X) EIGHT(X, 0) EIGHT(X, 1) EIGHT(X, 2) EIGHT(X, 3) EIGHT(X, 4) EIGHT(X, 5) EIGHT(X, 6) EIGHT(X, 7)

#define SITE(s)                                                                                                        \
    static FRAME_ATTRIBUTES void path_##s##_0(struct walk *walk)                                                       \
    {                                                                                                                  \
        if (walk->shared)                                                                                              \
            common_site(walk);                                                                                         \
        else                                                                                                           \
            site_body(walk);                                                                                           \
        KEEP_FRAME();                                                                                                  \
    }
#define FRAME(s, level, inner)                                                                                         \
    static FRAME_ATTRIBUTES void path_##s##_##level(struct walk *walk)                                                 \
    {                                                                                                                  \
        path_##s##_##inner(walk);                                                                                      \
        KEEP_FRAME();                                                                                                  \
    }
#define LOWER_FRAMES(s) FRAME(s, 1, 0) FRAME(s, 2, 1) FRAME(s, 3, 2) FRAME(s, 4, 3)
#define UPPER_FRAMES(s) FRAME(s, 5, 4) FRAME(s, 6, 5) FRAME(s, 7, 6) FRAME(s, 8, 7)
#define PATH(s) SITE(s) LOWER_FRAMES(s) UPPER_FRAMES(s)

SITES(PATH)

/* By site, then by frames between paths_walk and the site. */
#define ENTRIES(s)                                                                                                     \
    {path_##s##_0, path_##s##_1, path_##s##_2, path_##s##_3, path_##s##_4,                                             \
     path_##s##_5, path_##s##_6, path_##s##_7, path_##s##_8},

static path_function *const entries[PATHS_SITES][PATHS_DEPTH_MAX - PATHS_DEPTH_MIN + 1] = {SITES(ENTRIES)};

FRAME_ATTRIBUTES void paths_walk(struct walk *walk, unsigned long pairs)
{
    unsigned long level = walk->depth - PATHS_DEPTH_MIN - (walk->shared ? 1 : 0);
    unsigned long site = 0;
    walk->lock_next = 0;
    for (unsigned long made = 0; made < pairs; made += walk->repeat) {
        entries[site][level](walk);
        site = site + 1 < walk->site_count ? site + 1 : 0;
    }
}

FRAME_ATTRIBUTES void paths_stay(struct walk *walk, unsigned long pairs)
{
    walk->lock_next = 0;
    walk->repeat = pairs;
    entries[0][walk->depth - PATHS_DEPTH_MIN - (walk->shared ? 1 : 0)](walk);
    KEEP_FRAME();
}
