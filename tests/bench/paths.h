/*
 * paths.h - 64 call paths that end in a mutex lock and unlock, each through functions of its own.
 *
 *     struct walk walk = {.locks = locks, .lock_count = 1000, .site_count = 64, .depth = 12, .repeat = 1};
 *     paths_walk(&walk, 8000);
 *
 * A depth counts the frames of the program when pthread_mutex_lock is called: main, the scenario, paths_walk, and below
 * them the path, whose innermost function is the site. What libc has outside main comes on top. Every frame is real:
 * nothing is inlined, cloned or tail-called, and `probe` lets a test count what an unwinder sees there.
 */
#ifndef KIWI_BENCH_PATHS_H
#define KIWI_BENCH_PATHS_H

#include <pthread.h>

#define PATHS_SITES 64
#define PATHS_DEPTH_MIN 4
#define PATHS_DEPTH_MAX 12

/* A cache line each, as in a program that cares. */
struct bench_lock {
    pthread_mutex_t mutex;
    char padding[64 - sizeof(pthread_mutex_t)];
};

struct walk {
    struct bench_lock *locks;
    unsigned long lock_count;
    unsigned long lock_next; /* index */
    unsigned long site_count;
    unsigned long depth;  /* frames, PATHS_DEPTH_MIN to PATHS_DEPTH_MAX */
    unsigned long repeat; /* pairs per path taken */
    int shared;           /* 1: the sites call one common locking function (its frame counts in the depth) */
    int nested;           /* 1: each pair has a second pair inside, on the following lock */
    void (*probe)(void);  /* called at the site, NULL = not */
};

/* Makes `pairs` lock and unlock pairs (double pairs if nested), taking the sites and the locks in turn from the
 * first. */
void paths_walk(struct walk *walk, unsigned long pairs);

/* Makes all pairs at the first site, with the loop inside it. */
void paths_stay(struct walk *walk, unsigned long pairs);

#endif
