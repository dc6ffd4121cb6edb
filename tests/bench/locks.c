/* locks.c - scenarios of one thread that locks: pair, nested. */
#include "measure.h"
#include "paths.h"
#include "scenario.h"

#include <execinfo.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define PROBE_FRAMES 64

extern const char __executable_start[], etext[];

/* Prints the frames between libc and pthread_mutex_lock that belong to the program; this function's own is not one. */
static void print_depth(void)
{
    void *frames[PROBE_FRAMES];
    int count = backtrace(frames, PROBE_FRAMES);
    int own = 0;
    for (int i = 1; i < count; i++) {
        uintptr_t address = (uintptr_t)frames[i];
        own += address >= (uintptr_t)__executable_start && address < (uintptr_t)etext;
    }
    printf("depth=%d\n", own - 1); /* _start is the program's too, below main */
}

static int walk_open(struct walk *walk, const struct settings *settings, bool nested)
{
    *walk = (struct walk){
            .lock_count = (unsigned long)settings->locks,
            .site_count = (unsigned long)settings->sites,
            .depth = (unsigned long)settings->depth,
            .repeat = settings->repeat > 0 ? (unsigned long)settings->repeat : 1,
            .shared = settings->shared != 0,
            .nested = nested,
            .probe = settings->show_depth ? print_depth : NULL,
    };
    if (nested && walk->lock_count < 2)
        walk->lock_count = 2;
    walk->locks = aligned_alloc(64, walk->lock_count * sizeof(walk->locks[0]));
    if (walk->locks == NULL) {
        fprintf(stderr, "bench: cannot allocate the locks\n");
        return -1;
    }
    for (unsigned long i = 0; i < walk->lock_count; i++)
        pthread_mutex_init(&walk->locks[i].mutex, NULL);
    return 0;
}

static void walk_close(struct walk *walk)
{
    for (unsigned long i = 0; i < walk->lock_count; i++)
        pthread_mutex_destroy(&walk->locks[i].mutex);
    free(walk->locks);
}

/*
 * Inlined into both scenarios: its frame would be one more at the call. With one site the loop is inside the site, so
 * that what is compared is the pair alone; with many, a path is entered for every `repeat` pairs.
 */
static inline __attribute__((always_inline)) int walk_measure(const struct settings *settings, bool nested)
{
    struct walk walk;
    if (companion_start(settings) != 0 || walk_open(&walk, settings, nested) != 0)
        return 1;
    struct measure *measure = measure_open(settings->ms, settings->show_depth ? 1 : settings->batches);
    if (measure == NULL)
        return 1;
    unsigned long ops = settings->show_depth ? walk.repeat : (unsigned long)settings->ops;
    bool stay = settings->sites == 1 && settings->repeat == 0;
    while (measure_more(measure)) {
        measure_start(measure);
        if (stay)
            paths_stay(&walk, ops);
        else
            paths_walk(&walk, ops);
        measure_stop(measure, ops);
    }
    int failed = settings->show_depth ? 0 : measure_print(measure);
    measure_close(measure);
    walk_close(&walk);
    return failed != 0;
}

int scenario_pair(const struct settings *settings)
{
    return walk_measure(settings, false);
}

int scenario_nested(const struct settings *settings)
{
    return walk_measure(settings, true);
}
