/* heap.c - malloc and free: one block again and again, and over a working set of live blocks. */
#include "../../interpose/kiwi.h"
#include "measure.h"
#include "scenario.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIVE_BLOCKS 1000
#define PLAN_STEPS 4096 /* a power of two */
#define SIZE_SMALLEST 16
#define SIZE_LARGEST 512

/* Makes the compiler believe that the block is used, or it would drop both calls. */
#define USE(block) __asm__ volatile("" : : "r"(block) : "memory")

/* What to replace by what, drawn beforehand so that drawing isn't measured. */
struct step {
    unsigned short block, size;
};

struct heap {
    void *blocks[LIVE_BLOCKS];
    struct step plan[PLAN_STEPS];
    unsigned long next;
};

static unsigned long draw(unsigned long *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static void heap_plan(struct heap *heap)
{
    unsigned long state = 1;
    for (int i = 0; i < PLAN_STEPS; i++) {
        heap->plan[i].block = (unsigned short)(draw(&state) % LIVE_BLOCKS);
        heap->plan[i].size = (unsigned short)(SIZE_SMALLEST + draw(&state) % (SIZE_LARGEST - SIZE_SMALLEST + 1));
    }
}

static int heap_fill(struct heap *heap)
{
    for (int i = 0; i < LIVE_BLOCKS; i++) {
        heap->blocks[i] = malloc(heap->plan[i].size);
        if (heap->blocks[i] == NULL)
            return -1;
    }
    return 0;
}

static void heap_empty(struct heap *heap)
{
    for (int i = 0; i < LIVE_BLOCKS; i++)
        free(heap->blocks[i]);
}

static void live_batch(struct heap *heap, long ops)
{
    for (long i = 0; i < ops; i++) {
        const struct step *step = &heap->plan[heap->next++ % PLAN_STEPS];
        free(heap->blocks[step->block]);
        heap->blocks[step->block] = malloc(step->size);
        USE(heap->blocks[step->block]);
    }
}

static void tight_batch(long ops)
{
    for (long i = 0; i < ops; i++) {
        void *block = malloc(64);
        USE(block);
        free(block);
    }
}

static void scope_begin(const struct settings *settings)
{
    if (settings->scope > 0)
        kiwi_scope_begin("batch");
}

static void scope_end(const struct settings *settings)
{
    if (settings->scope > 0)
        kiwi_scope_end("batch");
}

/* Works like the measured thread, until the process ends. */
static void *live_for_ever(void *settings)
{
    static struct heap other;
    heap_plan(&other);
    if (measure_bind(((const struct settings *)settings)->peer_cpu) != 0 || heap_fill(&other) != 0)
        return NULL;
    for (;;)
        live_batch(&other, PLAN_STEPS);
}

static int other_start(const struct settings *settings)
{
    pthread_t thread;
    if (settings->busy <= 0)
        return companion_start(settings);
    int error = pthread_create(&thread, NULL, live_for_ever, (void *)(uintptr_t)settings);
    if (error != 0)
        fprintf(stderr, "bench: cannot start a thread: %s\n", strerror(error));
    return error;
}

int scenario_heap_tight(const struct settings *settings)
{
    struct measure *measure = measure_open(settings->ms, settings->batches);
    if (measure == NULL || other_start(settings) != 0)
        return 1;
    while (measure_more(measure)) {
        measure_start(measure);
        scope_begin(settings);
        tight_batch(settings->ops);
        scope_end(settings);
        measure_stop(measure, (unsigned long)settings->ops);
    }
    int failed = measure_print(measure);
    measure_close(measure);
    return failed != 0;
}

int scenario_heap_live(const struct settings *settings)
{
    struct heap heap = {.next = 0};
    heap_plan(&heap);
    struct measure *measure = measure_open(settings->ms, settings->batches);
    if (measure == NULL || other_start(settings) != 0)
        return 1;
    if (heap_fill(&heap) != 0) {
        fprintf(stderr, "bench: cannot allocate the live blocks\n");
        return 1;
    }
    while (measure_more(measure)) {
        measure_start(measure);
        scope_begin(settings);
        live_batch(&heap, settings->ops);
        scope_end(settings);
        measure_stop(measure, (unsigned long)settings->ops);
    }
    int failed = measure_print(measure);
    measure_close(measure);
    heap_empty(&heap);
    return failed != 0;
}

/* Keeps `threads` MiB of blocks, and frees as many on the way. Says `ready`, and ends with standard input, so that
 * somebody can look at the process meanwhile. */
int scenario_heap_held(const struct settings *settings)
{
    unsigned long state = 1, room = (unsigned long)settings->threads << 20;
    char byte;
    while (room >= SIZE_LARGEST) {
        size_t size = SIZE_SMALLEST + draw(&state) % (SIZE_LARGEST - SIZE_SMALLEST + 1);
        void *kept = malloc(size), *freed = malloc(size);
        if (kept == NULL || freed == NULL) {
            fprintf(stderr, "bench: cannot allocate the blocks\n");
            return 1;
        }
        memset(kept, 1, size);
        free(freed);
        room -= size;
    }
    if (printf("ready\n") < 0 || fflush(stdout) != 0)
        return 1;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    return 0;
}
